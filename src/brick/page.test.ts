import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareBytes, concatBytes, fromHex, toHex, utf8 } from '../base/bytes.ts'
import { nodeTools } from '../store/node-tools.ts'
import { encodePage, type IndexItem, inlineBytesMax, maps, type Page, parsePage } from './page.ts'
import { treeHashesOf } from './page-build.ts'
import { orDamage, ruleOf } from './testing/expect-damage.ts'
import { MemoryPages } from './testing/memory-pages.ts'

const place = { map: maps.slots, offset: 16_384 }

function bytes(hex: string): Uint8Array {
  return fromHex(hex.replaceAll(' ', '')) as Uint8Array
}

function inline(key: string, value: string) {
  return { kind: 'inline', key: utf8(key), value: utf8(value) } as const
}

const leaf: Page = {
  kind: 'leaf',
  level: 0,
  items: [
    inline('', 'root'),
    inline('abc', ''),
    inline('abcd', 'x'),
    {
      kind: 'overflow',
      key: utf8('abx'),
      pointer: { offset: 20_480, storedLength: 300 },
      hash: new Uint8Array(32).fill(9),
    },
    inline('b', 'y'),
  ],
}
const leafHex = `02 00 05  00 00 08 726f6f74  00 03 616263 00  03 01 64 02 78  02 01 78 01 800a ac02 ${'09'.repeat(32)}  00 01 62 02 79`

function indexItem(key: string, fill: number, treeHashes: boolean): IndexItem {
  const hash = (value: number) => new Uint8Array(treeHashes || value === fill ? 32 : 0).fill(value)
  return {
    kind: 'page',
    key: utf8(key),
    pointer: { offset: 16_400, storedLength: 100 },
    count: 130,
    birth: 3,
    hash: hash(fill),
    treeHash: hash(fill + 1),
    metaHash: hash(fill + 2),
  }
}

test('a leaf page is its items, byte for byte', () => {
  assert.equal(toHex(encodePage(maps.slots, leaf)), leafHex.replaceAll(' ', ''))
  assert.deepEqual(parsePage(bytes(leafHex), place), leaf)
})

test('an index page is its items, with tree hashes in ENTRIES alone', () => {
  const item = `8108 64 8201 03 ${'11'.repeat(32)}`
  const slots: Page = { kind: 'index', level: 1, items: [indexItem('k1', 0x11, false), indexItem('k2', 0x11, false)] }
  const slotsHex = `02 01 02  00 02 6b31 ${item}  01 01 32 ${item}`
  assert.equal(toHex(encodePage(maps.slots, slots)), slotsHex.replaceAll(' ', ''))
  assert.deepEqual(parsePage(bytes(slotsHex), place), slots)
  const entries: Page = { kind: 'index', level: 2, items: [indexItem('k1', 0x11, true)] }
  const entriesHex = `01 02 01  00 02 6b31 ${item} ${'12'.repeat(32)} ${'13'.repeat(32)}`
  assert.equal(toHex(encodePage(maps.entries, entries)), entriesHex.replaceAll(' ', ''))
  assert.deepEqual(parsePage(bytes(entriesHex), { map: maps.entries, offset: -1 }), entries)
})

test('the tree hash of a leaf covers key and tags 1 to 5, the meta hash tags 1 to 15', () => {
  const [tree, meta, rest] = ['01 01 02', '07 01 05  0c 02 02 00', '10 02 04 00  1a 01 ff']
  const page: Page = {
    kind: 'leaf',
    level: 0,
    items: [{ kind: 'inline', key: utf8('ab'), value: bytes(tree + meta + rest) }],
  }
  const hashes = treeHashesOf({ store: new MemoryPages(nodeTools), map: maps.entries }, page)
  assert.deepEqual(hashes.treeHash, nodeTools.sha256(bytes(`04  02 6162  03 ${tree}`)))
  assert.deepEqual(hashes.metaHash, nodeTools.sha256(bytes(`08  02 6162  0a ${tree} ${meta}`)))
})

test('the tree hash of an index page covers its level and the tree hashes of its children', () => {
  const page: Page = { kind: 'index', level: 3, items: [indexItem('a', 1, true), indexItem('b', 5, true)] }
  const hashes = treeHashesOf({ store: new MemoryPages(nodeTools), map: maps.entries }, page)
  assert.deepEqual(hashes.treeHash, nodeTools.sha256(bytes(`05 03 ${'02'.repeat(32)} ${'06'.repeat(32)}`)))
  assert.deepEqual(hashes.metaHash, nodeTools.sha256(bytes(`09 03 ${'03'.repeat(32)} ${'07'.repeat(32)}`)))
})

test('any items come back', () => {
  const anyKey = fc.uint8Array({ maxLength: 6 }).map((key) => new Uint8Array(key.map((byte) => byte & 1)))
  const anyItems = fc.uniqueArray(anyKey, { minLength: 1, maxLength: 60, selector: toHex })
  fc.assert(
    fc.property(anyItems, fc.nat({ max: inlineBytesMax }), (keys, length) => {
      const items = keys
        .sort(compareBytes)
        .map((key) => ({ kind: 'inline', key, value: new Uint8Array(length) }) as const)
      const page: Page = { kind: 'leaf', level: 0, items }
      assert.deepEqual(parsePage(encodePage(maps.slots, page), place), page)
    }),
  )
})

test('a page that breaks a rule is damage', () => {
  const overflow = `00 01 61 01 800a ac02 ${'09'.repeat(32)}`
  const index = `00 01 61 8108 64 8201 03 ${'11'.repeat(32)}`
  const broken: Record<string, string> = {
    nothing: '',
    'another map': '01 00 01  00 01 61 00',
    'level 16': `02 10 01 ${index}`,
    'no items': '02 00 00',
    '513 items': `02 00 8104 ${'00'.repeat(4_000)}`,
    'prefix of the first key': '02 00 01  01 01 61 00',
    'prefix longer than the key before': '02 00 02  00 01 61 00  02 01 61 00',
    'prefix that is too short': '02 00 02  00 02 6162 00  00 02 6163 00',
    'prefix that stops inside the key before': '02 00 02  00 03 616263 00  01 02 6264 00',
    'equal keys': '02 00 02  00 01 61 00  01 00 00',
    'descending keys': '02 00 02  00 01 62 00  00 01 61 00',
    'shorter key after its extension': '02 00 02  00 02 6162 00  01 00 00',
    'key of 4353 bytes': `02 00 01  00 8122 ${'61'.repeat(4_353)} 00`,
    'key of 4353 bytes with its prefix': `02 00 02  00 8022 ${'61'.repeat(4_352)} 00  8022 01 61 00`,
    'key beyond the page': '02 00 01  00 05 61',
    'record beyond the page': '02 00 01  00 01 61 08 00',
    'inline record of 2049 bytes': `02 00 01  00 01 61 8220 ${'00'.repeat(2_049)}`,
    'form 3': '02 00 01  00 01 61 03',
    'overflow inside the head': `02 00 01 ${overflow.replace('800a', 'ff07')}`,
    'overflow beyond 2^53': `02 00 01 ${overflow.replace('800a', '8080808080808001')}`,
    'overflow of 4 GiB': `02 00 01 ${overflow.replace('ac02', '8080808010')}`,
    'hash cut off': `02 00 01 ${overflow.slice(0, -2)}`,
    'count 0': `02 01 01 ${index.replace('8201', '00')}`,
    'birth 0': `02 01 01 ${index.replace(' 03 ', ' 00 ')}`,
    'left-over byte': '02 00 01  00 01 61 00  00',
    'missing item': '02 00 02  00 01 61 00',
  }
  assert.notEqual(
    orDamage(() => parsePage(bytes(`02 00 01 ${overflow}`), place)),
    undefined,
  )
  assert.notEqual(
    orDamage(() => parsePage(bytes(`02 01 01 ${index}`), place)),
    undefined,
  )
  for (const [name, hex] of Object.entries(broken))
    assert.equal(
      ruleOf(() => parsePage(bytes(hex), place)),
      'page',
      name,
    )
  assert.equal(
    ruleOf(() => parsePage(bytes('02 00 8100 00 01 61 00'), place)),
    'varint',
  )
  assert.equal(
    ruleOf(() => parsePage(bytes('02 00 8000'), place)),
    'varint',
  )
})

test('any change of a page parses to what encodes to the same bytes, or is damage', () => {
  const index: Page = { kind: 'index', level: 1, items: [indexItem('k1', 1, false), indexItem('k2', 2, false)] }
  const pages = [leaf, index].map((page) => encodePage(maps.slots, page))
  const edits = fc.array(fc.tuple(fc.nat({ max: 80 }), fc.nat({ max: 255 })), { maxLength: 3 })
  fc.assert(
    fc.property(
      fc.constantFrom(...pages),
      edits,
      fc.nat({ max: 200 }),
      fc.uint8Array({ maxLength: 4 }),
      (raw, changes, cut, tail) => {
        const mutated = concatBytes([raw.subarray(0, cut), tail, raw.subarray(cut)])
        for (const [at, value] of changes) mutated[at % mutated.length] = value
        const page = orDamage(() => parsePage(mutated, place))
        if (page !== undefined) assert.deepEqual(encodePage(maps.slots, page), mutated)
      },
    ),
    { numRuns: 5_000 },
  )
})

test('items that a page cannot hold are the mistake of the writer', () => {
  const wrong: Page[] = [
    { kind: 'leaf', level: 0, items: [] },
    { kind: 'leaf', level: 0, items: [inline('b', ''), inline('a', '')] },
    { kind: 'leaf', level: 0, items: [inline('a', ''), inline('a', '')] },
    { kind: 'leaf', level: 0, items: [inline('a'.repeat(4_353), '')] },
    { kind: 'leaf', level: 0, items: [inline('a', 'x'.repeat(2_049))] },
    { kind: 'leaf', level: 0, items: Array.from({ length: 513 }, (_, i) => inline(String(1_000 + i), '')) },
  ]
  for (const page of wrong) assert.throws(() => encodePage(maps.slots, page), { name: 'AssertionError' })
})
