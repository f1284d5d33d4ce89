/** A mount namespace that a test mounts in: nobody else sees it, and all of it goes with the process that holds it. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import type { TestContext } from 'node:test'

const isRoot = process.getuid?.() === 0
const held = ['--mount', '--propagation', 'private', 'sh', '-c', 'echo; exec sleep infinity']
const canEnter = isRoot && spawnSync('unshare', ['--mount', 'nsenter', '--version']).status === 0

/** Why there can be none; false where there can. */
export const mountWhy = !canEnter && 'mounting needs root, unshare and nsenter'

export class MountSpace {
  readonly #pid: number

  private constructor(pid: number) {
    this.#pid = pid
  }

  static async open(t: TestContext): Promise<MountSpace> {
    const holder = spawn('unshare', held, { stdio: ['ignore', 'pipe', 'inherit'] })
    t.after(() => holder.kill('SIGKILL'))
    await new Promise((resolve) => holder.stdout.once('data', resolve))
    return new MountSpace(holder.pid as number)
  }

  /** Command that leads into it. */
  get within(): readonly string[] {
    return ['nsenter', '-t', `${this.#pid}`, '-m', '--']
  }

  run(...command: readonly string[]): void {
    const [program, ...args] = [...this.within, ...command]
    const { status, stderr, error } = spawnSync(program as string, args, { encoding: 'utf8' })
    assert.equal(status, 0, `${command.join(' ')}: ${stderr}${error ?? ''}`)
  }

  /** The same path as this process reaches it. */
  at(path: string): string {
    return `/proc/${this.#pid}/root${path}`
  }
}
