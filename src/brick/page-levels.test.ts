import assert from 'node:assert/strict'
import { test } from 'node:test'
import { must } from '../base/assert.ts'
import { compareBytes, toHex, utf8 } from '../base/bytes.ts'
import { nodeTools } from '../store/node-tools.ts'
import { type MapKind, maps, parsePage } from './page.ts'
import { buildMap, checkMap, updateMap } from './page-map.ts'
import { isNaturalCut, keyHash, levelsMax } from './page-shape.ts'
import { MemoryPages } from './testing/memory-pages.ts'

const small: MapKind = { ...maps.entries, shape: { zeroBits: 3, itemsMax: 6 } }
/** Almost no natural cuts: nearly every page ends by the rule for long runs. */
const forced: MapKind = { ...maps.entries, shape: { zeroBits: 9, itemsMax: 5 } }

function itemsOf(keys: readonly string[]): { key: Uint8Array; value: Uint8Array }[] {
  const items = keys.map((key) => ({ key: utf8(key), value: Uint8Array.of(1, 1, 1) }))
  return items.sort((a, b) => compareBytes(a.key, b.key))
}

/** Keys of all pages that were written, by level. */
function pagesOf(store: MemoryPages, map: MapKind): string[][][] {
  const levels: string[][][] = []
  for (const [offset, raw] of store.pages) {
    const page = parsePage(raw, { map, offset })
    levels[page.level] ??= []
    must(levels[page.level], 'level').push(page.items.map(({ key }) => new TextDecoder().decode(key)))
  }
  return levels
}

test('the pages are those that the words of the specification make', () => {
  const cutByTheWords = (keys: readonly string[], level: number): string[][] => {
    const hash = (key: string) => BigInt(`0x${toHex(nodeTools.sha256(Uint8Array.of(level), utf8(key)))}`)
    const naturalBelow = 1n << BigInt(256 - small.shape.zeroBits)
    const divide = (run: readonly string[]): string[][] => {
      if (run.length <= small.shape.itemsMax) return [[...run]]
      const smallest = run.slice(0, -1).reduce((a, b) => (hash(b) < hash(a) ? b : a))
      const end = run.indexOf(smallest) + 1
      return [...divide(run.slice(0, end)), ...divide(run.slice(end))]
    }
    const runs: string[][] = [[]]
    for (const key of keys) {
      must(runs.at(-1), 'run').push(key)
      if (hash(key) < naturalBelow) runs.push([])
    }
    return runs.filter((run) => run.length > 0).flatMap(divide)
  }
  const keys = Array.from({ length: 700 }, (_, i) => `key ${i}`).sort()
  const expected: string[][][] = []
  for (let items = keys; ; ) {
    const pages = cutByTheWords(items, expected.length)
    expected.push(pages)
    if (pages.length === 1) break
    items = pages.map((page) => must(page.at(-1), 'last key'))
  }
  const store = new MemoryPages(nodeTools)
  buildMap(store, small, itemsOf(keys))
  assert.deepEqual(pagesOf(store, small), expected)
  assert.ok(expected.length >= 4, 'four levels or more')
})

test('names that make a page each on one level are like any others on the next', () => {
  const count = 80
  const keys: string[] = []
  for (let i = 0; keys.length < count; i++) {
    const key = `${String(keys.length).padStart(3, '0')} ${i}`
    const share = new DataView(keyHash(nodeTools, 0, utf8(key)).buffer).getUint32(0) / 2 ** 32
    if (Math.floor(share * count) === keys.length) keys.push(key)
  }
  const store = new MemoryPages(nodeTools)
  const root = buildMap(store, forced, itemsOf(keys))
  const [leaves, aboveLeaves] = pagesOf(store, forced)
  assert.ok(must(leaves, 'leaves').length >= count - forced.shape.itemsMax)
  assert.ok(must(aboveLeaves, 'level 1').length < count / 2)
  checkMap(store, forced, root)
})

test('a key that ends a run on every level would need one more, which is refused', () => {
  const map: MapKind = { ...maps.entries, shape: { zeroBits: 1, itemsMax: 6 } }
  const levels = Array.from({ length: levelsMax }, (_, level) => level)
  const endsAll = (key: string) =>
    levels.every((level) => isNaturalCut(keyHash(nodeTools, level, utf8(key)), map.shape))
  let hostile = 'a'
  for (let i = 0; !endsAll(hostile); i++) hostile = `a${i}`
  const items = itemsOf([hostile, 'b'])
  const store = new MemoryPages(nodeTools)
  assert.throws(() => buildMap(store, map, items), { code: 'BRICK_LIMIT' })
  const root = buildMap(store, map, items.slice(1))
  assert.throws(() => updateMap(store, map, root, items.slice(0, 1)), { code: 'BRICK_LIMIT' })
})
