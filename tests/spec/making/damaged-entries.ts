/** Damage of records in ENTRIES and SLOTS; pages and hashes over them are as they should be. */
import { compareBytes, concatBytes, utf8 } from '../../../src/base/bytes.ts'
import { keyOfPath } from '../../../src/brick/entry-record.ts'
import { encodeSlotRecord, slotKey } from '../../../src/brick/map-records.ts'
import type { MapItem } from '../../../src/brick/page-map.ts'
import { nodeTools } from '../../../src/store/node-tools.ts'
import { sorted } from './brick-maker.ts'
import { changed, type DamagedBrick, inMap, recordFields, recordOf, replanned, shortVarint } from './damage.ts'
import { emptyFile, file, hardLink } from './entries.ts'
import type { PlannedEntry } from './space.ts'

const inTree = { base: 'small-tree', opens: 'yes' } as const

export const damagedEntries: readonly DamagedBrick[] = [
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
    items.map((item) =>
      item.key[7] === 0 && item.key[6] === 0 ? { ...item, value: withLength(item.value, 320) } : item,
    ),
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
]

type Field = ReturnType<typeof recordFields>[number]

/** The empty file gets another key. */
function key(name: string, breaks: string, text: string): DamagedBrick {
  const empty = keyOfPath(utf8('empty'))
  const change = (items: readonly MapItem[]) =>
    sorted(items.map((item) => (compareBytes(item.key, empty) === 0 ? { ...item, key: utf8(text) } : item)))
  return {
    ...inTree,
    name,
    breaks,
    rule: 'path',
    readerRule: 'path',
    bytes: changed('small-tree', inMap('entries', change)),
  }
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
function field(
  name: string,
  breaks: string,
  path: string,
  change: (fields: readonly Field[]) => readonly Field[],
): DamagedBrick {
  const wanted = keyOfPath(utf8(path))
  const change2 = (items: readonly MapItem[]) =>
    items.map((item) =>
      compareBytes(item.key, wanted) === 0 ? { ...item, value: recordOf(change(recordFields(item.value))) } : item,
    )
  return {
    ...inTree,
    name,
    breaks,
    rule: 'entry',
    readerRule: 'entry',
    bytes: changed('small-tree', inMap('entries', change2)),
  }
}

function inserted(fields: readonly Field[], added: Field): Field[] {
  return [...fields, added].toSorted((a, b) => a.tag - b.tag)
}

/** {gap 4096, length 4096} as {4096, 2048} {0, 2048}. */
function inTwoRuns(runs: Uint8Array): Uint8Array {
  return concatBytes([Uint8Array.of(3, 0x80, 0x20, 0x80, 0x10, 0, 0x80, 0x10), runs.subarray(5)])
}

function slots(name: string, breaks: string, change: (items: readonly MapItem[]) => readonly MapItem[]): DamagedBrick {
  return {
    ...inTree,
    name,
    breaks,
    rule: 'slots',
    readerRule: 'slots',
    bytes: changed('small-tree', inMap('slots', change)),
  }
}

/** Lengths of the slots that are changed here take two bytes. */
function withLength(value: Uint8Array, length: number): Uint8Array {
  return concatBytes([shortVarint(length), value.subarray(2)])
}
