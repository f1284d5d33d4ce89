/** One `sfd up` as a process: started, asked, signalled, and gone when its scenario is over. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { sfdPath } from '../cli/sfd.ts'
import { until } from '../daemon/harness.ts'

export interface DaemonPlace {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Effective user and group; undefined: as the tests. */
  readonly as: number | undefined
}

/** A busy machine starts slowly. */
const startMsMax = 120_000

export class RunningDaemon {
  readonly #child: ChildProcess
  readonly #exited: Promise<void>
  #said = ''
  #isGone = false

  private constructor(args: readonly string[], { cwd, env, as }: DaemonPlace) {
    const ids = as === undefined ? {} : { uid: as, gid: as }
    // Every commit is one of contents, but where a scenario is about more: `--analysis` is a word of ours.
    const wish = args.includes('--analysis') ? [] : ['--no-analysis']
    const full = ['up', '--port', '0', '--json', ...wish, ...args.filter((each) => each !== '--analysis')]
    this.#child = spawn(sfdPath, full, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], ...ids })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text
    })
    this.#exited = new Promise((resolve) => {
      this.#child.once('close', () => {
        this.#isGone = true
        resolve()
      })
    })
  }

  /** Resolves when it answers. Error: it ended before. */
  static async start(args: readonly string[], place: DaemonPlace): Promise<RunningDaemon> {
    const daemon = new RunningDaemon(args, place)
    const { stdout } = daemon.#child
    if (stdout === null) throw new Error('sfd up has no stdout')
    const answers = new Promise<boolean>((resolve) => {
      createInterface({ input: stdout }).once('line', (line) => resolve(line.includes('"url"')))
    })
    const late = AbortSignal.timeout(startMsMax)
    const tooLate = new Promise<boolean>((resolve) => late.addEventListener('abort', () => resolve(false)))
    const isUp = await Promise.race([answers, tooLate, daemon.#exited.then(() => false)])
    if (isUp) return daemon
    await daemon.end()
    throw new Error(`sfd up did not start: ${daemon.said}`)
  }

  /** stderr so far. */
  get said(): string {
    return this.#said
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** Resolves when what the signal says has happened. */
  async signal(name: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    this.#child.kill(name)
    if (name === 'SIGSTOP') await until('the daemon stands still', () => this.#stateOfProcess() === 'T')
    if (name === 'SIGKILL' || name === 'SIGTERM') await this.#exited
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  /** One letter, as in /proc/PID/stat. */
  #stateOfProcess(): string | undefined {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2)[0]
  }
}
