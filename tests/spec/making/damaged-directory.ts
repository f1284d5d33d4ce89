/** Damage of nodes, hashes, contents and overviews. */
import { concatBytes, utf8 } from '../../../src/base/bytes.ts'
import { setKind, TileKind } from '../../../src/brick/node.ts'
import { changed, type DamagedBrick, inMap, recordFields, recordOf, replanned, withByte, withHex } from './damage.ts'
import type { DirectoryChanges } from './directory.ts'
import { directory, file, root } from './entries.ts'

const tile = 65_536

export const damagedDirectories: readonly DamagedBrick[] = [
  node('node-wrong-height', 'one-file', 'A root NODE that says height 2 where N asks for 1.', {
    node: (payload) => withByte(payload, 0, 2),
  }),
  node('node-varint-not-minimal', 'one-file', 'The count 1 of the first run is 81 00.', {
    node: (payload) => withHex(payload, '0101', '018100'),
  }),
  node('node-runs-not-merged', 'one-file', 'Two neighbouring runs of ABSENT.', {
    node: (payload) => withHex(payload, '00ff01', '0064009b01'),
  }),
  node('node-run-too-long', 'one-file', 'The runs of section A sum to 257.', {
    node: (payload) => withHex(payload, '00ff01', '008002'),
  }),
  node('node-left-over', 'one-file', 'A byte behind the last column.', {
    node: (payload) => concatBytes([payload, Uint8Array.of(0)]),
  }),
  node('node-fill-in-overviews', 'empty-tree', 'A FILL item in section B.', {
    node: (payload) => withHex(payload, '008002008002', '008002' + '02008002'),
  }),
  node('node-hole-in-overviews', 'empty-tree', 'HOLE items in section B.', {
    node: (payload) => withHex(payload, '008002008002', '008002' + '038002'),
  }),
  node('node-absent-inside-n', 'fill-and-hole', 'A tile inside N is ABSENT.', {
    table: ({ a }) => setKind(a, 15, { kind: TileKind.absent }),
  }),
  node('node-hole-beyond-n', 'fill-and-hole', 'A tile beyond N is HOLE.', {
    table: ({ a }) => setKind(a, 16, { kind: TileKind.hole }),
  }),
  node('node-birth-later', 'one-file', 'A frame that was written by generation 2, in generation 1.', {
    table: ({ a }) => {
      a.births[0] = 2
    },
  }),
  {
    ...node('node-offset-outside', 'one-file', 'A frame that lies beyond fileEnd.', {
      table: ({ a }) => {
        a.offsets[0] = 1 << 30
      },
    }),
    rule: 'pointer',
  },
  {
    ...node('node-locator-length', 'one-file', 'The storedLen in the node is not that of the frame.', {
      table: ({ a }) => {
        a.lengths[0] = 14
      },
    }),
    rule: 'frame',
    readerRule: 'frame',
  },
  {
    ...node('tile-hash', 'one-file', 'The tile says "Jello, brick!", with a crc that holds: its hash is another.', {
      tile: (bytes) => withByte(bytes, 0, 0x4a),
    }),
    rule: 'content',
    readerRule: 'hash',
  },
  {
    ...node('hashes-wrong', 'fill-and-hole', 'HASHES has another hash for a HOLE.', {
      hashes: (hashes) => withByte(hashes, 15 * 32, 0),
    }),
    rule: 'content',
    readerRule: 'hash',
  },
  {
    ...node('hashes-short', 'one-file', 'HASHES of 8,160 bytes.', { hashes: (hashes) => hashes.subarray(0, 8_160) }),
    readerRule: 'hashes',
  },
  {
    name: 'content-root',
    base: 'one-file',
    breaks: 'The content root of the record is not that of the directory.',
    rule: 'node',
    readerRule: 'content-root',
    opens: 'yes',
    bytes: changed('one-file', {
      record: (record) => ({ ...record, contentRoot: withByte(record.contentRoot, 0, 0) }),
    }),
  },
  {
    name: 'content-id',
    base: 'one-file',
    breaks: 'The content id of the entry is not that of its bytes; the tree hash is computed from it.',
    rule: 'content',
    readerRule: 'content-id',
    opens: 'yes',
    bytes: changed(
      'one-file',
      inMap('entries', (items) => items.map(withOtherContentId)),
    ),
  },
  {
    name: 'fill-not-owned',
    base: 'fill-and-hole',
    breaks: 'A FILL tile of which an entry owns one byte.',
    rule: 'content',
    readerRule: 'fill',
    opens: 'yes',
    bytes: replanned('fill-and-hole', (last) => ({ ...last, kinds: { ...last.kinds, 3: TileKind.fill } })),
  },
  {
    name: 'free-bytes-not-zero',
    base: 'one-file',
    breaks: 'A byte behind the content, in the rest of its slot, is not zero.',
    rule: 'content',
    readerRule: 'not-owned',
    opens: 'yes',
    bytes: replanned('one-file', (last) => {
      const content = { size: 13, pieces: [{ at: 0, bytes: utf8('Hello, brick!!') }] }
      return { ...last, entries: [file('hello.txt', { start: 0, length: 64 }, content)] }
    }),
  },
  {
    name: 'slots-overlap',
    base: 'one-file',
    breaks: 'The slots of two entries overlap.',
    rule: 'slots',
    readerRule: 'slots',
    opens: 'yes',
    bytes: replanned('empty-tree', (last) => ({
      ...last,
      length: tile,
      entries: [
        root(),
        directory('d'),
        file('d/a', { start: 0, length: 128 }, utf8('first')),
        file('d/b', { start: 64, length: 64 }, utf8('second')),
      ],
    })),
  },
  overview('overview-level-2-wrong', 'A level-2 page says something else than its tile.', {
    overview: (page, { level }) => (level === 2 ? page && withByte(page, 0, 1) : page),
  }),
  overview('overview-top-wrong', 'The top overview says something else than what is beneath.', {
    overview: (page, { level }) => (level === 6 ? page && withByte(page, 0, 1) : page),
  }),
  {
    ...overview('overview-missing', 'A level-4 page is ABSENT though bytes beneath are owned.', {
      overview: (page, { level }) => (level === 4 ? undefined : page),
    }),
    rule: 'node',
  },
  {
    ...overview('overview-level-2-missing', 'A level-2 page is ABSENT though bytes of its tile are owned.', {
      overview: (page, { level }) => (level === 2 ? undefined : page),
    }),
    rule: 'node',
  },
  {
    ...overview('overview-of-nothing', 'A level-2 page of zeros where nothing is owned.', {
      overview: (page, { level, index }) => (level === 2 && index === 1 ? new Uint8Array(7_680) : page),
    }),
    rule: 'node',
  },
  {
    ...overview('overview-short', 'A level-2 page of 7,679 bytes.', {
      overview: (page, { level }) => (level === 2 ? page?.subarray(1) : page),
    }),
    rule: 'frame-limit',
  },
]

function node(name: string, base: string, breaks: string, changes: DirectoryChanges): DamagedBrick {
  return { name, base, breaks, rule: 'node', readerRule: 'node', opens: 'yes', bytes: changed(base, changes) }
}

function overview(name: string, breaks: string, changes: DirectoryChanges): DamagedBrick {
  const bytes = changed('one-file', changes)
  return { name, base: 'one-file', breaks, rule: 'content', readerRule: 'overview', opens: 'yes', bytes }
}

function withOtherContentId({ key, value }: { key: Uint8Array; value: Uint8Array }) {
  const fields = recordFields(value).map((field) =>
    field.tag === 3 ? { ...field, value: withByte(field.value, 0, 0) } : field,
  )
  return { key, value: recordOf(fields) }
}
