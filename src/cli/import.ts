/** `sfd import FILE.v2br -o X.brick`: a brick of the origin's format, V2BR version 1, as one of ours. */
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { concatBytes, utf8, utf8Text } from '../base/bytes.ts'
import type { FoldReport } from '../fold/fold-source.ts'
import { type V2brHeader, v2brFlags } from '../read/v2br-header.ts'
import type { V2brFile, V2brHash } from '../read/v2br-import.ts'
import { pause, workerCount } from './adapters.ts'
import { argumentBytes } from './arguments.ts'
import { type Call, runs, type Shell } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { grouped, iec, pairs, pathFields, shownPath } from './text.ts'
import { v2brFields } from './v2br-fields.ts'

const example = `
The brick has one entry, named as the file without its suffix, and is marked ended: nothing is followed.
Exit code 3 where the file's own hash or flags make its content doubtful.

Example:
  sfd import bin_ls.v2br -o bin_ls.brick`

export function addImport(shell: Shell): void {
  const command = shell.program
    .command('import')
    .description('make a brick of a V2BR file, the older format')
    .argument('<file>', 'V2BR version 1')
    .requiredOption('-o, --output <file>', 'the brick to make')
    .addHelpText('after', example)
  runs<{ output: string }>(shell, command, (call, { args, options }) =>
    importV2br(call, { file: argumentBytes(args[0] as string), brick: argumentBytes(options.output) }),
  )
}

interface Named {
  readonly file: Uint8Array
  readonly brick: Uint8Array
}

async function importV2br(call: Call, named: Named): Promise<ExitCode> {
  const { V2brFile, v2brDoubts } = await import('../read/v2br-import.ts')
  await pause()
  const v2br = V2brFile.open(named.file)
  try {
    const { report, end } = await fold(call, named, v2br)
    call.progress.end()
    const answer = { ...named, report, header: v2br.header, hash: end }
    if (call.json) await call.output.json(jsonOf(answer))
    else await call.output.text(textOf(answer))
    const doubts = v2brDoubts(v2br.header, end)
    for (const doubt of doubts) call.warn(doubt)
    return doubts.length > 0 ? exitCode.doubtful : exitCode.ok
  } finally {
    v2br.close()
  }
}

async function fold(call: Call, { file, brick }: Named, v2br: V2brFile) {
  const { importFile } = await import('../fold/import-file.ts')
  const { clock, random, signal, progress } = call
  const { header, stat } = v2br
  const isExecutable = (header.flags & v2brFlags.isExecutable) !== 0
  return importFile<V2brHash>({
    content: v2br.content(),
    name: entryName(file),
    mode: (stat.mode & 0o666) | 0o400 | (isExecutable ? (stat.mode & 0o444) >> 2 : 0),
    mtimeMs: stat.mtimeMs,
    source: concatBytes([utf8('v2br:'), absolute(file)]),
    worldReadable: (stat.mode & 0o004) !== 0,
    about: (hash) => ({ v2br: v2brFields(header, hash) }),
    brick,
    workers: workerCount,
    clock,
    random,
    signal,
    pause,
    sleep,
    onProgress({ phase, doneBytes, totalBytes, entries }) {
      progress.update({ what: phase, doneBytes, totalBytes, count: { done: entries, unit: 'entries' } })
    },
  })
}

function absolute(file: Uint8Array): Uint8Array {
  const text = utf8Text(file)
  if (text !== undefined) return utf8(resolve(text))
  return file[0] === slash ? file : concatBytes([utf8(`${process.cwd()}/`), file])
}

const slash = 0x2f

/** Without the folders and the suffix; the origin's own suffix was `.brick`. */
function entryName(file: Uint8Array): Uint8Array {
  const base = file.subarray(file.lastIndexOf(slash) + 1)
  const text = Buffer.from(base).toString('latin1')
  const name = text.replace(/(?<=.)\.(?:v2br|brick)$/, '')
  return base.subarray(0, name.length)
}

interface Imported extends Named {
  readonly report: FoldReport
  readonly header: V2brHeader
  readonly hash: V2brHash
}

function jsonOf({ brick, report, header, hash }: Imported): Record<string, unknown> {
  const { path, pathHex } = pathFields(brick)
  const { uuid, generation, contentRoot, treeHash, bytes } = report
  return {
    brick: path,
    ...(pathHex !== undefined && { brickHex: pathHex }),
    uuid,
    generation,
    contentRoot,
    treeHash,
    bytes,
    v2br: v2brFields(header, hash),
  }
}

function textOf({ brick, file, report, header, hash }: Imported): string {
  const side = grouped(2 ** header.order)
  const words = { right: 'right', absent: 'there is none', other: 'not that of the content' }
  return pairs([
    ['brick', shownPath(brick)],
    ['commit', `generation ${report.generation}, tree ${report.treeHash.slice(0, 12)}`],
    ['content', iec(report.bytes)],
    ['from', `${shownPath(file)}, ${side} x ${side} texels`],
    ['hash', words[hash]],
  ])
}
