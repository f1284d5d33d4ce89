import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { SystemChoice, SystemPart, SystemParts } from '../source/system-parts.ts'
import type { FoundryTask } from '../task/foundry-task.ts'
import { taskOfSpecText } from '../task/spec-text.ts'
import { WholeSystem } from './whole-system.ts'

const mebibyte = 2 ** 20

function taskWith(more: Record<string, unknown> = {}): FoundryTask {
  const task = taskOfSpecText(JSON.stringify({ task_id: 'all', type: 'analyze_system', ...more }))
  assert.ok(task !== undefined)
  return task
}

function processPart(pid: number, bytes: number): SystemPart {
  const common = { place: null, include: [], exclude: [] }
  return { district: 'processes', name: `proc-${pid}`, source: `proc:${pid}`, bytes, ...common }
}

/** A machine of folders whose sizes are known, with processes that come and go. */
class Machine {
  readonly folder: string
  processes: SystemPart[] = []
  trees: SystemPart[] = []
  nowMs = 0
  freeBytes = 2 ** 40
  elsewhere = new Map<string, string>()
  readonly system = new WholeSystem({
    clock: { monotonicMs: () => this.nowMs },
    pathOf: (name) => join(this.folder, `${name}.brick`),
    freeBytes: () => this.freeBytes,
    keptElsewhere: (source) => this.elsewhere.get(source),
    partsOf: (choice) => this.#partsOf(choice),
  })

  constructor(t: TestContext) {
    this.folder = mkdtempSync(join(tmpdir(), 'sfd-whole-'))
    t.after(() => rmSync(this.folder, { recursive: true, force: true }))
  }

  tree(district: 'etc' | 'opt' | 'usr', bytes: number): void {
    const source = join(this.folder, 'machine', district)
    mkdirSync(join(source, 'deep'), { recursive: true })
    writeFileSync(join(source, 'deep', 'file'), Buffer.alloc(bytes, 1))
    this.trees.push({ district, name: district, source, place: `/${district}`, include: [], exclude: ['*.tmp'] })
  }

  /** Plans until nothing is being measured any more. */
  async planned(task: FoundryTask) {
    for (;;) {
      const { bricks, conditions } = this.system.planOf(task)
      if (!conditions.some(({ reason }) => reason === 'Measuring')) {
        const reasons = conditions.map(({ reason, message }) => `${reason} ${message}`)
        return { names: bricks.map(({ name }) => name), bricks, reasons }
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #partsOf({ processes }: SystemChoice): SystemParts {
    return { parts: [...this.trees, ...this.processes.slice(0, processes.count)], leftOut: [] }
  }
}

test('districts are taken in their order while the budget has room, and what has none is named', async (t) => {
  const machine = new Machine(t)
  machine.tree('etc', mebibyte)
  machine.tree('opt', 20 * mebibyte)
  machine.tree('usr', 3 * mebibyte)
  const { names, reasons, bricks } = await machine.planned(taskWith({ budget: { disk_bytes: 6 * mebibyte } }))
  assert.deepEqual(names, ['etc', 'usr'])
  assert.equal(reasons.length, 1)
  assert.match(reasons[0] as string, /^DiskBudget Left out: .*opt: .*MiB of 6 MiB are left/)
  assert.deepEqual(bricks[0]?.exclude, ['*.tmp'])
  const whole = await machine.planned(taskWith({ task_id: 'other' }))
  assert.deepEqual(whole, { ...whole, names: ['etc', 'opt', 'usr'], reasons: [] })
})

test('nothing is promised before it is measured', async (t) => {
  const machine = new Machine(t)
  machine.tree('etc', 1_000)
  const { bricks, conditions } = machine.system.planOf(taskWith())
  assert.deepEqual(bricks, [])
  assert.deepEqual(
    conditions.map(({ type, status, reason }) => [type, status, reason]),
    [['Ready', 'Unknown', 'Measuring']],
  )
  assert.deepEqual((await machine.planned(taskWith())).names, ['etc'])
})

test('bricks that have grown beyond the budget cost the least wanted district its place', async (t) => {
  const machine = new Machine(t)
  machine.tree('etc', mebibyte)
  machine.tree('usr', mebibyte)
  const task = taskWith({ budget: { disk_bytes: 4 * mebibyte } })
  assert.deepEqual((await machine.planned(task)).names, ['etc', 'usr'])
  writeFileSync(join(machine.folder, 'etc.brick'), '')
  truncateSync(join(machine.folder, 'etc.brick'), 4 * mebibyte - 1)
  const { names, reasons } = await machine.planned(task)
  assert.deepEqual(names, ['etc'])
  assert.match(reasons[0] as string, /^DiskBudget/)
})

test('without a word about it bricks get at most half of what is free', async (t) => {
  const machine = new Machine(t)
  machine.tree('etc', 4 * mebibyte)
  machine.freeBytes = 4 * mebibyte
  assert.deepEqual((await machine.planned(taskWith())).names, [])
  assert.deepEqual((await machine.planned(taskWith({ budget: { disk_bytes: 4 * mebibyte } }))).names, [])
  const told = await machine.planned(taskWith({ task_id: 'b', budget: { disk_bytes: 4 * mebibyte } }))
  assert.deepEqual(told.names, ['etc'])
})

test('the CPU budget says how many processes are kept; one that is kept stays until it ends', async (t) => {
  const machine = new Machine(t)
  machine.processes = [1, 2, 3, 4, 5].map((pid) => processPart(pid, mebibyte))
  const task = taskWith()
  const { names, reasons, bricks } = await machine.planned(task)
  assert.deepEqual(names, ['proc-1', 'proc-2'])
  assert.match(
    reasons[0] as string,
    /^CpuBudget Left out: proc:3: 25 % of a core are enough for 2 processes\. proc:4: /,
  )
  assert.equal(bricks[0]?.pollSeconds, 10)
  machine.processes = [9, 8, 2, 1].map((pid) => processPart(pid, mebibyte))
  assert.deepEqual((await machine.planned(task)).names, ['proc-1', 'proc-2'], 'it is not looked at all the time')
  machine.nowMs += 60_000
  assert.deepEqual((await machine.planned(task)).names.sort(), ['proc-1', 'proc-2'])
  machine.processes = [9, 8, 2].map((pid) => processPart(pid, mebibyte))
  machine.nowMs += 60_000
  assert.deepEqual((await machine.planned(task)).names.sort(), ['proc-2', 'proc-9'])
  assert.deepEqual((await machine.planned(taskWith({ task_id: 'b', budget: { cpu_percent: 5 } }))).names, [])
  assert.equal((await machine.planned(taskWith({ task_id: 'c', budget: { cpu_percent: 100 } }))).reasons.length, 0)
})

test('what somebody else keeps is left to them, under whatever name', async (t) => {
  const machine = new Machine(t)
  machine.tree('etc', 1_000)
  machine.tree('usr', 1_000)
  machine.elsewhere.set(machine.trees[0]?.source as string, 'my-etc')
  const { names, reasons } = await machine.planned(taskWith())
  assert.deepEqual(names, ['usr'])
  assert.match(reasons[0] as string, /^KeptElsewhere .*The brick my-etc holds it already/)
})

test('a destination is a folder of its bricks, and what the task says of files holds for each', async (t) => {
  const machine = new Machine(t)
  machine.tree('etc', 1_000)
  machine.processes = [processPart(7, 1_000)]
  const { bricks } = await machine.planned(taskWith({ destination: 'machine/now', max_files_per_path: 10 }))
  const said = bricks.map(({ name, isNamed, maxFiles }) => [name, isNamed, maxFiles])
  assert.deepEqual(said, [
    ['machine/now/etc', true, 10],
    ['machine/now/proc-7', false, 10],
  ])
})
