import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { must } from '../base/assert.ts'
import { compareBytes, utf8 } from '../base/bytes.ts'
import { nodeTools } from '../store/node-tools.ts'
import type { MapRoot } from './commit-record.ts'
import type { DamageRule } from './damage.ts'
import { type IndexItem, type LeafItem, type MapKind, maps, type Page, parsePage } from './page.ts'
import { leafItem, rootOf, writePage } from './page-build.ts'
import { buildMap, checkMap, diffMaps, emptyMap, lookup, scan, updateMap } from './page-map.ts'
import { cutItems, isNaturalCut, keyHash } from './page-shape.ts'
import { orDamage, ruleOf } from './testing/expect-damage.ts'
import { MemoryPages } from './testing/memory-pages.ts'

const kind: MapKind = { ...maps.entries, shape: { zeroBits: 2, itemsMax: 8 } }
/** None ends a run on levels 1 and 2, so one index page holds any leaf pages of them. */
const keys = Array.from({ length: 90 }, (_, i) => `key-${10 + i}`)
  .filter((key) => [1, 2].every((level) => !isNaturalCut(keyHash(nodeTools, level, utf8(key)), kind.shape)))
  .slice(0, 16)
const record = Uint8Array.of(1, 1, 2)
const longRecord = Uint8Array.of(1, 1, 2, 26, 129, 16, ...new Uint8Array(2_049))

function leafItems(store: MemoryPages, value = record): LeafItem[] {
  return keys.map((key) => leafItem({ store, map: kind }, { key: utf8(key), value }))
}

/** Ends of the leaf pages by the rule; all of them under one index page. */
function rightEnds(store: MemoryPages): number[] {
  return cutItems(
    keys.map((key) => keyHash(store.tools, 0, utf8(key))),
    kind.shape,
  )
}

/** A map of two levels, whole in itself but for what the caller does to its pages. */
function plant(
  store: MemoryPages,
  options: {
    readonly ends?: readonly number[]
    readonly items?: readonly LeafItem[]
    readonly index?: (items: IndexItem[]) => IndexItem[]
  } = {},
): MapRoot {
  const { ends = rightEnds(store), items = leafItems(store), index = (all) => all } = options
  let start = 0
  const pages = ends.map((end) => {
    const page = writePage(store, kind, { kind: 'leaf', level: 0, items: items.slice(start, end) })
    start = end
    return page
  })
  return rootOf({ store, map: kind }, writePage(store, kind, { kind: 'index', level: 1, items: index(pages) }))
}

/** One item changed. */
function changed(items: IndexItem[], at: number, change: Partial<IndexItem>): IndexItem[] {
  return items.with(at, { ...must(items[at], 'item'), ...change })
}

function check(expected: DamageRule, root: MapRoot, store: MemoryPages): void {
  assert.equal(
    ruleOf(() => checkMap(store, kind, root)),
    expected,
  )
}

test('the planted map is whole, and is the map that is built', () => {
  const store = new MemoryPages(nodeTools)
  const root = plant(store)
  const built = buildMap(
    new MemoryPages(nodeTools),
    kind,
    keys.map((key) => ({ key: utf8(key), value: record })),
  )
  assert.deepEqual(checkMap(store, kind, root).treeHash, built.treeHash)
  assert.equal(rightEnds(store).length > 3, true)
})

test('a page with another hash, tree hash or meta hash than its parent says is damage', () => {
  const store = new MemoryPages(nodeTools)
  const wrong = new Uint8Array(32).fill(1)
  check('page-hash', plant(store, { index: (items) => changed(items, 1, { hash: wrong }) }), store)
  check('page-hash', plant(store, { index: (items) => changed(items, 1, { treeHash: wrong }) }), store)
  check('page-hash', plant(store, { index: (items) => changed(items, 1, { metaHash: wrong }) }), store)
  check('page-hash', { ...plant(store), hash: wrong }, store)
})

test('a count that is not the number of records beneath is damage', () => {
  const store = new MemoryPages(nodeTools)
  check('page', plant(store, { index: (items) => changed(items, 1, { count: 200 }) }), store)
  check('page', { ...plant(store), count: 15 }, store)
  check('page', plant(store, { index: (items) => changed(items, 1, { count: 2 ** 53 - 20 }) }), store)
  check('page', { ...emptyMap, count: 1 }, store)
  check('page', { ...emptyMap, hash: new Uint8Array(32).fill(1) }, store)
})

test('a page that was born after the commit is damage where the generation is given', () => {
  const store = new MemoryPages(nodeTools)
  const root = plant(store, { index: (items) => changed(items, 1, { birth: 9 }) })
  checkMap(store, kind, root, { generation: 9 })
  checkMap(store, kind, root)
  assert.equal(
    ruleOf(() => checkMap(store, kind, root, { generation: 8 })),
    'page',
  )
})

test('a last key that is not the one beneath is damage', () => {
  const store = new MemoryPages(nodeTools)
  const last = rightEnds(store).length - 1
  check('page', plant(store, { index: (items) => changed(items, last, { key: utf8('key-z') }) }), store)
})

test('a page under two keys, and pages that overlap, are damage', () => {
  const store = new MemoryPages(nodeTools)
  const twice = (items: IndexItem[]) => [...items, { ...must(items[0], 'item'), key: utf8('key-z') }]
  check('page', plant(store, { index: twice }), store)
  const items = leafItems(store)
  const first = writePage(store, kind, { kind: 'leaf', level: 0, items: items.slice(3, 4) })
  const second = writePage(store, kind, { kind: 'leaf', level: 0, items: items.slice(0, 6) })
  check(
    'page',
    rootOf({ store, map: kind }, writePage(store, kind, { kind: 'index', level: 1, items: [first, second] })),
    store,
  )
})

test('a page of another level than its place, and a root with one child, are damage', () => {
  const store = new MemoryPages(nodeTools)
  const leaf = writePage(store, kind, { kind: 'leaf', level: 0, items: leafItems(store).slice(0, 2) })
  const other = writePage(store, kind, { kind: 'leaf', level: 0, items: leafItems(store).slice(2, 4) })
  const index = (level: number, items: IndexItem[]) => writePage(store, kind, { kind: 'index', level, items })
  check('page', rootOf({ store, map: kind }, index(2, [leaf, other])), store)
  check('page', rootOf({ store, map: kind }, index(1, [index(1, [leaf]), other])), store)
  check('page-shape', rootOf({ store, map: kind }, index(1, [leaf])), store)
})

test('pages that end elsewhere than the rule says are damage', () => {
  const store = new MemoryPages(nodeTools)
  const ends = rightEnds(store)
  for (let i = 0; i < ends.length; i++) {
    const start = ends[i - 1] ?? 0
    const end = must(ends[i], 'end')
    if (i + 1 < ends.length && must(ends[i + 1], 'end') - start <= 8)
      check('page-shape', plant(store, { ends: ends.toSpliced(i, 1) }), store)
    if (end - start > 1) check('page-shape', plant(store, { ends: ends.toSpliced(i, 0, end - 1) }), store)
  }
  const plain = { ...maps.entries, shape: { zeroBits: 40, itemsMax: 8 } }
  const right = buildMap(
    store,
    plain,
    keys.map((key) => ({ key: utf8(key), value: record })),
  )
  checkMap(store, plain, right)
  const items = leafItems(store)
  const halves = [items.slice(0, 8), items.slice(8)].map((half) =>
    writePage(store, plain, { kind: 'leaf', level: 0, items: half }),
  )
  const wrong = rootOf({ store, map: plain }, writePage(store, plain, { kind: 'index', level: 1, items: halves }))
  assert.equal(
    ruleOf(() => checkMap(store, plain, wrong)),
    'page-shape',
  )
})

test('a long record must be the one its item names, and must be long', () => {
  const store = new MemoryPages(nodeTools)
  const [item] = leafItems(store, longRecord)
  assert.equal(item?.kind, 'overflow')
  const rootWith = (change: object) => {
    const page: Page = { kind: 'leaf', level: 0, items: [{ ...must(item, 'item'), ...change } as LeafItem] }
    const plainSlots = { ...kind, treeHashes: false }
    return { map: plainSlots, root: rootOf({ store, map: plainSlots }, writePage(store, plainSlots, page)) }
  }
  const rule = ({ map, root }: ReturnType<typeof rootWith>) => ruleOf(() => checkMap(store, map, root))
  const whole = rootWith({})
  checkMap(store, whole.map, whole.root)
  assert.equal(rule(rootWith({ hash: new Uint8Array(32) })), 'page-hash')
  assert.equal(rule(rootWith({ pointer: { offset: 2 ** 40, storedLength: 9 } })), 'frame')
  const short = (bytes: Uint8Array) => rootWith({ pointer: store.writePage(bytes, 1), hash: store.tools.sha256(bytes) })
  assert.equal(rule(short(new Uint8Array(2_048))), 'page')
  assert.equal(rule(short(new Uint8Array(1_048_577))), 'page')
})

test('a record of ENTRIES that is not fields is damage', () => {
  const store = new MemoryPages(nodeTools)
  const page: Page = {
    kind: 'leaf',
    level: 0,
    items: [{ kind: 'inline', key: utf8('k'), value: Uint8Array.of(1, 5, 0) }],
  }
  const plainSlots = { ...kind, treeHashes: false }
  const root = rootOf({ store, map: plainSlots }, writePage(store, plainSlots, page))
  check('entry', root, store)
})

test('every way through a map with a changed page ends, with damage or without', () => {
  const store = new MemoryPages(nodeTools)
  const items = Array.from({ length: 60 }, (_, i) => ({ key: utf8(`k${i}`), value: i % 9 === 0 ? longRecord : record }))
  items.sort((a, b) => compareBytes(a.key, b.key))
  const root = buildMap(store, kind, items)
  const original = store.readPage(root.pointer)
  const edits = fc.array(fc.tuple(fc.nat({ max: original.length - 1 }), fc.nat({ max: 255 })), {
    minLength: 1,
    maxLength: 3,
  })
  let accepted = 0
  fc.assert(
    fc.property(edits, (changes) => {
      const raw = original.slice()
      for (const [at, value] of changes) raw[at] = value
      const pointer = store.writePage(raw, 1)
      const hostile: MapRoot = { pointer, count: 60, hash: store.tools.sha256(raw) }
      if (orDamage(() => parsePage(raw, { map: kind, offset: 0 })) !== undefined) accepted++
      orDamage(() => checkMap(store, kind, hostile))
      orDamage(() => [...scan(store, kind, hostile)])
      orDamage(() => [...diffMaps(store, kind, root, hostile)])
      orDamage(() => lookup(store, kind, hostile, utf8('k33')))
      orDamage(() =>
        updateMap(store, kind, hostile, [
          { key: utf8('k33x'), value: record },
          { key: utf8('k5'), value: null },
        ]),
      )
    }),
    { numRuns: 600 },
  )
  assert.ok(accepted > 50, `only ${accepted} changed pages were parsed`)
})
