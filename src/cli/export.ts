/** `sfd export BRICK [PATH] -o FILE.v2br`: one file of a brick in the origin's format, V2BR version 1. */
import type { V2brExport } from '../read/v2br-export.ts'
import { pause } from './adapters.ts'
import { argumentBytes } from './arguments.ts'
import { type AtOptions, atOption, type Call, runs, type Shell, withBrickAt } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { readersOf, writeResult } from './result-file.ts'
import { grouped, iec, pairs, pathFields, shownPath } from './text.ts'
import { v2brFields } from './v2br-fields.ts'

interface ExportOptions extends AtOptions {
  readonly output: string
  readonly force?: boolean
}

const example = `
For programs that know nothing newer: four bytes a byte, no history, no metadata, at most 16,384 texels a side (256 MiB).

Example:
  sfd export bin.brick ls -o ls.v2br`

export function addExport(shell: Shell): void {
  const command = shell.program
    .command('export')
    .description('write one file of a brick as V2BR, the older format')
    .argument('<brick>', 'path or name of a brick')
    .argument('[path]', 'the entry; not needed where the brick holds one file')
    .requiredOption('-o, --output <file>', 'V2BR file to write, - for standard output')
    .option(...atOption)
    .option('--force', 'write over a file that is there')
    .addHelpText('after', example)
  runs<ExportOptions>(shell, command, (call, { args, options }) => {
    const [brick = '', path] = args
    return exportEntry(call, { brick, path, options })
  })
}

interface Request {
  readonly brick: string
  readonly path: string | undefined
  readonly options: ExportOptions
}

async function exportEntry(call: Call, { brick, path, options }: Request): Promise<ExitCode> {
  const { exportV2br } = await import('../read/v2br-export.ts')
  const { entryPath } = await import('../read/select.ts')
  await pause()
  const isPiped = options.output === '-'
  return withBrickAt(call, { brick, at: options.at }, async (view) => {
    const made = exportV2br(view, path === undefined ? undefined : entryPath(view, argumentBytes(path)))
    const output = argumentBytes(options.output)
    if (isPiped) for (const piece of made.pieces) await call.output.bytes(piece.slice())
    else {
      const existing = options.force === true ? 'replace' : 'refuse'
      writeResult(output, made.pieces, { existing, readers: readersOf(view.meta) })
    }
    if (!isPiped) await tell(call, { made, output })
    if (made.doubt !== undefined) call.warn(made.doubt)
    return made.doubt === undefined ? exitCode.ok : exitCode.doubtful
  })
}

async function tell(call: Call, { made, output }: { readonly made: V2brExport; readonly output: Uint8Array }) {
  const { header } = made
  if (call.json) {
    const { path, pathHex } = pathFields(output)
    const fields = { ...pathFields(made.path), v2br: v2brFields(header, 'right') }
    return call.output.json({ file: path, ...(pathHex !== undefined && { fileHex: pathHex }), ...fields })
  }
  const side = grouped(2 ** header.order)
  return call.output.text(
    pairs([
      ['file', shownPath(output)],
      ['entry', `${shownPath(made.path)}, ${iec(header.originalSize)}`],
      ['picture', `${side} x ${side} texels, ${header.entropy.toFixed(2)} bits a byte`],
    ]),
  )
}
