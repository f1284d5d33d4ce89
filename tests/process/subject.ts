/** Real processes to look at: the C program of `programs/`, compiled when first needed, Node.js, sleep. All end with their test. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, type TestContext } from 'node:test'
import { promisify } from 'node:util'

const folder = mkdtempSync(join(tmpdir(), 'sfd-process-'))
// Other users run the program, too.
chmodSync(folder, 0o755)
after(() => rmSync(folder, { recursive: true, force: true }))

/** As an option of a test: without a compiler there is no program to look at. */
export const withCompiler = { skip: spawnSync('cc', ['--version']).status === 0 ? false : 'no C compiler (cc)' }

const done = new Set<string>()

/** Path of the program, made from `programs/NAME.c`. */
export function compiled(name: 'subject' | 'churn'): string {
  const program = join(folder, name)
  if (!done.has(name)) {
    const source = join(import.meta.dirname, `programs/${name}.c`)
    const { status, stderr } = spawnSync('cc', ['-pthread', '-o', program, source], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    done.add(name)
  }
  return program
}

export type Area = 'large' | 'sparse' | 'shared' | 'memory_file' | 'guarded' | 'kept_out' | 'heap' | 'stack' | 'moving'

export class Subject {
  readonly child: ChildProcess
  readonly #lines: AsyncIterator<string>
  areas: Readonly<Record<Area, number>> = {} as Record<Area, number>

  private constructor(child: ChildProcess) {
    this.child = child
    assert.ok(child.stdout)
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  }

  static async start(t: TestContext, how: { readonly uid?: number } = {}): Promise<Subject> {
    const child = spawn(compiled('subject'), [], { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/', ...how })
    t.after(() => child.kill('SIGKILL'))
    const subject = new Subject(child)
    await subject.ready()
    return subject
  }

  get pid(): number {
    assert.ok(this.child.pid !== undefined, 'the program did not start')
    return this.child.pid
  }

  /** The program says where its areas are, at its start and after an exec. */
  async ready(): Promise<void> {
    const words = (await this.#line()).split(' ')
    const areas: Record<string, number> = {}
    for (let i = 0; i < words.length; i += 2) areas[words[i] as string] = Number(words[i + 1])
    this.areas = areas as Record<Area, number>
  }

  /** The one line that answers. */
  async tell(line: string): Promise<string> {
    this.child.stdin?.write(`${line}\n`)
    return this.#line()
  }

  /** Tells it to end, and waits until it has. */
  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.stdin?.write('exit\n')
    await ended
  }

  async exec(): Promise<void> {
    this.child.stdin?.write('exec\n')
    await this.ready()
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next()
    assert.ok(done !== true, 'the program ended')
    return value
  }
}

/** A process that has nothing to say. */
export function start(t: TestContext, command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  return child
}

/** Returns when all of its threads stand still; it goes on with the test's end or SIGCONT. */
export function hold(t: TestContext, pid: number): void {
  process.kill(pid, 'SIGSTOP')
  t.after(() => letGo(pid))
  waitFor(() => /\) [tT] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')))
}

export function letGo(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT')
  } catch {
    // It ended with its test.
  }
}

/** Until something that takes no more than moments is so. */
export function waitFor(isSo: () => boolean): void {
  for (let asked = 0; !isSo(); asked++) assert.ok(asked < 1_000_000, 'it is not so for a long time')
}

export interface IndependentPages {
  readonly maps: readonly string[]
  /** Address in hex -> SHA-256. */
  readonly pages: Readonly<Record<string, string>>
}

/** What `pages.py` finds in a process that stands still. */
export async function independentPages(pid: number): Promise<IndependentPages> {
  const script = join(import.meta.dirname, 'pages.py')
  const { stdout } = await promisify(execFile)('python3', ['-B', script, String(pid)], { maxBuffer: 2 ** 28 })
  return JSON.parse(stdout)
}

/** Bytes in memory, as the kernel counts them in the page tables. */
export function rssBytes(pid: number): number {
  return 1_024 * Number(/^Rss: +([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1])
}
