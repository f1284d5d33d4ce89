/** `sfd verify DIR`: every brick of a portable set, and whether it is the one that the set's hash is over. */
import type { SetVerifyReport, VerifiedBrick } from '../read/portable-verify.ts'
import { pause } from './adapters.ts'
import type { Call } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { warnOfRun } from './set-begun.ts'
import { counted, grouped, iec, shownText } from './text.ts'

export async function verifyWholeSet(call: Call, folder: string): Promise<ExitCode> {
  const { openSet } = await import('../read/portable-set.ts')
  const { verifySet } = await import('../read/portable-verify.ts')
  const { signal, progress } = call
  const set = openSet(folder)
  warnOfRun(call, set)
  const report = await verifySet({
    set,
    signal,
    pause,
    onProgress: ({ brick, ...done }) => progress.update({ what: `verifying ${brick.file}`, ...done }),
  })
  progress.end()
  const { setHash } = set.manifest
  if (call.json) await call.output.json(jsonOf(report, setHash))
  else await call.output.text(textOf(report, setHash))
  for (const file of report.strangers) call.warn(`${file} lies there and is not of the set`)
  if (!report.ok) return exitCode.no
  return report.bricks.some((brick) => prunedOf(brick) > 0) ? exitCode.doubtful : exitCode.ok
}

function prunedOf({ report }: VerifiedBrick): number {
  return report?.prunedTiles ?? 0
}

function jsonOf({ ok, bricks, strangers }: SetVerifyReport, setHash: string): Record<string, unknown> {
  return {
    ok,
    setHash,
    bricks: bricks.map(({ brick, report, failure }) => ({
      file: brick.file,
      ok: report?.ok === true,
      treeHash: brick.treeHash,
      tiles: report?.tiles ?? 0,
      prunedTiles: report?.prunedTiles ?? 0,
      damagedCount: report?.damagedCount ?? 0,
      damaged: (report?.damaged ?? []).map(({ rule, part, detail }) => ({ rule, part, detail })),
      ...(failure !== undefined && { error: failure }),
    })),
    strangers,
  }
}

const shownMax = 5

function textOf({ ok, bricks }: SetVerifyReport, setHash: string): string {
  const bytes = bricks.reduce((sum, { report }) => sum + (report?.bytes ?? 0), 0)
  const seen = `${counted(bricks.length, { one: 'brick', many: 'bricks' })}, ${iec(bytes)} of content`
  const last = ok ? `ok        ${seen}: every hash is right\nset       ${setHash}\n` : `not ok    ${seen}\n`
  return bricks.flatMap(linesOf).join('') + last
}

function linesOf(verified: VerifiedBrick): string[] {
  const { brick, report, failure } = verified
  if (failure !== undefined) return [`damaged   ${brick.file}: ${shownText(failure.message)}\n`]
  const { damaged = [], damagedCount = 0 } = report ?? {}
  const lines = damaged.slice(0, shownMax).map(({ part, detail }) => `damaged   ${brick.file}: ${part}: ${detail}\n`)
  const more = damagedCount - lines.length
  const pruned = prunedOf(verified)
  return [
    ...lines,
    ...(more > 0 ? [`          ${grouped(more)} more; sfd verify ${brick.file} lists them\n`] : []),
    ...(pruned > 0 ? [`forgotten ${brick.file}: ${grouped(pruned)} tiles of which only the hash is here\n`] : []),
  ]
}
