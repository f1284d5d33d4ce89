/** A real process whose memory a test changes word by word: programs/grower.c, compiled once a test file. */
import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { TestContext } from 'node:test'

/** Why these tests cannot run here; false where they can. */
export const noCompiler = spawnSync('cc', ['--version']).status === 0 ? false : 'there is no C compiler'

/** The program, under the name that its processes shall have (at most 15 characters). */
export function compileGrower(folder: string, name = 'grower'): string {
  const program = join(folder, name)
  const source = join(import.meta.dirname, 'programs/grower.c')
  const { status, stderr } = spawnSync('cc', ['-O1', '-Wall', '-o', program, source], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return program
}

/** Others begin processes, too, and may be given the number first. */
const attemptsMax = 50

export class Grower {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface
  readonly #exited: Promise<unknown>

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child
    this.#reader = createInterface({ input: child.stdout })
    this.#lines = this.#reader[Symbol.asyncIterator]()
    this.#exited = once(child, 'exit')
  }

  /** Resolves when it waits for its first command. */
  static async start(t: TestContext, program: string): Promise<Grower> {
    const grower = new Grower(spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] }))
    t.after(() => grower.kill())
    await grower.#address()
    return grower
  }

  /** With that number, where it can be had: undefined where the kernel or other processes do not let us. */
  static async startAs(t: TestContext, program: string, pid: number): Promise<Grower | undefined> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      try {
        fs.writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1))
      } catch {
        return undefined
      }
      const grower = await Grower.start(t, program)
      if (grower.pid === pid) return grower
      await grower.kill()
    }
    return undefined
  }

  get pid(): number {
    return this.#child.pid as number
  }

  /** The heap grows by that many bytes of that letter; resolves with where they are. */
  grow(bytes: number, letter: string): Promise<number> {
    return this.#say(`grow ${bytes} ${letter}`)
  }

  /** One byte. */
  async write(address: number, letter: string): Promise<void> {
    await this.#say(`write ${address.toString(16)} ${letter}`)
  }

  /** A mapping of its own. */
  map(bytes: number, letter: string): Promise<number> {
    return this.#say(`map ${bytes} ${letter}`)
  }

  /** What it has there now, read by the kernel's own way. */
  memory(address: number, bytes: number): Buffer {
    const fd = fs.openSync(`/proc/${this.pid}/mem`, 'r')
    try {
      const memory = Buffer.alloc(bytes)
      assert.equal(fs.readSync(fd, memory, 0, bytes, address), bytes)
      return memory
    } finally {
      fs.closeSync(fd)
    }
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
    this.#reader.close()
  }

  async #say(command: string): Promise<number> {
    this.#child.stdin.write(`${command}\n`)
    return this.#address()
  }

  async #address(): Promise<number> {
    const line = await this.#lines.next()
    assert.ok(line.done !== true, 'the program ended')
    return Number.parseInt(line.value, 16)
  }
}
