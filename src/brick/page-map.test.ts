import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { must } from '../base/assert.ts'
import { compareBytes, toHex, utf8 } from '../base/bytes.ts'
import { nodeTools } from '../store/node-tools.ts'
import type { MapRoot } from './commit-record.ts'
import { type Item, type MapKind, maps, parsePage } from './page.ts'
import {
  type BuiltRoot,
  buildMap,
  checkMap,
  diffMaps,
  emptyMap,
  lookup,
  type MapItem,
  scan,
  updateMap,
} from './page-map.ts'
import { isNaturalCut, keyHash } from './page-shape.ts'
import { MemoryPages } from './testing/memory-pages.ts'

const small: MapKind = { ...maps.entries, shape: { zeroBits: 3, itemsMax: 6 } }
const smallSlots: MapKind = { ...maps.slots, shape: { zeroBits: 3, itemsMax: 6 } }
/** Almost no natural cuts: nearly every page ends by the rule for long runs. */
const forced: MapKind = { ...maps.entries, shape: { zeroBits: 9, itemsMax: 5 } }

/** Fields 1, 7, 12 and 26, so that tree hash, meta hash and the rest differ in what they cover. */
function record(seed: number, length = 1): Uint8Array {
  return Uint8Array.of(
    1,
    1,
    seed & 7,
    7,
    1,
    (seed >> 3) & 127,
    26,
    ...varint(length),
    ...new Uint8Array(length).fill(seed),
  )
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)]
}

function sorted(items: Iterable<[string, Uint8Array]>): MapItem[] {
  const list = [...items].map(([key, value]) => ({ key: utf8(key), value }))
  return list.sort((a, b) => compareBytes(a.key, b.key))
}

/** Page by page: level, keys, tree hashes; nothing that depends on where pages lie or when they were written. */
function shapeOf(store: MemoryPages, map: MapKind, root: MapRoot): string[] {
  const lines: string[] = []
  const walk = (offset: number, storedLength: number) => {
    const page = parsePage(store.readPage({ offset, storedLength }), { map, offset })
    lines.push(`${page.level}: ${page.items.map((item: Item) => toHex(item.key)).join(' ')}`)
    if (page.kind === 'leaf') return
    for (const item of page.items) {
      lines.push(`${item.count} ${toHex(item.treeHash)} ${toHex(item.metaHash)}`)
      walk(item.pointer.offset, item.pointer.storedLength)
    }
  }
  if (root.count > 0) walk(root.pointer.offset, root.pointer.storedLength)
  return lines
}

function framesOf(store: MemoryPages, map: MapKind, root: MapRoot): Set<number> {
  const offsets = new Set<number>()
  checkMap(store, map, root, { frame: ({ offset }) => offsets.add(offset) })
  return offsets
}

/** Applies the batches, comparing the map after each with one that is built anew. */
function checkHistory(map: MapKind, batches: readonly ReadonlyMap<string, Uint8Array | null>[]): void {
  const store = new MemoryPages(nodeTools)
  const model = new Map<string, Uint8Array>()
  let root: MapRoot = emptyMap
  for (const batch of batches) {
    store.generation++
    const before = { root, frames: framesOf(store, map, root), items: new Map(model) }
    for (const [key, value] of batch) {
      if (value === null) model.delete(key)
      else model.set(key, value)
    }
    const changes = [...batch].map(([key, value]) => ({ key: utf8(key), value }))
    changes.sort((a, b) => compareBytes(a.key, b.key))
    const updated = updateMap(store, map, root, changes)
    root = updated.root
    checkSame(store, map, updated.root, model)
    const frames = framesOf(store, map, root)
    const gone = [...before.frames].filter((offset) => !frames.has(offset))
    assert.deepEqual(
      updated.replaced.map(({ offset }) => offset).sort((a, b) => a - b),
      gone.sort((a, b) => a - b),
    )
    checkDifference(store, map, before, { root, items: model })
  }
}

function checkSame(store: MemoryPages, map: MapKind, root: BuiltRoot, model: ReadonlyMap<string, Uint8Array>): void {
  const other = new MemoryPages(nodeTools)
  const built = buildMap(other, map, sorted(model))
  assert.deepEqual(shapeOf(store, map, root), shapeOf(other, map, built))
  assert.deepEqual(root.treeHash, built.treeHash)
  assert.deepEqual(root.metaHash, built.metaHash)
  assert.equal(root.count, model.size)
  const checked = checkMap(store, map, root)
  assert.deepEqual(checked.treeHash, root.treeHash)
  assert.deepEqual(checked.metaHash, root.metaHash)
  assert.deepEqual([...scan(store, map, root)], sorted(model))
}

interface State {
  readonly root: MapRoot
  readonly items: ReadonlyMap<string, Uint8Array>
}

function checkDifference(store: MemoryPages, map: MapKind, before: State, after: State): void {
  const keys = new Set([...before.items.keys(), ...after.items.keys()])
  const expected = [...keys].flatMap((key) => {
    const [old, next] = [before.items.get(key), after.items.get(key)]
    if (old && next && compareBytes(old, next) === 0) return []
    return [{ key: utf8(key), ...(old && { before: old }), ...(next && { after: next }) }]
  })
  expected.sort((a, b) => compareBytes(a.key, b.key))
  assert.deepEqual([...diffMaps(store, map, before.root, after.root)], expected)
}

/** None of these keys ends a run on levels 4 to 7 of a small shape, so no choice of them needs more than 8 levels. */
const anyKey = fc.nat({ max: 400 }).map((n) => `k${n % 20}/${n}`)
const anyValue = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 500 }).map((seed) => record(seed)) },
  { weight: 1, arbitrary: fc.constant(record(3, 2_041)) },
  { weight: 1, arbitrary: fc.nat({ max: 3 }).map((seed) => record(seed, 2_100)) },
)
const anyBatch = fc
  .array(fc.tuple(anyKey, fc.option(anyValue, { freq: 3 })), { maxLength: 80, size: 'max' })
  .map((changes) => new Map(changes))
const anyHistory = fc.array(anyBatch, { minLength: 1, maxLength: 6, size: 'max' })

test('a map changed in any batches is the map built anew, with small pages on many levels', () => {
  fc.assert(
    fc.property(anyHistory, (batches) => checkHistory(small, batches)),
    { numRuns: 40 },
  )
})

test('a map changed in any batches is the map built anew, where nearly all cuts are forced', () => {
  fc.assert(
    fc.property(anyHistory, (batches) => checkHistory(forced, batches)),
    { numRuns: 40 },
  )
})

test('a map without tree hashes changes in the same way', () => {
  fc.assert(
    fc.property(anyHistory, (batches) => checkHistory(smallSlots, batches)),
    { numRuns: 20 },
  )
})

test('a large map shrinks to nothing and grows again in single steps', () => {
  const keys = Array.from({ length: 90 }, (_, i) => `k${(i * 67) % 90}`)
  const grow = keys.map((key, i) => new Map([[key, record(i)]]))
  const shrink = keys.toReversed().map((key) => new Map([[key, null]]))
  checkHistory(small, [...grow, ...shrink])
})

test('removing and adding the keys that end pages moves the cuts and nothing else', () => {
  const model = new Map(Array.from({ length: 300 }, (_, i) => [`name-${i}`, record(i)]))
  const cuts = [...model.keys()].filter((key) => isNaturalCut(keyHash(nodeTools, 0, utf8(key)), small.shape))
  assert.ok(cuts.length > 25)
  const remove = cuts.map((key) => new Map([[key, null]]))
  const add = cuts.map((key, i) => new Map([[key, record(i)]]))
  checkHistory(small, [model, ...remove.slice(0, 15), ...add.slice(0, 15), new Map(cuts.map((key) => [key, null]))])
})

test('a run without any natural cut is divided at 256 items, whatever is changed in it', () => {
  const keys: string[] = []
  for (let i = 0; keys.length < 1_500; i++) {
    if (!isNaturalCut(keyHash(nodeTools, 0, utf8(`hostile-${i}`)))) keys.push(`hostile-${i}`)
  }
  const model = new Map(keys.slice(0, 1_490).map((key, i) => [key, record(i)]))
  const rest = keys.slice(1_490).map((key, i) => new Map([[key, record(i)]]))
  const gone = keys.slice(0, 1_490).filter((_, i) => i % 200 === 0)
  checkHistory(maps.entries, [model, ...rest, ...gone.map((key) => new Map([[key, null]]))])
})

test('the order of history leaves no trace in the tree hash, the meta hash and the pages', () => {
  const anyItems = fc.uniqueArray(anyKey, { minLength: 1, maxLength: 80, size: 'max' })
  fc.assert(
    fc.property(anyItems, fc.infiniteStream(fc.nat()), (keys, chance) => {
      const store = new MemoryPages(nodeTools)
      const order = keys
        .map((key) => ({ key, rank: must(chance.next().value, 'rank') }))
        .sort((a, b) => a.rank - b.rank)
      let root: MapRoot = emptyMap
      for (const { key } of order)
        root = updateMap(store, small, root, [{ key: utf8(key), value: record(key.length) }]).root
      checkSame(store, small, root as BuiltRoot, new Map(keys.map((key) => [key, record(key.length)])))
    }),
    { numRuns: 40 },
  )
})

test('lookup finds each key and no other, scan gives each half-open range', () => {
  const store = new MemoryPages(nodeTools)
  const items = sorted(Array.from({ length: 200 }, (_, i) => [`n${2 * i}`, record(i)]))
  const root = buildMap(store, small, items)
  for (const { key, value } of items) assert.deepEqual(lookup(store, small, root, key), value)
  for (let i = 0; i < 200; i++) assert.equal(lookup(store, small, root, utf8(`n${2 * i + 1}`)), undefined)
  assert.equal(lookup(store, small, root, utf8('')), undefined)
  assert.equal(lookup(store, small, root, utf8('z')), undefined)
  assert.equal(lookup(store, small, emptyMap, utf8('n1')), undefined)
  const bounds = fc.option(
    fc.nat({ max: 500 }).map((n) => utf8(`n${n}`)),
    { nil: undefined },
  )
  fc.assert(
    fc.property(bounds, bounds, (from, to) => {
      const expected = items.filter(
        ({ key }) => (!from || compareBytes(key, from) >= 0) && (!to || compareBytes(key, to) < 0),
      )
      assert.deepEqual([...scan(store, small, root, { ...(from && { from }), ...(to && { to }) })], expected)
    }),
  )
})

test('scan reads pages only as they are asked for, and diff only where states differ', () => {
  const store = new MemoryPages(nodeTools)
  const items = sorted(Array.from({ length: 20_000 }, (_, i) => [`dir${i % 97}/file${i}`, record(i)]))
  const root = buildMap(store, 'entries', items)
  store.readCount = 0
  const first = scan(store, 'entries', root, { from: must(items[7_000], 'item').key }).next()
  assert.deepEqual(first.value, items[7_000])
  assert.ok(store.readCount <= 3, `${store.readCount} pages read for one item`)
  const changed = updateMap(store, 'entries', root, [{ key: must(items[9_000], 'item').key, value: record(1) }])
  store.readCount = 0
  assert.equal([...diffMaps(store, 'entries', root, changed.root)].length, 1)
  assert.ok(store.readCount <= 8, `${store.readCount} pages read for one difference`)
})

test('a change that changes nothing writes nothing and keeps the root', () => {
  const store = new MemoryPages(nodeTools)
  const items = sorted(Array.from({ length: 300 }, (_, i) => [`n${i}`, record(i, i % 50 === 0 ? 3_000 : 1)]))
  const root = buildMap(store, small, items)
  const written = store.pages.size
  const same = [...items.filter((_, i) => i % 7 === 0), { key: utf8('zz'), value: null }]
  assert.deepEqual(updateMap(store, small, root, same), { root, replaced: [] })
  assert.deepEqual(updateMap(store, small, root, []), { root, replaced: [] })
  assert.equal(store.pages.size, written)
})

test('one entry changed among 50,000 rewrites few pages', () => {
  const store = new MemoryPages(nodeTools)
  const items = sorted(
    Array.from({ length: 50_000 }, (_, i) => [`usr/share/doc/package-${i % 1_777}/file-${i}`, record(i, 90)]),
  )
  const root = buildMap(store, 'entries', items)
  for (const at of [0, 12_345, 25_000, 49_999]) {
    const written = store.pages.size
    const { replaced } = updateMap(store, 'entries', root, [{ key: must(items[at], 'item').key, value: record(5) }])
    const levels = store.pages.size - written
    assert.ok(levels <= 4, `${levels} pages written`)
    assert.equal(replaced.length, levels)
  }
})

test('an empty map has the hashes of no entries', () => {
  const { treeHash, metaHash, ...root } = buildMap(new MemoryPages(nodeTools), 'entries', [])
  assert.deepEqual(root, emptyMap)
  assert.equal(toHex(treeHash), 'e52d9c508c502347344d8c07ad91cbd6068afc75ff6292f062a09ca381c89e71')
  assert.equal(toHex(metaHash), 'beead77994cf573341ec17b58bbf7eb34d2711c993c1d976b128b3188dc1829a')
})
