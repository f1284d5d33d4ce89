/** The good fixtures, named by what they show. Long because it is one table of plans. */
import { utf8 } from '../../../src/base/bytes.ts'
import { Codec, FrameType, frameId } from '../../../src/brick/frame.ts'
import { headBytes } from '../../../src/brick/pointer.ts'
import { TileKind } from '../../../src/brick/tile-kind.ts'
import { type BrickPlan, type Changes, makeBrick } from './brick-maker.ts'
import { bricksOfMeaning } from './bricks-of-meaning.ts'
import { deflateFixed } from './codecs.ts'
import { editSlot } from './edit-slot.ts'
import { directory, emptyFile, file, hardLink, noise, root, special, symlink, words } from './entries.ts'
import { recordedText, recordedZstd } from './recorded-zstd.ts'

export interface GoodBrick {
  readonly plan: BrickPlan
  /** One sentence for other implementers. */
  readonly shows: string
  readonly changes?: Changes
  /** Of the finished file. */
  readonly edit?: (bytes: Uint8Array) => void
}

export const tile = 65_536
const cell = 64

const emptyTree: GoodBrick = {
  plan: { name: 'empty-tree', kind: 'tree', commits: [{ reason: 'first', length: 0, entries: [root()] }] },
  shows: 'A folder without entries: N is 0, there is a root NODE all the same, nothing is owned, SLOTS is empty.',
}

const oneFile: GoodBrick = {
  plan: {
    name: 'one-file',
    kind: 'file',
    commits: [
      {
        reason: 'first',
        length: cell,
        entries: [file('hello.txt', { start: 0, length: cell }, utf8('Hello, brick!'))],
      },
    ],
  },
  shows: 'The smallest brick with content: one file of 13 bytes, kind "file", no directory.',
}

const note = utf8('user.note')
/** struct vfs_cap_data, revision 2: cap_net_bind_service, permitted and effective. */
const bindsLowPorts = Uint8Array.of(1, 0, 0, 2, 0, 4, ...new Uint8Array(14))
const hardLinked = file('linked/first', { start: 1024, length: cell }, utf8('two names\n'), { nlink: 2 })
const sparseRuns = [
  { start: 4_096, length: 4_096 },
  { start: 150_000, length: 10 },
]

const smallTree: GoodBrick = {
  plan: {
    name: 'small-tree',
    kind: 'tree',
    commits: [
      {
        reason: 'first',
        length: 8 * tile,
        entries: [
          root({ mode: 0o1777 }),
          directory('linked', { mode: 0o2755 }),
          directory('linked/deeper'),
          emptyFile('empty'),
          file('text', { start: 0, length: 1024 }, words(1_000), {
            mode: 0o4755,
            uid: 1000,
            gid: 100,
            userName: '',
            groupName: 'users',
          }),
          hardLinked,
          hardLink('linked/second', hardLinked),
          file('two-tiles', { start: 2 * tile, length: 2 * tile }, words(70_000), {
            mtime: { seconds: -86_400, nanoseconds: 999_999_999 },
            flags: { torn: true, racy: true, special: false },
            grown: 2,
          }),
          file('sparse', { start: 4 * tile, length: 4 * tile }, sparse(200_000, sparseRuns), { extents: sparseRuns }),
          file(Uint8Array.of(0x66, 0xff, 0x0a), { start: 1088, length: cell }, utf8('a name that is no UTF-8')),
          file('attributes', { start: 1152, length: cell }, utf8('x'), {
            xattrs: [
              { name: utf8('security.capability'), value: bindsLowPorts },
              { name: note, value: words(3_000) },
            ],
          }),
          symlink('link', '../elsewhere'),
          special('fifo', 'fifo'),
          special('socket', 'socket'),
          special('null', 'char', 0x103n),
          special('loop0', 'block', 0x700n),
        ],
      },
    ],
  },
  shows:
    'Every kind of entry: hard link, sparse file, setuid and sticky modes, a time before 1970, extended attributes, a record of more than 2,048 bytes in a frame of its own, a name that is no UTF-8.',
}

const kept = file('kept', { start: tile, length: tile }, noise(3_000, 7))

const twoCommits: GoodBrick = {
  plan: {
    name: 'two-commits',
    kind: 'tree',
    commits: [
      {
        reason: 'first',
        length: 2 * tile,
        entries: [root(), kept, file('changed', { start: 0, length: cell }, utf8('before'))],
      },
      {
        reason: 'a file changed, one came',
        length: 2 * tile,
        entries: [
          root(),
          kept,
          file('changed', { start: 0, length: cell }, utf8('after it')),
          file('new', { start: cell, length: cell }, utf8('I am new')),
        ],
      },
    ],
  },
  shows:
    'Generation 2 in slot A, generation 1 in slot B and in HISTORY; frames of the first commit are used by the second.',
}

const fillAndHole: GoodBrick = {
  plan: {
    name: 'fill-and-hole',
    kind: 'tree',
    commits: [
      {
        reason: 'first',
        length: 16 * tile,
        entries: [
          root(),
          file('stars', { start: 0, length: 2 * tile }, new Uint8Array(2 * tile).fill(0x2a)),
          file('zeros', { start: 2 * tile, length: 2 * tile }, new Uint8Array(tile + 1)),
          file('holes', { start: 4 * tile, length: 4 * tile }, sparse(4 * tile - 5, [{ start: tile, length: 100 }]), {
            extents: [{ start: tile, length: 100 }],
          }),
          file('all-hole', { start: 8 * tile, length: cell }, sparse(10, []), { extents: [] }),
        ],
        kinds: { 0: TileKind.fill, 1: TileKind.fill, 2: TileKind.fill },
      },
    ],
  },
  shows:
    'FILL tiles (a byte repeated, zeros that are owned), a STORED tile of zeros, HOLE tiles inside a sparse file and in free space.',
}

const lost = { start: tile, length: tile + 4_096 }

const unreadable: GoodBrick = {
  plan: {
    name: 'unreadable',
    kind: 'tree',
    commits: [
      {
        reason: 'first',
        length: 8 * tile,
        entries: [
          root(),
          directory('locked', { unreadable: 'EACCES' }),
          file('secret', { start: 0, length: 2 * tile }, sparse(100_000, []), { unreadable: 'EACCES' }),
          file('bad-disk', { start: 4 * tile, length: 3 * tile }, readAround(3 * tile, lost), {
            unreadable: 'EIO',
            unreadableRanges: [lost],
          }),
        ],
        kinds: { 0: TileKind.unreadable, 1: TileKind.unreadable, 5: TileKind.unreadable },
      },
    ],
  },
  shows:
    'A file and a directory that could not be read, and a file with an unreadable range: UNREADABLE tiles, and zeros that are not owned.',
}

const disk = [0, 2 ** 30 + 12_288, 2 ** 39, 2 ** 40 - 4_096].map((start) => ({ start, length: 4_096 }))

const largeSparse: GoodBrick = {
  plan: {
    name: 'large-sparse-1tib',
    kind: 'tree',
    commits: [
      {
        reason: 'first',
        length: 2 ** 40 + cell,
        entries: [
          root(),
          file('disk.img', { start: 0, length: 2 ** 40 }, sparse(2 ** 40, disk), { extents: disk }),
          file('note', { start: 2 ** 40, length: cell }, utf8('beyond')),
        ],
      },
    ],
  },
  shows:
    'A sparse file of 1 TiB with 16 KiB of data: a directory of height 4, HOLE and ABSENT subtrees, a slot of 4^20 bytes.',
}

const manyEntries: GoodBrick = {
  plan: {
    name: 'many-entries',
    kind: 'tree',
    commits: [{ reason: 'first', length: 2 * tile, entries: [root(), directory('many'), ...manyFiles(2_000)] }],
  },
  shows: '2,002 entries: ENTRIES and SLOTS have index pages.',
}

const eachCodec: GoodBrick = {
  plan: {
    name: 'each-codec',
    kind: 'tree',
    commits: [
      {
        reason: 'first',
        length: 4 * tile,
        entries: [
          root(),
          file('raw', { start: 0, length: tile }, words(500)),
          file('zstd', { start: tile, length: tile }, recordedText()),
          file('deflate', { start: 2 * tile, length: tile }, words(2_000)),
        ],
      },
    ],
  },
  shows: 'DATA frames of codec raw, zstd (with Huffman and FSE, recorded once from libzstd) and deflate-raw.',
  changes: {
    frame(draft) {
      if (draft.type !== FrameType.data) return draft
      if (draft.id === frameId(0, 0)) return { ...draft, codec: Codec.raw, stored: words(500) }
      if (draft.id === frameId(0, 1)) return { ...draft, codec: Codec.zstd, stored: recordedZstd() }
      return { ...draft, codec: Codec.deflateRaw, stored: deflateFixed(words(2_000)) }
    },
  },
}

const same = noise(5_000, 11)

const sharedTiles: GoodBrick = {
  plan: {
    name: 'shared-tiles',
    kind: 'tree',
    commits: [
      {
        reason: 'first',
        length: 4 * tile,
        entries: [
          root(),
          file('one', { start: 0, length: tile }, same),
          file('same', { start: tile, length: tile }, same),
        ],
        kinds: { 0: TileKind.shared, 1: TileKind.shared },
        tiles: 'shared',
      },
    ],
  },
  shows: 'Two SHARED tiles with one DATA frame.',
}

const pruned: GoodBrick = {
  plan: {
    name: 'pruned',
    kind: 'tree',
    commits: [
      {
        reason: 'first',
        length: 4 * tile,
        entries: [
          root(),
          file('here', { start: 0, length: cell }, utf8('still here')),
          file('gone', { start: 2 * tile, length: 2 * tile }, words(2 * tile)),
        ],
        kinds: { 2: TileKind.pruned, 3: TileKind.pruned },
      },
    ],
  },
  shows: 'PRUNED tiles: their hashes are there, their bytes are not, and overviews show nothing over them.',
}

const masksNewer: GoodBrick = {
  plan: { ...oneFile.plan, name: 'masks-newer' },
  shows: 'Minor version 1, unknown bits in the ro_compat and compat masks: to be read, not to be written.',
  edit: editSlot(1, (slot) => {
    slot.setUint16(10, 1, true)
    slot.setUint32(16, 0x10, true)
    slot.setUint32(20, 0xffff_ffff, true)
    slot.setUint8(8_159, 0xff)
  }),
}

const oneSlot: GoodBrick = {
  plan: { ...twoCommits.plan, name: 'one-slot' },
  shows: 'Generation 2 whose other slot is zeros, as in a copy.',
  edit: (bytes) => bytes.fill(0, headBytes / 2, headBytes),
}

export const goodBricks: readonly GoodBrick[] = [
  emptyTree,
  oneFile,
  smallTree,
  twoCommits,
  fillAndHole,
  unreadable,
  largeSparse,
  manyEntries,
  eachCodec,
  sharedTiles,
  pruned,
  masksNewer,
  oneSlot,
  ...bricksOfMeaning,
]

export function goodBrick(name: string): GoodBrick {
  const found = goodBricks.find(({ plan }) => plan.name === name)
  if (found === undefined) throw new Error(`there is no good fixture ${name}`)
  return found
}

export function makeGood({ plan, changes, edit }: GoodBrick): Uint8Array {
  const bytes = makeBrick(plan, changes)
  edit?.(bytes)
  return bytes
}

/** Content of a sparse file: each run holds other text. */
function sparse(size: number, runs: readonly { start: number; length: number }[]) {
  return {
    size,
    pieces: runs.map(({ start, length }, i) => ({ at: start, bytes: words(length).map((byte) => byte + i) })),
  }
}

/** Content with zeros where it could not be read. */
function readAround(size: number, gap: { start: number; length: number }) {
  const end = gap.start + gap.length
  return {
    size,
    pieces: [
      { at: 0, bytes: words(gap.start) },
      { at: end, bytes: words(size - end) },
    ],
  }
}

/** Every third has a byte of content, the others are empty. */
function manyFiles(count: number) {
  return Array.from({ length: count }, (_, i) => {
    const name = `many/${String(i).padStart(5, '0')}`
    return i % 3 === 0 ? file(name, { start: cell * i, length: cell }, Uint8Array.of(0x41)) : emptyFile(name)
  })
}
