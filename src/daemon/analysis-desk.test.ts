import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AnalysisDesk } from './analysis-desk.ts'
import { AnalysisRoom } from './analysis-room.ts'

function makeDesk(): AnalysisDesk {
  let nowMs = 0
  const clock = { nowNs: () => 0n, monotonicMs: () => 0 }
  const random = { bytes: (count: number) => new Uint8Array(count) }
  const warn = (error: unknown): never => assert.fail(String(error))
  const room = new AnalysisRoom({ state: '.', model: undefined, described: () => undefined, clock, random, warn })
  return new AnalysisDesk({ room, nowMs: () => nowMs++ })
}

test('one brick is analysed at a time, and what somebody asked for goes before the rest', async () => {
  const desk = makeDesk()
  const order: string[] = []
  let under = 0
  const job = (name: string, urgency: 'asked' | 'normal') => {
    const run = async (): Promise<number> => {
      assert.equal(++under, 1)
      order.push(name)
      await new Promise((resolve) => setImmediate(resolve))
      under--
      return 3
    }
    return desk.add({ urgency, run })
  }
  await Promise.all([job('a', 'normal'), job('b', 'normal'), job('x', 'asked'), job('y', 'asked')])
  assert.deepEqual(order, ['x', 'y', 'a', 'b'])
  const { waiting, entries, failures } = desk.figures()
  assert.deepEqual({ waiting, entries, failures }, { waiting: 0, entries: 12, failures: 0 })
  await desk.close()
})

test('one that fails is told so and holds nobody back', async () => {
  const desk = makeDesk()
  const failing = desk.add({ urgency: 'normal', run: async () => assert.fail('on purpose') })
  const other = desk.add({ urgency: 'normal', run: async () => 1 })
  await assert.rejects(failing, /on purpose/)
  await other
  assert.equal(desk.figures().failures, 1)
  await desk.close()
})

test('closed, it calls off who waits and takes nobody any more', async () => {
  const desk = makeDesk()
  const running = Promise.withResolvers<number>()
  const first = desk.add({ urgency: 'normal', run: () => running.promise })
  await Promise.resolve()
  await Promise.resolve()
  const second = assert.rejects(desk.add({ urgency: 'normal', run: async () => assert.fail('it ran') }), /stopping/)
  const closed = desk.close()
  running.resolve(1)
  await Promise.all([first, second, closed])
  await assert.rejects(desk.add({ urgency: 'asked', run: async () => 1 }), /stopping/)
})
