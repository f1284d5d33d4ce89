/** Damage of pages, META, extras and history. */
import { concatBytes, utf8 } from '../../../src/base/bytes.ts'
import { FrameType } from '../../../src/brick/frame.ts'
import { type Item, mapKind } from '../../../src/brick/page.ts'
import { leafItem, rootOf, writePage } from '../../../src/brick/page-build.ts'
import { type BuiltRoot, buildMap, type MapItem, type MapName, type PageStore } from '../../../src/brick/page-map.ts'
import { nodeTools } from '../../../src/store/node-tools.ts'
import type { Changes } from './brick-maker.ts'
import { changed, type DamagedBrick, inMap, shortVarint, withByte } from './damage.ts'

const inTree = { base: 'small-tree', opens: 'yes' } as const

export const damagedMaps: readonly DamagedBrick[] = [
  page('page-keys-descending', 'Two keys of a leaf page are exchanged.', (items) => ({
    items: [items[1] as MapItem, items[0] as MapItem, ...items.slice(2)],
    prefix: 'longest',
  })),
  page('page-prefix-short', 'Keys are stored whole where they share a prefix with the key before.', (items) => ({
    items,
    prefix: 'none',
  })),
  page('page-left-over', 'A byte behind the last item of a page.', (items) => ({ items, prefix: 'longest', rest: 1 })),
  {
    name: 'page-shape-wrong',
    base: 'small-tree',
    breaks: 'ENTRIES is cut into two leaf pages after an item whose hash ends none.',
    rule: 'page-shape',
    readerRule: 'shape',
    opens: 'yes',
    bytes: changed('small-tree', {
      map: (map, items, store) => (map === 'entries' ? inTwoPages(items, store) : undefined),
    }),
  },
  record('page-hash', 'The page hash of the ENTRIES root is another.', 'page-hash', 'page', (record) => ({
    ...record,
    entries: { ...record.entries, hash: withByte(record.entries.hash, 0, 0) },
  })),
  record('page-count', 'The record says one entry more than there is.', 'page', 'page', (record) => ({
    ...record,
    entries: { ...record.entries, count: record.entries.count + 1 },
  })),
  record('tree-hash', 'The tree hash is not that of the entries.', 'page-hash', 'tree-hash', (record) => ({
    ...record,
    treeHash: withByte(record.treeHash, 0, 0),
  })),
  record('meta-hash', 'The meta hash is not that of the entries.', 'page-hash', 'meta-hash', (record) => ({
    ...record,
    metaHash: withByte(record.metaHash, 0, 0),
  })),
  meta('meta-proto', 'META with a key __proto__.', '"schema":1', '"__proto__":{},"schema":1'),
  meta('meta-duplicate-key', 'META that names its kind twice.', '"schema":1', '"schema":1,"kind":"tree"'),
  meta('meta-deep', 'META nested 17 deep.', '"schema":1', `"deep":${'['.repeat(16)}${']'.repeat(16)},"schema":1`),
  { ...meta('meta-schema', 'META of schema 2.', '"schema":1', '"schema":2'), readerRule: 'meta' },
  record('meta-sha', 'The SHA-256 of META is another.', 'meta', 'meta', (record) => ({
    ...record,
    meta: { ...record.meta, hash: withByte(record.meta.hash, 0, 0) },
  })),
  extras('extras-duplicate-key', 'Extras that give the reason twice.', '{"reason":"a","reason":"b"}', 'json'),
  extras('extras-not-an-object', 'Extras that are a list.', '[]', 'json'),
  extras('extras-dirty-descending', 'Dirty runs that do not ascend.', '{"dirty":[[5,1],[0,1]]}', 'commit'),
  {
    name: 'extras-changed',
    base: 'one-file',
    breaks: 'The extras are not those that the record has the hash of.',
    rule: 'extras',
    readerRule: 'commit',
    opens: 'yes',
    bytes: changed('one-file', { frame: commitFrame((stored) => withByte(stored, stored.length - 1, 0x20)) }),
  },
  {
    name: 'commit-other',
    base: 'one-file',
    breaks: 'The COMMIT frame says another liveBytes than the slot.',
    rule: 'commit',
    readerRule: 'commit',
    opens: 'yes',
    bytes: changed('one-file', { frame: commitFrame((stored) => withByte(stored, 64, 1)) }),
  },
  {
    name: 'parent-other',
    base: 'two-commits',
    breaks: 'The commit id of the parent is not that of the COMMIT frame that the parent pointer names.',
    rule: 'commit',
    readerRule: 'commit',
    opens: 'yes',
    bytes: changed('two-commits', { record: (one) => ({ ...one, parentId: withByte(one.parentId, 0, 0) }) }),
  },
  {
    name: 'history-wrong',
    base: 'two-commits',
    breaks: 'HISTORY names generation 1 with another commit id.',
    rule: 'commit',
    readerRule: 'history',
    opens: 'yes',
    bytes: changed(
      'two-commits',
      inMap('history', (items) => items.map(({ key: k, value }) => ({ key: k, value: withByte(value, 5, 0) }))),
    ),
  },
]

interface PlannedPage {
  readonly items: readonly MapItem[]
  readonly prefix: 'longest' | 'none'
  /** Zero bytes behind the last item. */
  readonly rest?: number
}

/** A page of SLOTS as planned, whatever it breaks. */
function page(name: string, breaks: string, plan: (items: readonly MapItem[]) => PlannedPage): DamagedBrick {
  const map = (which: MapName, items: readonly MapItem[], store: PageStore): BuiltRoot | undefined => {
    if (which !== 'slots') return undefined
    const raw = uncheckedPage(plan(items))
    const built = buildMap(store, which, items)
    return { ...built, pointer: store.writePage(raw, 2), hash: nodeTools.sha256(raw) }
  }
  return { ...inTree, name, breaks, rule: 'page', readerRule: 'page', bytes: changed('small-tree', { map }) }
}

function uncheckedPage({ items, prefix, rest = 0 }: PlannedPage): Uint8Array {
  const parts = [Uint8Array.of(2, 0), shortVarint(items.length)]
  let before = new Uint8Array(0)
  for (const { key: itemKey, value } of items) {
    const shared = prefix === 'none' ? 0 : sharedLength(before, itemKey)
    parts.push(shortVarint(shared), shortVarint(itemKey.length - shared), itemKey.subarray(shared))
    parts.push(shortVarint(2 * value.length), value)
    before = itemKey.slice()
  }
  return concatBytes([...parts, new Uint8Array(rest)])
}

function sharedLength(a: Uint8Array, b: Uint8Array): number {
  const different = a.findIndex((byte, i) => byte !== b[i])
  return different < 0 ? a.length : different
}

function inTwoPages(items: readonly MapItem[], store: PageStore): BuiltRoot {
  const map = mapKind('entries')
  const leaves = [items.slice(0, 5), items.slice(5)].map((part) =>
    writePage(store, map, { kind: 'leaf', level: 0, items: part.map((item) => leafItem({ store, map }, item)) }),
  )
  return rootOf({ store, map }, writePage(store, map, { kind: 'index', level: 1, items: leaves satisfies Item[] }))
}

function record(
  name: string,
  breaks: string,
  rule: string,
  readerRule: string,
  change: NonNullable<Changes['record']>,
): DamagedBrick {
  return { ...inTree, name, breaks, rule, readerRule, bytes: changed('small-tree', { record: change }) }
}

function meta(name: string, breaks: string, from: string, to: string): DamagedBrick {
  const change = (payload: Uint8Array) => utf8(new TextDecoder().decode(payload).replace(from, to))
  return {
    base: 'one-file',
    opens: 'yes',
    name,
    breaks,
    rule: 'meta',
    readerRule: 'json',
    bytes: changed('one-file', { meta: change }),
  }
}

function extras(name: string, breaks: string, json: string, readerRule: string): DamagedBrick {
  const bytes = changed('one-file', { extras: () => utf8(json) })
  return { base: 'one-file', opens: 'yes', name, breaks, rule: 'extras', readerRule, bytes }
}

function commitFrame(change: (stored: Uint8Array) => Uint8Array): NonNullable<Changes['frame']> {
  return (draft) => (draft.type === FrameType.commit ? { ...draft, stored: change(draft.stored) } : draft)
}
