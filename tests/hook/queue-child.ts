/**
 * A daemon's hook queue in a process of its own, to be killed: opens the state database in the folder that is its
 * argument, tells of `commits` generations as a daemon does, and runs the hook given.
 */
import { join } from 'node:path'
import { openStateDb } from '../../src/catalog/state-db.ts'
import { Feed } from '../../src/daemon/feed.ts'
import { systemTimers } from '../../src/daemon/timers.ts'
import { HookQueue } from '../../src/hook/hook-queue.ts'
import { hookRunner } from '../../src/hook/hook-runner.ts'
import { clock, eventOf, random } from './lab.ts'

const [folder, commits, ...argv] = process.argv.slice(2) as [string, string, ...string[]]
const db = openStateDb(join(folder, 'state.db'), { random, clock })
const feed = new Feed({ db, clock })
const run = hookRunner({ timers: systemTimers, environment: process.env, state: folder, graceMs: 200 })
const report = (told: Parameters<HookQueue['enqueue']>[0] | object): void =>
  feed.publish({ kind: 'hook', ...told } as never)
const queue = new HookQueue({ db, run, clock, timers: systemTimers, random, report })
queue.setTask('etc', { argv, hooksAllowed: true, generation: 1 })
const told = feed.lastGeneration('ab12') ?? 0
for (let generation = told + 1; generation <= told + Number(commits); generation++) {
  feed.together(() => {
    feed.publish({
      kind: 'commit',
      brick: { uuid: 'ab12', generation } as never,
      fromGeneration: generation - 1,
      dirtyTiles: null,
    })
    queue.enqueue(
      eventOf({ from: generation - 1, generation, changed: [{ change: 'modified', path: `${generation}` }] }),
    )
  })
}
process.stdout.write(`told ${told + Number(commits)}\n`)
process.stdin.once('data', () => queue.start())
