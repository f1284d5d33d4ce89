import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Run } from '../base/entry.ts'
import { SlotSpace, type Span } from './slot-space.ts'
import { isValidSlot, type SlotShape, slotShapeFor } from './slots.ts'

/** The same contract, slowly and obviously: a list of used 64-byte cells, scanned from 0. */
class SlowSpace {
  readonly used: boolean[] = []
  readonly retired: { slot: Run; generation: number }[] = []

  get end(): number {
    return 64 * (this.used.lastIndexOf(true) + 1)
  }

  get freeBytes(): number {
    return this.end - 64 * this.used.filter(Boolean).length
  }

  isFree({ start, length }: Run): boolean {
    const end = Math.min((start + length) / 64, this.used.length)
    for (let i = start / 64; i < end; i++) if (this.used[i]) return false
    return true
  }

  isUsed({ start, length }: Run): boolean {
    for (let i = start / 64; i < (start + length) / 64; i++) if (!this.used[i]) return false
    return true
  }

  set({ start, length }: Run, value: boolean): void {
    for (let i = this.used.length; i < start / 64; i++) this.used[i] = false
    for (let i = start / 64; i < (start + length) / 64; i++) this.used[i] = value
  }

  lowest({ cellOrder, length }: SlotShape, isAllowed: (start: number) => boolean): number {
    for (let start = 0; ; start += 4 ** cellOrder) {
      const slot = { start, length }
      if (isAllowed(start) && isValidSlot(slot) && this.isFree(slot)) return start
    }
  }

  take(shape: SlotShape, near?: Span): number {
    let start = near === undefined ? -1 : this.lowest(shape, (at) => at >= near.start)
    if (near === undefined || start + shape.length > near.end) start = this.lowest(shape, () => true)
    this.set({ start, length: shape.length }, true)
    return start
  }

  takeBeside(shape: SlotShape, cursor: number): number {
    const start = this.lowest(shape, (at) => at >= cursor - 64 * this.holeAround({ start: at, length: shape.length }))
    this.set({ start, length: shape.length }, true)
    return start
  }

  /** Bytes of the largest free cell that holds the slot, or of one of its cells where none holds all of it. */
  holeAround({ start, length }: Run): number {
    let cell = 64
    while (cell * 4 <= length) cell *= 4
    for (let larger = cell; larger <= 2 ** 46; larger *= 4) {
      const around = { start: start - (start % larger), length: larger }
      if (start + length > around.start + larger) continue
      if (!this.isFree(around)) break
      cell = larger
    }
    return cell
  }
}

type Step =
  | { kind: 'take'; shape: SlotShape; near: Span | undefined }
  | { kind: 'beside'; shape: SlotShape; cursor: number }
  | { kind: 'claim'; slot: Run }
  | { kind: 'release'; pick: number }
  | { kind: 'retire'; pick: number; generation: number }
  | { kind: 'expire'; generation: number }

const starts = fc.nat(2 ** 11).map((cell) => 64 * cell)
const shapes = fc
  .oneof({ weight: 6, arbitrary: fc.integer({ min: 1, max: 1500 }) }, fc.integer({ min: 1, max: 70_000 }))
  .map((sizeBytes) => shapeFor(sizeBytes))
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('take' as const), shape: shapes, near: fc.constant(undefined) }),
  fc.record({
    kind: fc.constant('take' as const),
    shape: shapes,
    near: fc.tuple(starts, fc.nat(20_000)).map(([start, length]) => ({ start, end: start + length })),
  }),
  fc.record({ kind: fc.constant('beside' as const), shape: shapes, cursor: starts }),
  fc.record({
    kind: fc.constant('claim' as const),
    slot: fc.record({ start: starts, length: shapes.map(({ length }) => length) }),
  }),
  fc.record({ kind: fc.constant('release' as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant('retire' as const), pick: fc.nat(), generation: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ kind: fc.constant('expire' as const), generation: fc.integer({ min: 1, max: 9 }) }),
)

/** Runs one step on both spaces and compares what they answer. */
function runStep(step: Step, both: { fast: SlotSpace; slow: SlowSpace; live: Run[] }): void {
  const { fast, slow, live } = both
  switch (step.kind) {
    case 'take':
    case 'beside': {
      const start = step.kind === 'take' ? fast.take(step.shape, step.near) : fast.takeBeside(step.shape, step.cursor)
      const expected =
        step.kind === 'take' ? slow.take(step.shape, step.near) : slow.takeBeside(step.shape, step.cursor)
      assert.equal(start, expected, `${step.kind} ${step.shape.length}`)
      live.push({ start: expected, length: step.shape.length })
      return
    }
    case 'claim': {
      const { slot } = step
      const expected = !isValidSlot(slot) ? 'invalid' : slow.isFree(slot) ? 'claimed' : 'overlap'
      assert.equal(fast.claim(slot).kind, expected, `claim ${slot.start} + ${slot.length}`)
      if (expected !== 'claimed') return
      slow.set(slot, true)
      live.push(slot)
      return
    }
    case 'release': {
      const [slot] = live.splice(step.pick % Math.max(1, live.length), 1)
      if (slot === undefined) return
      fast.release(slot)
      slow.set(slot, false)
      return
    }
    case 'retire': {
      const [slot] = live.splice(step.pick % Math.max(1, live.length), 1)
      if (slot === undefined) return
      fast.retire(slot, step.generation)
      slow.retired.push({ slot, generation: step.generation })
      return
    }
    case 'expire': {
      fast.releaseRetired(step.generation)
      for (const { slot } of slow.retired.filter(({ generation }) => generation <= step.generation)) {
        slow.set(slot, false)
      }
      const kept = slow.retired.filter(({ generation }) => generation > step.generation)
      slow.retired.splice(0, slow.retired.length, ...kept)
    }
  }
}

function shapeFor(sizeBytes: number): SlotShape {
  const shape = slotShapeFor({ sizeBytes, slack: 'none' })
  assert(shape !== undefined)
  return shape
}

test('whatever is taken, claimed, released and retired, the answers are those of a scan over all cells', () => {
  fc.assert(
    fc.property(fc.array(steps, { minLength: 1, maxLength: 80, size: 'max' }), (list) => {
      const both = { fast: new SlotSpace(), slow: new SlowSpace(), live: [] }
      for (const step of list) {
        runStep(step, both)
        assert.equal(both.fast.end, both.slow.end)
        assert.equal(both.fast.freeBytes, both.slow.freeBytes)
      }
    }),
    { numRuns: 300 },
  )
})

test('live and retired slots never overlap and all obey the slot rule', () => {
  fc.assert(
    fc.property(fc.array(steps, { minLength: 20, maxLength: 200, size: 'max' }), (list) => {
      const both = { fast: new SlotSpace(), slow: new SlowSpace(), live: [] as Run[] }
      for (const step of list) runStep(step, both)
      const inUse = [...both.live, ...both.slow.retired.map(({ slot }) => slot)].sort((a, b) => a.start - b.start)
      inUse.forEach((slot, i) => {
        assert.equal(isValidSlot(slot), true)
        const next = inUse[i + 1]
        if (next !== undefined) assert.equal(slot.start + slot.length <= next.start, true)
      })
    }),
    { numRuns: 100 },
  )
})

test('a space whose slots are all released is as good as new', () => {
  fc.assert(
    fc.property(fc.array(shapes, { maxLength: 100 }), (list) => {
      const space = new SlotSpace()
      const slots = list.map((shape) => ({ start: space.take(shape) as number, length: shape.length }))
      for (const slot of slots) space.release(slot)
      assert.equal(space.end, 0)
      assert.equal(space.freeBytes, 0)
      assert.equal(space.take(shapeFor(2 ** 46)), 0)
    }),
  )
})

test('slots claimed in any order give the space that had them', () => {
  fc.assert(
    fc.property(fc.array(shapes, { minLength: 1, maxLength: 60 }), fc.infiniteStream(fc.nat()), (list, order) => {
      const space = new SlotSpace()
      const slots = list.map((shape) => ({ start: space.take(shape) as number, length: shape.length }))
      const again = new SlotSpace()
      const shuffled = slots.map((slot) => ({ slot, key: order.next().value as number })).sort((a, b) => a.key - b.key)
      for (const { slot } of shuffled) assert.equal(again.claim(slot).kind, 'claimed')
      assert.equal(again.end, space.end)
      assert.equal(again.freeBytes, space.freeBytes)
      for (const shape of list) assert.equal(again.take(shape), space.take(shape))
    }),
  )
})
