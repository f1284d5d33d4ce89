import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FairQueue, hurryHeadStartMs, type Turn } from './fair-queue.ts'

function turn(key: string, more: Partial<Turn<string>> = {}): Turn<string> {
  return { key, sinceMs: 0, urgency: 'normal', size: 'small', ...more }
}

test('who waits longest begins first, as many as there are slots', () => {
  const queue = new FairQueue<string>({ slots: 2 })
  for (const [key, sinceMs] of [
    ['a', 3],
    ['b', 1],
    ['c', 2],
  ] as const)
    queue.ask(turn(key, { sinceMs }))
  assert.deepEqual(queue.start(), ['b', 'c'])
  assert.deepEqual(queue.start(), [])
  queue.leave('c')
  assert.deepEqual(queue.start(), ['a'])
})

test('who hurries has a head start, but not forever', () => {
  const queue = new FairQueue<string>({ slots: 1 })
  queue.ask(turn('patient', { sinceMs: 1_000 }))
  queue.ask(turn('urgent', { sinceMs: 2_000, urgency: 'hurry' }))
  assert.deepEqual(queue.start(), ['urgent'])
  queue.leave('urgent')
  queue.ask(turn('urgent', { sinceMs: 1_001 + hurryHeadStartMs, urgency: 'hurry' }))
  assert.deepEqual(queue.start(), ['patient'])
})

test('large work leaves a slot to the small', () => {
  const queue = new FairQueue<string>({ slots: 2 })
  queue.ask(turn('fold 1', { size: 'large' }))
  queue.ask(turn('fold 2', { size: 'large' }))
  queue.ask(turn('change', { sinceMs: 5 }))
  assert.deepEqual(queue.start(), ['fold 1', 'change'])
  queue.leave('change')
  assert.deepEqual(queue.start(), [])
  queue.leave('fold 1')
  assert.deepEqual(queue.start(), ['fold 2'])
  const single = new FairQueue<string>({ slots: 1 })
  single.ask(turn('fold', { size: 'large' }))
  assert.deepEqual(single.start(), ['fold'])
})

test('asking again keeps the place; who leaves does not begin', () => {
  const queue = new FairQueue<string>({ slots: 1 })
  queue.ask(turn('a', { sinceMs: 1 }))
  queue.ask(turn('b', { sinceMs: 2 }))
  queue.ask(turn('a', { sinceMs: 9 }))
  queue.leave('b')
  assert.deepEqual(queue.start(), ['a'])
})

test('whoever asks begins, within as many turns as there are others, however often those come back', () => {
  const asked = fc.array(fc.tuple(fc.nat({ max: 6 }), fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), asked, (slots, turns) => {
      const queue = new FairQueue<string>({ slots })
      let nowMs = 0
      const working: string[] = []
      queue.ask(turn('me', { sinceMs: nowMs }))
      let hasBegun = false
      const begin = (): void => {
        for (const key of queue.start()) {
          working.push(key)
          hasBegun ||= key === 'me'
        }
        assert.ok(working.length <= slots)
      }
      // Each turn of another takes longer than the head start.
      for (const [name, isUrgent, isLarge] of turns) {
        nowMs += hurryHeadStartMs + 1
        const key = `${name}`
        if (!working.includes(key)) {
          queue.ask(
            turn(key, { sinceMs: nowMs, urgency: isUrgent ? 'hurry' : 'normal', size: isLarge ? 'large' : 'small' }),
          )
        }
        begin()
        const done = working.shift()
        if (done !== undefined) queue.leave(done)
      }
      assert.ok(hasBegun)
    }),
  )
})
