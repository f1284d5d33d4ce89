/** `sfd render BRICK -o OUT.png`: the whole brick as one un-smoothed picture with its legend. */
import { InvalidArgumentError } from 'commander'
import type { RenderMode } from '../read/render.ts'
import { argumentBytes } from './arguments.ts'
import { type AtOptions, atOption, type Call, runs, type Shell, withBrickAt } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { readersOf, writeResult } from './result-file.ts'
import { pairs, pathFields, shownPath } from './text.ts'

interface RenderOptions extends AtOptions {
  readonly output: string
  readonly mode: RenderMode
  readonly size: number
  readonly force?: boolean
}

const modes: readonly RenderMode[] = ['class', 'entropy', 'value']
const [sizeMin, sizeMax, sizeDefault] = [64, 16_384, 1_024]

const example = `
Example:
  sfd render etc.brick -o etc.png --mode entropy`

export function addRender(shell: Shell): void {
  const command = shell.program
    .command('render')
    .description('draw a brick as a PNG with its legend')
    .argument('<brick>', 'path or name of a brick')
    .requiredOption('-o, --output <file>', 'PNG to write, - for standard output')
    .option('--mode <mode>', `what colours mean: ${modes.join(', ')}`, parseMode, 'class')
    .option('--size <px>', 'longest side of the picture at most', parseSize, sizeDefault)
    .option(...atOption)
    .option('--force', 'write over a file that is there')
    .addHelpText('after', example)
  runs<RenderOptions>(shell, command, (call, { args, options }) => render(call, args[0] as string, options))
}

function parseMode(text: string): RenderMode {
  const mode = modes.find((name) => name === text)
  if (mode === undefined) throw new InvalidArgumentError(`It is one of ${modes.join(', ')}.`)
  return mode
}

function parseSize(text: string): number {
  const size = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0
  if (size < sizeMin || size > sizeMax) throw new InvalidArgumentError(`It is a number from ${sizeMin} to ${sizeMax}.`)
  return size
}

async function render(call: Call, brick: string, { output, mode, size, force, at }: RenderOptions): Promise<ExitCode> {
  const { renderBrick } = await import('../read/render.ts')
  const { Forgotten } = await import('../read/forgotten.ts')
  const { picture, code, readers } = await withBrickAt(call, { brick, at }, async (view) => {
    const isWhole = !new Forgotten(view).hasAny()
    const picture = renderBrick({ view, mode, size })
    return { picture, code: isWhole ? exitCode.ok : exitCode.doubtful, readers: readersOf(view.meta) }
  })
  if (code !== exitCode.ok) call.warn('tiles of this commit were forgotten; they are drawn as free space')
  if (output === '-') {
    await call.output.bytes(picture.png)
    return code
  }
  const path = argumentBytes(output)
  writeResult(path, [picture.png], { existing: force === true ? 'replace' : 'refuse', readers })
  const { width, height, level } = picture
  if (call.json) await call.output.json({ image: pathFields(path).path, width, height, level, mode })
  else {
    const texel = level === 0 ? 'a byte is a pixel' : `a texel sums up ${4 ** level} bytes`
    await call.output.text(
      pairs([
        ['picture', shownPath(path)],
        ['size', `${width} x ${height}, level ${level}: ${texel}`],
      ]),
    )
  }
  return code
}
