import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nodeTools } from '../store/node-tools.ts'
import { buildMap } from './page-map.ts'
import { regionKey, sizeClassOf } from './region-key.ts'
import { encodeRegion } from './region-record.ts'
import { checkedRegion, type PlacedRegion, scanRegions } from './region-scan.ts'
import { ruleOf } from './testing/expect-damage.ts'
import { MemoryPages } from './testing/memory-pages.ts'

const anyRegion = fc.record({
  start: fc.nat({ max: 2_000_000 }),
  length: fc.oneof(fc.nat({ max: 600 }), fc.nat({ max: 70_000 }), fc.nat({ max: 20_000_000 })),
  layer: fc.constantFrom(0, 48, 255),
})

/** The regions, numbered where they are alike, as a map; and in the order in which they are found. */
function stored(regions: readonly { start: number; length: number; layer: number }[]) {
  const placed = regions.map((region, i): PlacedRegion => ({ ...region, class: 'x', name: String(i).padStart(4, '0') }))
  const order = (r: PlacedRegion) => [r.start, r.layer, -sizeClassOf(r.length)]
  placed.sort(
    (a, b) =>
      order(a)
        .map((x, i) => x - (order(b)[i] as number))
        .find((d) => d !== 0) ?? 0,
  )
  const store = new MemoryPages(nodeTools)
  const items = placed.map(({ start, layer, ...region }, i) => ({
    key: regionKey({ sizeClass: sizeClassOf(region.length), start, layer, ordinal: i }),
    value: encodeRegion(region),
  }))
  const root = buildMap(
    store,
    'regions',
    items.sort((a, b) => Buffer.compare(a.key, b.key)),
  )
  return { store, root, placed }
}

test('what touches a run is found, in order, and nothing else', () => {
  fc.assert(
    fc.property(
      fc.array(anyRegion, { maxLength: 200, size: 'max' }),
      fc.nat({ max: 2_100_000 }),
      fc.oneof(fc.constant(1), fc.nat({ max: 300_000 })),
      fc.constantFrom(0, 1, 257, 60_000, 100_000_000),
      (regions, start, length, lengthMin) => {
        const { store, root, placed } = stored(regions)
        const end = start + length
        const touches = (r: PlacedRegion) => r.start < end && (r.start >= start || r.start + r.length > start)
        const expected = placed.filter((region) => touches(region) && region.length >= lengthMin)
        assert.deepEqual([...scanRegions(store, root, { start, end, lengthMin })], expected)
      },
    ),
    { numRuns: 150 },
  )
})

test('one byte among a hundred thousand lines is found by a few pages', () => {
  const lines = Array.from({ length: 100_000 }, (_, i) => ({ start: 80 * i, length: 80, layer: 64 }))
  const { store, root } = stored([...lines.slice(0, 60_000), { start: 0, length: 8_000_000, layer: 0 }])
  let pages = 0
  const counting = {
    tools: store.tools,
    readPage: (pointer: Parameters<typeof store.readPage>[0]) => {
      pages++
      return store.readPage(pointer)
    },
  }
  const found = [...scanRegions(counting, root, { start: 4_000_010, end: 4_000_011 })]
  assert.deepEqual(
    found.map(({ start, layer }) => [start, layer]),
    [
      [0, 0],
      [4_000_000, 64],
    ],
  )
  assert.ok(pages <= 80, `${pages} pages were read`)
})

test('a record under the key of another size class is damage', () => {
  const value = encodeRegion({ length: 300, class: 'x', name: '' })
  const key = (sizeClass: number) => regionKey({ sizeClass, start: 7, layer: 1, ordinal: 0 })
  assert.deepEqual(checkedRegion(key(1), value), { start: 7, layer: 1, length: 300, class: 'x', name: '' })
  assert.equal(
    ruleOf(() => checkedRegion(key(2), value)),
    'regions',
  )
})

test('only findings are given where only they are asked for', () => {
  const finding = { severity: 'low', rule: 'r', evidence: [], origin: 'rule', confidence: 1 } as const
  const store = new MemoryPages(nodeTools)
  const items = Array.from({ length: 500 }, (_, start) => ({
    key: regionKey({ sizeClass: 0, start, layer: 48, ordinal: 0 }),
    value: encodeRegion({
      ...{ length: 1, class: 'x', name: '', detector: 'elf/1', attributes: { start } },
      ...(start % 7 === 0 && { finding }),
    }),
  }))
  const root = buildMap(store, 'regions', items)
  const found = [...scanRegions(store, root, { start: 0, end: 1_000, which: 'findings' })].map(({ start }) => start)
  assert.deepEqual(
    found,
    Array.from({ length: 72 }, (_, i) => 7 * i),
  )
})
