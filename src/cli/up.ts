/** `sfd up`: the daemon in the foreground, and its map. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { InvalidArgumentError } from 'commander'
import { FoundryError } from '../base/errors.ts'
import { StateFolder } from '../daemon/state-folder.ts'
import type { FeedMessage } from '../wire/api.ts'
import { argumentBytes } from './arguments.ts'
import { type Call, runs, type Shell } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import { counted, iec } from './text.ts'

const portDefault = 7411

export function addUp(shell: Shell): void {
  const command = shell.program
    .command('up')
    .description('keep bricks of the sources true, and serve the map')
    .argument('[source...]', 'files and directories to follow; none: those that the state holds already')
    .option('--port <n>', 'port of the map, 0 for any; the next free one where it is in use', parsePort, portDefault)
    .option('--exclude <glob>', 'leave out what matches; may be repeated', (glob, all: string[]) => [...all, glob], [])
    .addHelpText('after', '\nExample:\n  sfd up /usr/bin /etc')
  runs<{ port: number; exclude: string[] }>(shell, command, (call, { args, options }) => up(call, args, options))
}

async function up(
  call: Call,
  sources: readonly string[],
  options: { port: number; exclude: string[] },
): Promise<ExitCode> {
  const { Daemon } = await import('../daemon/daemon.ts')
  const mapFolder = builtMap()
  const state = new StateFolder(call.state)
  const paths = sources.map((source) => argumentBytes(source))
  const { port, exclude } = options
  const { clock, random, warn, signal } = call
  const wanted = port === 0 ? 'any' : port
  const daemon = await Daemon.start({ state, sources: paths, exclude, port: wanted, mapFolder, clock, random, warn })
  signal.addEventListener('abort', () => void daemon.stop(), { once: true })
  const url = `${daemon.url}/#token=${daemon.token}`
  if (call.json) await call.output.json({ url, token: daemon.token, pid: process.pid, state: call.state })
  else {
    if (port !== 0 && !daemon.url.endsWith(`:${port}`)) warn(`port ${port} is in use; the map is on another one`)
    await call.output.text(`Map    ${url}\nState  ${call.state}\n`)
  }
  await call.output.flush()
  if (!call.json) warn('following; Ctrl-C stops')
  const forget = daemon.subscribe(reporter(call))
  await daemon.stopped
  forget()
  return exitCode.ok
}

/** Says what happens: first folds as they go, then each brick's change of state. */
function reporter({ progress, warn }: Call): (message: FeedMessage) => void {
  const states = new Map<string, string>()
  return (message) => {
    if (message.kind === 'hello' || message.kind === 'removed') return
    const { brick } = message
    if (brick.state === 'folding' && brick.progress !== null) {
      progress.update({ what: `folding ${brick.name}`, ...brick.progress })
      return
    }
    const state = brick.message === null ? brick.state : `${brick.state}: ${brick.message}`
    if (states.get(brick.uuid) === state) return
    states.set(brick.uuid, state)
    const size = `${counted(brick.entryCount, { one: 'entry', many: 'entries' })}, ${iec(brick.contentBytes)}`
    warn(brick.generation > 0 ? `${brick.name} is ${state} (${size})` : `${brick.name} is ${state}`)
  }
}

/** The map as it lies in a package; in a checkout it is built where anything changed. */
function builtMap(): string {
  const folder = fileURLToPath(new URL('../../dist/map/', import.meta.url))
  const script = fileURLToPath(new URL('../../scripts/build.ts', import.meta.url))
  if (existsSync(script)) {
    const built = spawnSync(process.execPath, [script, 'map'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    })
    if (built.status !== 0 && !existsSync(`${folder}/index.html`)) {
      throw new FoundryError(
        'DAEMON_FAILED',
        `The map cannot be built: ${built.stderr.trim()} Run \`npm ci\` in the checkout.`,
      )
    }
  }
  return folder
}

function parsePort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535.')
  return port
}
