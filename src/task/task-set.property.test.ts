import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../base/bytes.ts'
import type { TaskMemory } from './held-task.ts'
import { parseTask } from './parse-task.ts'
import { TaskSet } from './task-set.ts'
import { amiss, folder, running, task, unreadable } from './testing/task-folders.ts'

/** What a folder may hold at one instant: for each of a few files, nothing, something broken, or a task. */
const fileArbitrary = fc.oneof(
  { weight: 2, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constant('broken: [') },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('/1', '/2', '/3'), fc.constantFrom('', 'destination: a\n'))
      .map(([id, source, more]) => task(id, source, more)),
  },
)
const stepArbitrary = fc.oneof(
  { weight: 5, arbitrary: fc.array(fileArbitrary, { minLength: 4, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom('unreadable' as const, 'replaced' as const, 'restart' as const) },
)

test('whatever happens to the folder: one task a source and brick, rising generations, and all is as told and remembered', () => {
  fc.assert(
    fc.property(fc.array(stepArbitrary, { maxLength: 25 }), (steps) => {
      let set = new TaskSet({ graceMs: 2 })
      const rows = new Map<string, TaskMemory>()
      const told = new Map<string, string>()
      const generations = new Map<string, { generation: number; wanted: string | null }>()
      let files: Record<string, string> = {}
      for (const [nowMs, step] of steps.entries()) {
        if (step === 'restart') {
          set = new TaskSet({ graceMs: 2, remembered: [...rows.values()] })
          told.clear()
        }
        if (Array.isArray(step)) {
          files = Object.fromEntries(
            step.flatMap((text, at) => (text === undefined ? [] : [[`${at}.task.yaml`, text]])),
          )
        }
        const before = running(set)
        const read = step === 'unreadable' ? unreadable : step === 'replaced' ? folder({}, '9:9') : folder(files)
        const changes = set.update(read, nowMs)
        if (step === 'unreadable' || step === 'replaced') assert.deepEqual(running(set), before)
        for (const id of changes.stopped) assert.ok(told.delete(id))
        for (const {
          task: { taskId, source },
          generation,
        } of [...changes.started, ...changes.changed]) {
          told.set(taskId, `${taskId}@${generation} ${source}`)
        }
        for (const id of changes.forget) rows.delete(id)
        for (const memory of changes.remember) rows.set(memory.taskId, memory)

        assert.deepEqual([...told.values()].sort(), running(set).sort())
        const again = new TaskSet({ remembered: [...rows.values()] })
        assert.deepEqual(running(again).sort(), running(set).sort())
        const claims = set
          .running()
          .flatMap(({ bricks }) => bricks.flatMap(({ source, name }) => [source, `brick ${name}`]))
        assert.equal(new Set(claims).size, claims.length)
        for (const { taskId, generation, wanted } of rows.values()) {
          const last = generations.get(taskId)
          assert.ok(last === undefined || generation >= last.generation)
          if (last !== undefined && wanted !== last.wanted) assert.ok(generation > last.generation)
          if (last !== undefined && wanted === last.wanted) assert.equal(generation, last.generation)
          generations.set(taskId, { generation, wanted })
        }
      }
    }),
    { numRuns: process.env['SFD_TEST_LONG'] === undefined ? 300 : 20_000 },
  )
})

test('whatever happened before: when the folder is quiet, each of its tasks runs as its file says or says why not', () => {
  fc.assert(
    fc.property(
      fc.array(stepArbitrary, { maxLength: 12 }),
      fc.array(fileArbitrary, { minLength: 4, maxLength: 4 }),
      (steps, last) => {
        const set = new TaskSet({ graceMs: 2 })
        const read = (texts: readonly (string | undefined)[]) =>
          folder(
            Object.fromEntries(texts.flatMap((text, at) => (text === undefined ? [] : [[`${at}.task.yaml`, text]]))),
          )
        for (const [nowMs, step] of steps.entries()) if (Array.isArray(step)) set.update(read(step), nowMs)
        for (const nowMs of [100, 200, 300]) set.update(read(last), nowMs)
        const statuses = set.status()
        for (const [at, text] of last.entries()) {
          if (text === undefined) continue
          const parsed = parseTask(utf8(text), 'yaml')
          const status = statuses.find(
            ({ file, conditions }) => file === `/t/${at}.task.yaml` && conditions[0]?.reason !== 'Stopped',
          )
          assert.ok(status !== undefined, text)
          if (amiss(set, `${at}.task.yaml`).length > 0) continue
          assert.equal(parsed.kind, 'valid')
          const { task: wanted } = parsed as Extract<typeof parsed, { kind: 'valid' }>
          assert.deepEqual(set.running().find(({ task: { taskId } }) => taskId === wanted.taskId)?.task, wanted)
        }
      },
    ),
    { numRuns: process.env['SFD_TEST_LONG'] === undefined ? 300 : 20_000 },
  )
})
