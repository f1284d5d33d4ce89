/** Damage of regions and mappings; pages and hashes over them are as they should be. */
import { concatBytes, utf8 } from '../../../src/base/bytes.ts'
import { keyOfPath } from '../../../src/brick/entry-record.ts'
import type { MapItem } from '../../../src/brick/page-map.ts'
import { regionKey } from '../../../src/brick/region-key.ts'
import { encodeRegion } from '../../../src/brick/region-record.ts'
import { sorted } from './brick-maker.ts'
import { changed, type DamagedBrick, inMap, recordFields, recordOf } from './damage.ts'

type Field = ReturnType<typeof recordFields>[number]

const page = 4_096
const symbol = { length: 1, class: 'symbol', name: 'one too many' }

export const damagedMeanings: readonly DamagedBrick[] = [
  one('region-outside', 'A region that begins where no entry has content.', { start: 2 * page, ...symbol }),
  one('region-beyond-content', 'A region that ends beyond the content that it begins in.', {
    ...{ start: 2 * page - 1, ...symbol },
    length: 2,
  }),
  one('region-size-class', 'A region of one byte under the key of size class 1.', {
    start: 0,
    sizeClass: 1,
    ...symbol,
  }),
  regions('region-key-short', 'The key of a region without ordinal.', (items) =>
    items.map((item, i) => (i === 0 ? { ...item, key: item.key.subarray(0, 10) } : item)),
  ),
  regions('region-size-class-11', 'A key of size class 11.', (items) => [
    ...items,
    { key: Uint8Array.of(11, ...new Uint8Array(11)), value: encodeRegion(symbol) },
  ]),
  fields('region-no-class', 'A region without a class.', (all) => all.filter(({ tag }) => tag !== 2)),
  fields('region-finding-half', 'A finding without the rule that found it.', (all) =>
    all.filter(({ tag }) => tag !== 7),
  ),
  fields('region-severity', 'A finding of severity 6.', (all) => withValue(all, 6, Uint8Array.of(6))),
  fields('region-certain', 'A confidence of more than 1,000 thousandths.', (all) =>
    withValue(all, 10, Uint8Array.of(0xe9, 7)),
  ),
  fields('region-evidence-cut', 'Evidence that is longer than its field.', (all) =>
    withValue(all, 8, Uint8Array.of(1, 9, 0x61)),
  ),
  fields('region-name-empty', 'A name that is there and empty.', (all) => withValue(all, 4, utf8(''))),
  fields('region-attributes-list', 'Attributes that are no object.', (all) => withValue(all, 5, utf8('[1]')), 'json'),
  fields(
    'region-attributes-proto',
    'Attributes with a key __proto__.',
    (all) => withValue(all, 5, utf8('{"__proto__":1}')),
    'json',
  ),
  mapping('mapping-letters', 'A mapping with the permissions "rwxq".', (value) => withLetters(value, 'rwxq')),
  mapping('mapping-beyond-2-64', 'A mapping that ends beyond the last address.', (value) =>
    concatBytes([new Uint8Array(8).fill(0xff), value.subarray(8)]),
  ),
  mapping('mapping-lead', 'More bytes before a mapping than its content has.', (value) =>
    concatBytes([value.subarray(0, 8), Uint8Array.of(0x80, 0x80, 0x80, 1), value.subarray(9)]),
  ),
  mapping('mapping-unread', 'A mapping that is never read, with content.', (value) =>
    concatBytes([value.subarray(0, 9), Uint8Array.of(1), value.subarray(10)]),
  ),
  mapping('mapping-short', 'A mapping without an inode.', (value) => value.subarray(0, 30)),
]

/** Field 26 of the heap, which has no lead. */
function mapping(name: string, breaks: string, change: (value: Uint8Array) => Uint8Array): DamagedBrick {
  const key = keyOfPath(utf8('000055d0c0df0000'))
  const changes = inMap('entries', (items) =>
    items.map((item) => {
      if (Buffer.compare(item.key, key) !== 0) return item
      const all = recordFields(item.value)
      return {
        key,
        value: recordOf(all.map((each) => (each.tag === 26 ? { ...each, value: change(each.value) } : each))),
      }
    }),
  )
  return damaged({ name, breaks, rule: 'entry', readerRule: 'entry', bytes: changed('memory', changes) })
}

function withLetters(value: Uint8Array, letters: string): Uint8Array {
  return concatBytes([value.subarray(0, 10), utf8(letters), value.subarray(14)])
}

/** With one more region. */
function one(
  name: string,
  breaks: string,
  {
    start,
    sizeClass = 0,
    ...region
  }: { start: number; sizeClass?: number; length: number; class: string; name: string },
): DamagedBrick {
  const key = regionKey({ sizeClass, start, layer: 48, ordinal: 9 })
  return regions(name, breaks, (items) => sorted([...items, { key, value: encodeRegion(region) }]))
}

/** The fields of the one region that is a finding. */
function fields(
  name: string,
  breaks: string,
  change: (fields: readonly Field[]) => readonly Field[],
  readerRule = 'regions',
): DamagedBrick {
  const changes = (items: readonly MapItem[]) =>
    items.map((item) => {
      const all = recordFields(item.value)
      return all.some(({ tag }) => tag === 7) ? { ...item, value: recordOf(change(all)) } : item
    })
  return { ...regions(name, breaks, changes), readerRule }
}

function regions(
  name: string,
  breaks: string,
  change: (items: readonly MapItem[]) => readonly MapItem[],
): DamagedBrick {
  const bytes = changed('memory', inMap('regions', change))
  return damaged({ name, breaks, rule: 'regions', readerRule: 'regions', bytes })
}

function withValue(all: readonly Field[], tag: number, value: Uint8Array): Field[] {
  return all.map((each) => (each.tag === tag ? { ...each, value } : each))
}

function damaged(rest: Omit<DamagedBrick, 'base' | 'opens'>): DamagedBrick {
  return { base: 'memory', opens: 'yes', ...rest }
}
