/**
 * A tree, a state folder and a daemon over them, for tests of what the daemon survives: what it says of itself, what it
 * told, and whether its brick is what the tree is.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { BrickInfo, NumberedMessage, TasksAnswer } from '../../src/wire/api.ts'
import {
  type DaemonOrder,
  type Outcome,
  type RunningDaemon,
  sfd,
  startDaemon,
  temporaryFolder,
  until,
} from './harness.ts'

export interface Stage {
  readonly folder: string
  readonly tree: string
  readonly state: string
}

/** A folder of the test with an empty tree in it. */
export function makeStage(t: TestContext): Stage {
  const folder = temporaryFolder(t)
  const [tree, state] = [join(folder, 'tree'), join(folder, 'state')]
  fs.mkdirSync(tree)
  return { folder, tree, state }
}

export class StagedDaemon {
  readonly running: RunningDaemon
  readonly #within: readonly string[]

  private constructor(running: RunningDaemon, within: readonly string[]) {
    this.running = running
    this.#within = within
  }

  /** `within`: command that leads to where the daemon and the commands run, as `nsenter`. */
  static async start(
    t: TestContext,
    { within = [], through = [], ...order }: DaemonOrder & { within?: readonly string[] },
  ): Promise<StagedDaemon> {
    return new StagedDaemon(await startDaemon(t, { ...order, through: [...within, ...through] }), within)
  }

  get pid(): number {
    return this.running.process.pid as number
  }

  async bricks(): Promise<readonly BrickInfo[]> {
    return ((await this.ask('/api/bricks').then((answer) => answer.json())) as { bricks: BrickInfo[] }).bricks
  }

  /** The only one there is. */
  async brick(): Promise<BrickInfo> {
    const [brick, ...others] = await this.bricks()
    assert.ok(brick !== undefined && others.length === 0, 'one brick')
    return brick
  }

  async tasks(): Promise<TasksAnswer['tasks']> {
    return ((await this.ask('/api/tasks').then((answer) => answer.json())) as TasksAnswer).tasks
  }

  /** The first line of that figure. */
  async figure(name: string): Promise<number> {
    const text = await this.ask('/metrics').then((answer) => answer.text())
    const line = text.split('\n').find((each) => each.startsWith(`${name} `) || each.startsWith(`${name}{`))
    assert.ok(line !== undefined, `no ${name} in the metrics`)
    return Number(line.slice(line.lastIndexOf(' ')))
  }

  sync(): Promise<Outcome> {
    return this.sfd('sync')
  }

  /** A command about this daemon's state, where it runs. */
  sfd(...args: readonly string[]): Promise<Outcome> {
    return sfd([...args, '--state', this.running.state], { through: this.#within })
  }

  /** Synced without trouble. */
  async synced(): Promise<void> {
    const { code, stderr } = await this.sync()
    assert.equal(code, 0, `${stderr}${this.running.said()}`)
  }

  /** Every message that is kept. */
  async told(): Promise<NumberedMessage[]> {
    const { code, stdout, stderr } = await this.sfd('feed', '--json')
    assert.equal(code, 0, stderr)
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
      .filter(({ kind }) => kind !== 'hello')
  }

  /** Waits until the one brick is in one of the states, and its message matches. */
  async becomes(state: BrickInfo['state'], message?: RegExp): Promise<BrickInfo> {
    let brick = await this.brick()
    await until(`${state} ${message ?? ''}`, async () => {
      brick = await this.brick()
      return brick.state === state && (message === undefined || message.test(brick.message ?? ''))
    }).catch((error: unknown) => {
      throw new Error(`${error}; it is ${brick.state}: ${brick.message}\n${this.running.said()}`)
    })
    return brick
  }

  ask(path: string): Promise<Response> {
    const { url, token } = this.running
    return fetch(new URL(path, url), { headers: { authorization: `Bearer ${token}` } })
  }
}

/** The one brick file of a state folder. */
export function brickFile(state: string): string {
  const folder = join(state, 'bricks')
  const names = fs.readdirSync(folder).filter((name) => name.endsWith('.brick'))
  assert.equal(names.length, 1, names.join(', '))
  return join(folder, names[0] as string)
}

/** `sfd verify` finds nothing, nor any difference to the tree where one is named. */
export async function assertWhole(brick: string, tree?: string, through: readonly string[] = []): Promise<void> {
  const against = tree === undefined ? [] : ['--against', tree]
  const { code, stdout, stderr } = await sfd(['verify', brick, ...against], { through })
  assert.equal(code, 0, `${stdout}${stderr}`)
}
