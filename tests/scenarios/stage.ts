/** Where one scenario plays: a temporary folder, its state, its daemon, and what `sfd` answers there. */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectDaemon, type DaemonClient } from '../../src/daemon/client.ts'
import { brickNameOf } from '../../src/task/task-plan.ts'
import { bareEnv, isRoot, sfdPath, strangerId } from '../cli/sfd.ts'
import { type ListedEntry, listedEntries } from './brick-entries.ts'
import { writeFiles } from './disk.ts'
import { type HookCall, installRecorder, recordedCalls } from './recorder.ts'
import { RunningDaemon } from './running-daemon.ts'
import { type Names, substituted } from './substitute.ts'
import type { Scenario } from './vocabulary.ts'

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** What was at a moment that a scenario named. */
export interface Mark {
  /** Number of the newest message of the feed. */
  readonly sequence: number
  /** By brick and path: slot and size. */
  readonly places: ReadonlyMap<string, ReadonlyMap<string, ListedEntry>>
}

export class Stage {
  readonly folder: string
  readonly state: string
  readonly names: Names
  readonly marks = new Map<string, Mark>()
  readonly #as: number | undefined
  readonly #recorder: string
  #daemon: RunningDaemon | undefined
  #upArgs: readonly string[]
  #said = ''
  #count = 0

  constructor({ given, user }: Pick<Scenario, 'given' | 'user'>) {
    this.folder = fs.mkdtempSync(join(fs.realpathSync(tmpdir()), 'sfd-scenario-'))
    this.state = join(this.folder, 'state')
    this.#as = user === 'nobody' && isRoot ? strangerId : undefined
    this.#recorder = installRecorder(this.folder)
    this.names = (name) => this.#named(name)
    this.#upArgs = []
    for (const name of ['tree', 'tasks']) fs.mkdirSync(join(this.folder, name))
    writeFiles(join(this.folder, 'tree'), substituted(given.tree, this.names))
    writeFiles(join(this.folder, 'tasks'), substituted(given.tasks, this.names))
    writeFiles(this.folder, substituted(given.files, this.names))
    if (this.#as !== undefined) give(this.folder, this.#as)
  }

  get daemon(): RunningDaemon | undefined {
    return this.#daemon?.isGone === false ? this.#daemon : undefined
  }

  /** stderr of all daemons of this scenario. */
  get said(): string {
    return `${this.#said}${this.#daemon?.said ?? ''}`
  }

  calls(): HookCall[] {
    return recordedCalls(this.folder)
  }

  brickPath(name: string): string {
    const file = `${name.replace(/\.brick$/, '')}.brick`
    return name.startsWith('/') ? file : join(this.state, 'bricks', file)
  }

  /** With other arguments than last time, or with the same. */
  async start(args: readonly string[] | undefined): Promise<void> {
    if (this.daemon !== undefined) throw new Error('the daemon runs already')
    this.#said = this.said
    if (args !== undefined) this.#upArgs = args
    this.#daemon = await RunningDaemon.start(this.#upArgs, this.#place())
  }

  async signal(name: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    if (this.daemon === undefined) throw new Error('no daemon runs')
    await this.daemon.signal(name)
  }

  /** Error: DAEMON_ABSENT. */
  client(): DaemonClient {
    return connectDaemon(this.state)
  }

  /** `sfd` as the first word is ours. Never throws for an exit code. */
  run([command = '', ...args]: readonly string[]): Promise<Outcome> {
    const { cwd, env, as } = this.#place()
    const ids = as === undefined ? {} : { uid: as, gid: as }
    const options = { cwd, env, maxBuffer: 2 ** 28, ...ids }
    return new Promise((resolve) => {
      execFile(command === 'sfd' ? sfdPath : command, args, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : Number(error.code ?? 1)
        resolve({
          code: Number.isNaN(code) ? 127 : code,
          stdout,
          stderr: error === null ? stderr : stderr || error.message,
        })
      })
    })
  }

  /** Messages after that number, a hello first. Error: there is no feed. */
  async feed(since: number): Promise<Record<string, unknown>[]> {
    const { stdout, stderr, code } = await this.run(['sfd', 'feed', '--since', `${since}`, '--json'])
    if (code !== 0 && code !== 3) throw new Error(`sfd feed exits with ${code}: ${stderr}`)
    return linesOf(stdout) as Record<string, unknown>[]
  }

  async mark(name: string): Promise<void> {
    const [hello] = await this.feed(0)
    const folder = join(this.state, 'bricks')
    const places = new Map<string, Map<string, ListedEntry>>()
    for (const file of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
      if (!file.endsWith('.brick')) continue
      const brick = file.replace(/\.brick$/, '')
      places.set(brick, await listedEntries(join(folder, file)))
    }
    this.marks.set(name, { sequence: Number(hello?.['sequence'] ?? 0), places })
  }

  /** A path that nothing has yet. */
  freshPath(): string {
    this.#count += 1
    return join(this.folder, `out-${this.#count}`)
  }

  /** Ends what runs and removes the folder. */
  async close(): Promise<void> {
    await this.#daemon?.end()
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }

  #place(): { cwd: string; env: Record<string, string>; as: number | undefined } {
    return { cwd: this.folder, env: bareEnv({ SFD_STATE: this.state }), as: this.#as }
  }

  #named(name: string): string | undefined {
    if (name === 'dir') return this.folder
    if (name === 'state') return this.state
    if (name === 'recorder') return this.#recorder
    const [kind, ...rest] = name.split(':')
    const argument = rest.join(':')
    if (kind === 'brick') return this.brickPath(argument)
    return kind === 'name' ? brickNameOf(join(this.folder, argument)) : undefined
  }
}

export function linesOf(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)
}

function give(path: string, id: number): void {
  fs.lchownSync(path, id, id)
  if (!fs.lstatSync(path).isDirectory()) return
  for (const name of fs.readdirSync(path)) give(join(path, name), id)
}
