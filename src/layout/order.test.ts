import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { Run } from '../base/entry.ts'
import { placeAll } from './order.ts'
import { SlotSpace } from './slot-space.ts'
import { isValidSlot, keepsSlot, slotShapeFor } from './slots.ts'

/** Numerical Recipes' generator: the same numbers on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** Median 2 KiB, mean about 10 KiB, a few of several MiB: what files of a system look like. */
function fileSize(random: () => number): number {
  return Math.max(1, Math.round(2048 * Math.exp(1.8 * normal(random))))
}

function placed(space: SlotSpace, items: readonly { sizeBytes: number }[], cursor?: number) {
  const placing = placeAll(space, items, cursor)
  assert(placing.kind === 'placed')
  return placing
}

/** Mean bytes on the curve from the end of each slot to the start of the next. */
function meanNeighbourDistance(slots: readonly Run[]): number {
  let sum = 0
  slots.forEach((slot, i) => {
    const next = slots[i + 1]
    if (next !== undefined) sum += Math.abs(next.start - slot.start - slot.length)
  })
  return sum / (slots.length - 1)
}

function sumOf<T>(items: Iterable<T>, value: (item: T) => number): number {
  let sum = 0
  for (const item of items) sum += value(item)
  return sum
}

const itemLists = fc.array(fc.record({ sizeBytes: fc.oneof(fc.nat(3000), fc.nat(300_000)) }), { maxLength: 120 })

test('every item gets a slot of its size, empty ones none, and no two overlap', () => {
  fc.assert(
    fc.property(itemLists, (items) => {
      const { slots } = placed(new SlotSpace(), items)
      assert.equal(slots.length, items.length)
      const lengths = items.map(({ sizeBytes }) => slotShapeFor({ sizeBytes, slack: 'none' })?.length)
      assert.deepEqual(
        slots.map((slot) => slot?.length),
        lengths,
      )
      const owned = slots.filter((slot) => slot !== undefined).sort((a, b) => a.start - b.start)
      owned.forEach((slot, i) => {
        assert.equal(isValidSlot(slot), true)
        assert.equal(i === 0 || (owned[i - 1] as Run).start + (owned[i - 1] as Run).length <= slot.start, true)
      })
    }),
  )
})

test('batches that go on at the cursor lead to the same places as one batch', () => {
  fc.assert(
    fc.property(itemLists, fc.nat(120), (items, cut) => {
      const whole = placed(new SlotSpace(), items)
      const space = new SlotSpace()
      const first = placed(space, items.slice(0, cut))
      const second = placed(space, items.slice(cut), first.cursor)
      assert.deepEqual([...first.slots, ...second.slots], whole.slots)
      assert.equal(second.cursor, whole.cursor)
    }),
  )
})

test('small entries go back into the gap before a large one, then go on behind it', () => {
  const sizes = [64, 4096, 1024, 1024, 1024, 512, 256, 64, 64, 64]
  const { slots } = placed(
    new SlotSpace(),
    sizes.map((sizeBytes) => ({ sizeBytes })),
  )
  assert.deepEqual(
    slots.map((slot) => slot?.start),
    [0, 4096, 1024, 2048, 3072, 256, 768, 64, 128, 192],
  )
})

test('where the space is full, the item is named and nothing stays taken', () => {
  const space = new SlotSpace()
  assert.equal(space.claim({ start: 0, length: 64 }).kind, 'claimed')
  const items = [{ sizeBytes: 100 }, { sizeBytes: 2 ** 46 }, { sizeBytes: 0 }, { sizeBytes: 2 ** 46 }]
  assert.deepEqual(placeAll(space, items), { kind: 'full', index: 3 })
  assert.equal(space.end, 64)
  assert.equal(space.freeBytes, 0)
})

test('a first placement is compact, and neighbours in path order lie near each other', (t: TestContext) => {
  const random = randomFrom(1)
  const items = Array.from({ length: 50_000 }, () => ({ sizeBytes: fileSize(random) }))
  const space = new SlotSpace()
  const slots = placed(space, items).slots as readonly Run[]
  const contentBytes = sumOf(items, ({ sizeBytes }) => sizeBytes)

  const lowest = new SlotSpace()
  const lowestSlots = items.map(({ sizeBytes }) => {
    const shape = slotShapeFor({ sizeBytes, slack: 'none' })
    assert(shape !== undefined)
    return { start: lowest.take(shape) as number, length: shape.length }
  })
  const distance = meanNeighbourDistance(slots)
  const lowestDistance = meanNeighbourDistance(lowestSlots)
  t.diagnostic(
    `${items.length} entries: slots ${(sumOf(slots, ({ length }) => length) / contentBytes).toFixed(3)}, ` +
      `space ${(space.end / contentBytes).toFixed(3)} x content, ${Math.round(distance)} bytes between neighbours; ` +
      `always lowest: ${(lowest.end / contentBytes).toFixed(3)}, ${Math.round(lowestDistance)}`,
  )
  assert.equal(space.end < 1.4 * contentBytes, true)
  assert.equal(10 * distance < lowestDistance, true)
})

interface Owner {
  sizeBytes: number
  slot: Run
}

/** One step of a living tree: 1 % of the entries go, 1 % come, 5 % change their size, most by less than a sixth. */
function churn(
  owners: Map<number, Owner>,
  world: { space: SlotSpace; random: () => number; generation: number },
): { movedCount: number; keptCount: number } {
  const { space, random, generation } = world
  const count = owners.size
  const ids = [...owners.keys()].sort((a, b) => a - b)
  const pick = () => ids[Math.floor(random() * ids.length)] as number
  for (let i = 0; i < count / 100; i++) {
    const id = pick()
    const owner = owners.get(id)
    if (owner === undefined) continue
    space.retire(owner.slot, generation)
    owners.delete(id)
  }
  space.releaseRetired(generation - 3)

  let movedCount = 0
  let keptCount = 0
  for (let i = 0; i < count / 20; i++) {
    const owner = owners.get(pick())
    if (owner === undefined) continue
    const sizeBytes = Math.max(1, Math.round(owner.sizeBytes * Math.exp(0.15 * normal(random))))
    owner.sizeBytes = sizeBytes
    if (keepsSlot({ slotLength: owner.slot.length, sizeBytes })) {
      keptCount += 1
      continue
    }
    const shape = slotShapeFor({ sizeBytes, slack: sizeBytes > owner.slot.length ? 'grown' : 'none' })
    assert(shape !== undefined)
    space.retire(owner.slot, generation)
    owner.slot = { start: space.takeBeside(shape, owner.slot.start) as number, length: shape.length }
    movedCount += 1
  }

  const addedCount = Math.floor(count / 100)
  for (let i = 0; i < addedCount; i++) {
    const sizeBytes = fileSize(random)
    const shape = slotShapeFor({ sizeBytes, slack: 'none' })
    assert(shape !== undefined)
    const neighbour = owners.get(pick())
    const start = space.takeBeside(shape, neighbour === undefined ? 0 : neighbour.slot.start) as number
    owners.set((ids.at(-1) as number) + 1 + i, { sizeBytes, slot: { start, length: shape.length } })
  }
  return { movedCount, keptCount }
}

test('through 30 steps of churn only outgrown entries move, less than 1 % a step, and space does not leak', (t) => {
  const random = randomFrom(20)
  const items = Array.from({ length: 20_000 }, () => ({ sizeBytes: fileSize(random) }))
  const space = new SlotSpace()
  const owners = new Map<number, Owner>()
  const { slots } = placed(space, items)
  items.forEach(({ sizeBytes }, id) => {
    owners.set(id, { sizeBytes, slot: slots[id] as Run })
  })

  let worstShare = 0
  for (let generation = 1; generation <= 30; generation++) {
    const before = new Map([...owners].map(([id, owner]) => [id, owner.slot]))
    const { movedCount, keptCount } = churn(owners, { space, random, generation })
    const survivors = [...owners].filter(([id]) => before.has(id))
    const outgrown = survivors.filter(([id, { sizeBytes, slot }]) => {
      const old = before.get(id) as Run
      if (slot.start !== old.start) return true
      assert.deepEqual([slot, sizeBytes <= old.length], [old, true])
      return false
    })
    assert.equal(outgrown.length <= movedCount && keptCount > movedCount, true)
    worstShare = Math.max(worstShare, outgrown.length / survivors.length)
  }
  assert.equal(worstShare < 0.01, true, `${worstShare} of the survivors moved in one step`)

  const contentBytes = sumOf(owners.values(), ({ sizeBytes }) => sizeBytes)
  const slotBytes = sumOf(owners.values(), ({ slot }) => slot.length)
  t.diagnostic(
    `worst step moved ${(100 * worstShare).toFixed(2)} % of the survivors; after 30 steps slots ` +
      `${(slotBytes / contentBytes).toFixed(3)}, space ${(space.end / contentBytes).toFixed(3)} x content`,
  )
  assert.equal(slotBytes < 1.5 * contentBytes, true)
  assert.equal(space.end < 1.8 * contentBytes, true)
  for (const { slot } of owners.values()) space.release(slot)
  space.releaseRetired(30)
  assert.equal(space.end, 0)
})
