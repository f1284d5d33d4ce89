import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SlotPool, slotsPerPage } from './slot-pool.ts'

function owner(pinned = false) {
  return { slot: -1, drawnFrame: -10, pinned }
}

test('no two owners ever share a slot, and the pool never exceeds its pages', () => {
  const step = fc.record({ who: fc.nat(900), what: fc.constantFrom('take', 'touch', 'release', 'draw') })
  fc.assert(
    fc.property(fc.array(step, { minLength: 200, maxLength: 2500 }), (steps) => {
      const pool = new SlotPool({ pageCountMax: 2 })
      const owners = Array.from({ length: 901 }, () => owner())
      let frame = 0
      for (const { who, what } of steps) {
        frame++
        const one = owners[who] as ReturnType<typeof owner>
        if (what === 'take' && one.slot < 0) pool.take(one, frame)
        else if (what === 'touch') pool.touch(one)
        else if (what === 'release') pool.release(one)
        else one.drawnFrame = frame
      }
      const held = owners.map(({ slot }) => slot).filter((slot) => slot >= 0)
      assert.equal(new Set(held).size, held.length)
      assert.equal(pool.size, held.length)
      assert.ok(held.every((slot) => slot < 2 * slotsPerPage))
    }),
    { numRuns: 30 },
  )
})

test('a full pool takes the slot of whoever was used longest ago', () => {
  const pool = new SlotPool<ReturnType<typeof owner>>({ pageCountMax: 1 })
  const owners = Array.from({ length: slotsPerPage }, () => owner())
  for (const one of owners) assert.equal(pool.take(one, 1), null)
  pool.touch(owners[0] as ReturnType<typeof owner>)
  const late = owner()
  assert.equal(pool.take(late, 5), owners[1])
  assert.equal(owners[1]?.slot, -1)
  assert.equal(late.slot, 1)
})

test('what was drawn in this or the last frame and what is pinned keeps its slot', () => {
  const pool = new SlotPool<ReturnType<typeof owner>>({ pageCountMax: 1 })
  const pinned = owner(true)
  pool.take(pinned, 1)
  const others = Array.from({ length: slotsPerPage - 1 }, () => owner())
  for (const one of others) pool.take(one, 1)
  for (const one of others) one.drawnFrame = 9
  assert.equal(pool.take(owner(), 10), 'full')
  assert.equal(pool.take(owner(), 11), others[0])
  assert.ok(pinned.slot >= 0)
})
