/** `sfd extract DIR -o ROOT`: a portable set as one tree again. */
import type { SetExtractReport } from '../read/portable-extract.ts'
import type { SetBrick } from '../store/set-manifest.ts'
import { pause, workerCount } from './adapters.ts'
import { argumentBytes } from './arguments.ts'
import type { Call } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { extractedFields, ownershipOf, warnOfProblems } from './extracted.ts'
import { warnOfRun } from './set-begun.ts'
import { counted, iec, pairs, shownPath } from './text.ts'

export interface SetRequest {
  /** Folder of the set. */
  readonly set: string
  readonly paths: readonly string[]
  readonly output: string
  readonly existing: 'refuse' | 'replace'
}

export async function extractWholeSet(
  call: Call,
  { set: folder, paths, output, existing }: SetRequest,
): Promise<ExitCode> {
  const { openSet } = await import('../read/portable-set.ts')
  const { extractSet } = await import('../read/portable-extract.ts')
  const { clock, signal, progress } = call
  const set = openSet(folder)
  warnOfRun(call, set)
  const dest = argumentBytes(output)
  const startMs = clock.monotonicMs()
  const done = await extractSet({
    set,
    dest,
    paths: paths.map(argumentBytes),
    existing,
    ownership: ownershipOf(),
    workers: workerCount,
    signal,
    pause,
    onProgress({ brick, doneBytes, totalBytes, files }) {
      const what = `extracting ${brick.file}`
      progress.update({ what, doneBytes, totalBytes, count: { done: files, unit: 'files' } })
    },
  })
  const seconds = (clock.monotonicMs() - startMs) / 1000
  progress.end()
  const { report, bricks, others } = done
  if (call.json) {
    const names = (list: readonly SetBrick[]): string[] => list.map(({ file }) => file)
    const fields = extractedFields(report, { dest, seconds })
    await call.output.json({ setHash: set.manifest.setHash, bricks: names(bricks), others: names(others), ...fields })
  } else await call.output.text(textOf(done, { dest, seconds }))
  warnOfProblems(call, report)
  if (report.damaged.count + report.failed.count > 0) return exitCode.no
  return report.unreadable.count + report.torn.count + report.forgotten.count > 0 ? exitCode.doubtful : exitCode.ok
}

function textOf(
  { report, bricks, others }: SetExtractReport,
  { dest, seconds }: { readonly dest: Uint8Array; readonly seconds: number },
): string {
  const files = counted(report.files, { one: 'file', many: 'files' })
  const folders = counted(report.directories, { one: 'folder', many: 'folders' })
  const left = others.map(({ file }) => file).join(', ')
  return pairs([
    ['extracted', `${iec(report.bytes)} in ${files}, ${folders}`],
    ['from', counted(bricks.length, { one: 'brick', many: 'bricks' })],
    ['into', shownPath(dest)],
    ...(others.length === 0 ? [] : [['no files', `${left}: extract them by themselves`] as const]),
    ['time', `${seconds.toFixed(1)} s`],
  ])
}
