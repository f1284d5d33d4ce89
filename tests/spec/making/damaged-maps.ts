/** Damage of pages, entries, slots, META, extras and history. */
import { compareBytes, concatBytes, utf8 } from '../../../src/base/bytes.ts'
import { encodeEntry, keyOfPath } from '../../../src/brick/entry-record.ts'
import { FrameType } from '../../../src/brick/frame.ts'
import { encodeSlotRecord, slotKey } from '../../../src/brick/map-records.ts'
import { type Item, mapKind } from '../../../src/brick/page.ts'
import { leafItem, rootOf, writePage } from '../../../src/brick/page-build.ts'
import { type BuiltRoot, buildMap, type MapItem, type MapName, type PageStore } from '../../../src/brick/page-map.ts'
import { nodeTools } from '../../../src/store/node-tools.ts'
import { type Changes, sorted } from './brick-maker.ts'
import { changed, type DamagedBrick, inMap, recordFields, recordOf, replanned, shortVarint, withByte } from './damage.ts'
import { emptyFile, file, hardLink } from './entries.ts'
import type { PlannedEntry } from './space.ts'

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
    bytes: changed('small-tree', { map: (map, items, store) => (map === 'entries' ? inTwoPages(items, store) : undefined) }),
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
  key('entry-path-dotdot', 'An entry with the name "..".', '\0..'),
  key('entry-path-nul', 'A name with a NUL.', '\0a\0b'),
  key('entry-path-slash', 'A name with a slash.', '\0a/b'),
  key('entry-path-long', 'A name of 256 bytes.', `\0${'n'.repeat(256)}`),
  key('entry-parent-missing', 'An entry whose directory is not in the brick.', 'nowhere\0name'),
  key('entry-parent-is-link', 'An entry in a symbolic link.', 'link\0name'),
  entries('hard-link-to-link', 'A hard link that names a hard link.', 'path', (all) => [
    ...all,
    withContentId(hardLink('linked/third', named(all, 'linked/second')), 'two names\n'),
  ]),
  entries('hard-link-to-directory', 'A hard link that names a directory.', 'path', (all) => [
    ...all,
    withContentId(hardLink('zz', emptyFile('linked')), ''),
  ]),
  entries('hard-link-size', 'A hard link whose size is not that of the file it names.', 'entry', (all) =>
    all.map((entry) => (entry.record.linkTo ? { record: { ...entry.record, size: 11 } } : entry)),
  ),
  field('entry-field-missing', 'An entry without mtime.', 'empty', (fields) => fields.filter(({ tag }) => tag !== 12)),
  field('entry-tags-descending', 'Field 9 before field 8.', 'empty', (fields) => {
    return fields.map((_, i) => fields[i === 3 ? 4 : i === 4 ? 3 : i] as Field)
  }),
  field('entry-tag-of-another-kind', 'A file with a target.', 'empty', (fields) => [
    ...fields.slice(0, 3),
    { tag: 4, value: utf8('target') },
    ...fields.slice(3),
  ]),
  field('entry-number-left-over', 'A mode of which a byte is left over.', 'empty', (fields) => {
    return fields.map((one) => (one.tag === 7 ? { ...one, value: concatBytes([one.value, Uint8Array.of(0)]) } : one))
  }),
  field('entry-text-not-utf-8', 'A user name that is no UTF-8.', 'empty', (fields) => {
    return fields.map((one) => (one.tag === 10 ? { ...one, value: Uint8Array.of(0xff) } : one))
  }),
  field('entry-no-content-id', 'A file that could be read, without content id.', 'text', (fields) => {
    return fields.filter(({ tag }) => tag !== 3)
  }),
  field('entry-flag-without-reason', 'Flag 4, but neither field 22 nor 23.', 'text', (fields) => {
    return inserted(fields, { tag: 21, value: Uint8Array.of(4) })
  }),
  field('entry-runs-touch', 'The first data extent in two parts without a gap.', 'sparse', (fields) => {
    return fields.map((one) => (one.tag === 13 ? { ...one, value: inTwoRuns(one.value) } : one))
  }),
  field('entry-extent-beyond-size', 'A data extent that ends beyond the size.', 'sparse', (fields) => {
    return fields.map((one) => (one.tag === 13 ? { ...one, value: Uint8Array.of(1, 0, 0xff, 0xff, 0x7f) } : one))
  }),
  slots('slot-not-a-square', 'A slot of 5 cells.', (items) =>
    items.map((item) => (item.key[7] === 0 && item.key[6] === 0 ? { ...item, value: withLength(item.value, 320) } : item)),
  ),
  slots('slot-of-nobody', 'A slot whose entry is not in the brick.', (items) => {
    const value = encodeSlotRecord({ length: 64, entryKey: keyOfPath(utf8('nobody')) })
    return sorted([...items, { key: slotKey(4096), value }])
  }),
  slots('slot-missing', 'An entry whose slot is not in SLOTS.', (items) => items.slice(1)),
  {
    name: 'slot-shape',
    base: 'small-tree',
    breaks: 'The slot of an entry is 5 cells long, in SLOTS as in its record.',
    rule: 'slots',
    readerRule: 'slots',
    opens: 'yes',
    bytes: replanned('small-tree', (last) => ({
      ...last,
      entries: [...last.entries, file('five', { start: 4096, length: 320 }, utf8('five cells'))],
    })),
  },
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
    bytes: changed('two-commits', inMap('history', (items) => items.map(({ key: k, value }) => ({ key: k, value: withByte(value, 5, 0) })))),
  },
]

type Field = ReturnType<typeof recordFields>[number]

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

function record(name: string, breaks: string, rule: string, readerRule: string, change: NonNullable<Changes['record']>): DamagedBrick {
  return { ...inTree, name, breaks, rule, readerRule, bytes: changed('small-tree', { record: change }) }
}

/** The empty file gets another key. */
function key(name: string, breaks: string, text: string): DamagedBrick {
  const empty = keyOfPath(utf8('empty'))
  const change = (items: readonly MapItem[]) =>
    sorted(items.map((item) => (compareBytes(item.key, empty) === 0 ? { ...item, key: utf8(text) } : item)))
  return { ...inTree, name, breaks, rule: 'path', readerRule: 'path', bytes: changed('small-tree', inMap('entries', change)) }
}

function entries(
  name: string,
  breaks: string,
  rule: 'path' | 'entry',
  change: (all: readonly PlannedEntry[]) => readonly PlannedEntry[],
): DamagedBrick {
  const bytes = replanned('small-tree', (last) => ({ ...last, entries: change(last.entries) }))
  return { ...inTree, name, breaks, rule, readerRule: rule, bytes }
}

function named(all: readonly PlannedEntry[], path: string): PlannedEntry {
  const found = all.find(({ record: one }) => compareBytes(one.path, utf8(path)) === 0)
  if (found === undefined) throw new Error(`there is no ${path}`)
  return found
}

function withContentId({ record: one }: PlannedEntry, content: string): PlannedEntry {
  return { record: { ...one, contentId: nodeTools.sha256(utf8(content)) } }
}

/** The fields of one entry as they are stored. */
function field(name: string, breaks: string, path: string, change: (fields: readonly Field[]) => readonly Field[]): DamagedBrick {
  const wanted = keyOfPath(utf8(path))
  const change2 = (items: readonly MapItem[]) =>
    items.map((item) =>
      compareBytes(item.key, wanted) === 0 ? { ...item, value: recordOf(change(recordFields(item.value))) } : item,
    )
  return { ...inTree, name, breaks, rule: 'entry', readerRule: 'entry', bytes: changed('small-tree', inMap('entries', change2)) }
}

function inserted(fields: readonly Field[], added: Field): Field[] {
  return [...fields, added].toSorted((a, b) => a.tag - b.tag)
}

/** {gap 4096, length 4096} as {4096, 2048} {0, 2048}. */
function inTwoRuns(runs: Uint8Array): Uint8Array {
  return concatBytes([Uint8Array.of(3, 0x80, 0x20, 0x80, 0x10, 0, 0x80, 0x10), runs.subarray(5)])
}

function slots(name: string, breaks: string, change: (items: readonly MapItem[]) => readonly MapItem[]): DamagedBrick {
  return { ...inTree, name, breaks, rule: 'slots', readerRule: 'slots', bytes: changed('small-tree', inMap('slots', change)) }
}

/** Lengths of the slots that are changed here take two bytes. */
function withLength(value: Uint8Array, length: number): Uint8Array {
  return concatBytes([shortVarint(length), value.subarray(2)])
}

function meta(name: string, breaks: string, from: string, to: string): DamagedBrick {
  const change = (payload: Uint8Array) => utf8(new TextDecoder().decode(payload).replace(from, to))
  return { base: 'one-file', opens: 'yes', name, breaks, rule: 'meta', readerRule: 'json', bytes: changed('one-file', { meta: change }) }
}

function extras(name: string, breaks: string, json: string, readerRule: string): DamagedBrick {
  const bytes = changed('one-file', { extras: () => utf8(json) })
  return { base: 'one-file', opens: 'yes', name, breaks, rule: 'extras', readerRule, bytes }
}

function commitFrame(change: (stored: Uint8Array) => Uint8Array): NonNullable<Changes['frame']> {
  return (draft) => (draft.type === FrameType.commit ? { ...draft, stored: change(draft.stored) } : draft)
}
