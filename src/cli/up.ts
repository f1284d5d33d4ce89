/** `sfd up`: the daemon in the foreground, and its map. */
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InvalidArgumentError, Option } from 'commander'
import { modelSettings } from '../analysis/model/model-settings.ts'
import { FoundryError } from '../base/errors.ts'
import type { Daemon } from '../daemon/daemon.ts'
import type { Log } from '../daemon/log.ts'
import { StateFolder } from '../daemon/state-folder.ts'
import type { BrickInfo, FeedMessage } from '../wire/api.ts'
import { argumentBytes } from './arguments.ts'
import { type Call, runs, type Shell } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'
import type { Progress } from './progress.ts'
import { minFreeOption } from './share.ts'
import { counted, iec } from './text.ts'

const portDefault = 7411

interface UpOptions {
  readonly port: number
  readonly exclude: string[]
  readonly minFree: number
  readonly tasks?: string
  readonly onLoss: 'continue' | 'fail'
  readonly logFormat: 'text' | 'json'
  readonly analysis: boolean
  readonly model: boolean
}

/** Where tasks are looked for, from the working directory, where nobody names a folder or a source. */
const tasksFolders = ['openspec/tasks/system_foundry', 'tasks/system_foundry']

const example = `
Other sources than paths: proc:PID, proc:NAME, proc:self (the memory of a process; sfd ps lists them), log:PATH,
journal: or journal:UNIT, modules: or modules:PATH, devices:. A path that looks like one is written ./proc:..

Example:
  sfd up /usr/bin /etc
  sfd up proc:nginx /proc/meminfo log:/var/log/syslog
  sfd up --tasks tasks/system_foundry`

export function addUp(shell: Shell): void {
  const command = shell.program
    .command('up')
    .description('keep bricks of the sources or of tasks true, and serve the map')
    .argument(
      '[source...]',
      'files, directories, processes (proc:NAME) .. to follow; none: what the tasks say, else what the state holds',
    )
    .option('--tasks <dir>', `folder of task files (default: ${tasksFolders.join(', else ')})`)
    .option('--port <n>', 'port of the map, 0 for any; the next free one where it is in use', parsePort, portDefault)
    .addOption(minFreeOption('share of the disk that stays free; commits wait for it'))
    .addOption(
      new Option('--on-loss <what>', 'when the kernel had to drop events: look at everything again, or end as well')
        .choices(['continue', 'fail'])
        .default('continue'),
    )
    .addOption(new Option('--log-format <format>', 'of stderr').choices(['text', 'json']).default('text'))
    .option('--no-analysis', 'do not look into what is kept: no regions of analyzers, no findings')
    .option('--no-model', 'ask no language model to describe what was found')
    .addOption(
      new Option('--exclude <glob>', 'leave out what matches; may be repeated')
        .argParser((glob, all: string[]) => [...all, glob])
        .default([], 'nothing'),
    )
    .addHelpText('after', example)
  runs<UpOptions>(shell, command, (call, { args, options }) => up(call, args, options))
}

async function up(call: Call, sources: readonly string[], options: UpOptions): Promise<ExitCode> {
  const { Daemon } = await import('../daemon/daemon.ts')
  const mapFolder = builtMap()
  const { port, exclude, minFree, onLoss, logFormat } = options
  const { clock, random, signal } = call
  const { jsonLog, textLog } = await import('../daemon/log.ts')
  const log = logFormat === 'json' ? jsonLog(process.stderr) : textLog(call.warn)
  const daemon = await Daemon.start({
    state: new StateFolder(call.state),
    sources: sources.map((source) => argumentBytes(source)),
    tasksFolder: tasksFolderOf(options.tasks, sources),
    exclude,
    port: port === 0 ? 'any' : port,
    mapFolder,
    minFree,
    onLoss,
    ...(options.analysis && { analysis: { model: modelSettings(process.env, options.model ? {} : { use: 'off' }) } }),
    clock,
    random,
    log,
  })
  const stop = (): void => void daemon.stop()
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  await sayWhere(call, daemon, { port, log })
  const reporter = reporterOf({ progress: logFormat === 'json' ? undefined : call.progress, log }, daemon.bricks())
  const forget = daemon.subscribe((message) => reporter.hear(message))
  // What could not be opened was told before anybody listened.
  for (const brick of daemon.bricks()) if (brick.message !== null) reporter.say(brick)
  const why = await daemon.stopped
  forget()
  return why === 'loss' ? exitCode.no : exitCode.ok
}

async function sayWhere(call: Call, daemon: Daemon, { port, log }: { port: number; log: Log }): Promise<void> {
  const url = `${daemon.url}/#token=${daemon.token}`
  if (call.json) {
    await call.output.json({ url, token: daemon.token, pid: process.pid, state: call.state })
    await call.output.flush()
    return
  }
  if (port !== 0 && !daemon.url.endsWith(`:${port}`)) log.warn(`port ${port} is in use; the map is on another one`)
  const { folder } = daemon.tasks()
  const tasks =
    folder === null ? '' : `Tasks  ${folder}  (edit, add or delete files; \`sfd task ls\` shows how they do)\n`
  await call.output.text(`Map    ${url}\nState  ${call.state}\n${tasks}`)
  await call.output.flush()
  log.info('following; Ctrl-C stops')
}

/** Undefined: no tasks are followed. A folder that is named need not exist yet. */
function tasksFolderOf(given: string | undefined, sources: readonly string[]): string | undefined {
  if (given !== undefined) return resolve(given)
  if (sources.length > 0) return undefined
  const found = tasksFolders.find((folder) => statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true)
  return found === undefined ? undefined : resolve(found)
}

interface Reporter {
  hear(message: FeedMessage): void
  /** How a brick is doing, where that is news. */
  say(brick: BrickInfo): void
}

/** Says what happens: first folds as they go (`progress`: where a person looks on), each brick's change of state. */
function reporterOf(
  { progress, log }: { progress: Progress | undefined; log: Log },
  bricks: readonly BrickInfo[],
): Reporter {
  const states = new Map<string, string>()
  const names = new Map(bricks.map(({ uuid, name }) => [uuid, name]))
  const say = (brick: BrickInfo): void => {
    names.set(brick.uuid, brick.name)
    const state = brick.message === null ? brick.state : `${brick.state}: ${brick.message}`
    if (states.get(brick.uuid) === state) return
    states.set(brick.uuid, state)
    const size = `${counted(brick.entryCount, { one: 'entry', many: 'entries' })}, ${iec(brick.contentBytes)}`
    const fields = { brick: brick.name, state: brick.state, generation: brick.generation }
    log.info(brick.generation > 0 ? `${brick.name} is ${state} (${size})` : `${brick.name} is ${state}`, fields)
  }
  return {
    say,
    hear(message) {
      if (message.kind === 'progress' && message.progress !== null) {
        progress?.update({ what: `folding ${names.get(message.uuid) ?? 'a brick'}`, ...message.progress })
      }
      if (message.kind === 'hook' && message.outcome !== 'ok') {
        const how = message.outcome === 'failed' ? `failed (${message.code})` : message.outcome
        log.warn(`the hook of ${message.task} ${how}`)
      }
      if (message.kind === 'brick' || message.kind === 'commit') say(message.brick)
    },
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
