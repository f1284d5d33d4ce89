/** Good fixtures of what is no file tree: the memory of a process, a log; and of regions. */
import { utf8 } from '../../../src/base/bytes.ts'
import type { Mapping } from '../../../src/base/entry.ts'
import type { Finding } from '../../../src/base/region.ts'
import type { MetaAnalysis } from '../../../src/brick/meta-analysis.ts'
import { TileKind } from '../../../src/brick/tile-kind.ts'
import type { PlannedRegion } from './brick-maker.ts'
import { emptyFile, file, root, words } from './entries.ts'
import type { GoodBrick } from './good-bricks.ts'

const tile = 65_536
const page = 4_096
const cell = 64

const anonymous = { lead: 0, permissions: 'rw-p', fileOffset: 0n, dev: 0n, ino: 0n, name: utf8('') }
const program = { dev: 0x803n, ino: 131_077n, name: utf8('/usr/bin/daemon (deleted)') }
/** A stack that has grown down into its room by three pages. */
const stack = { start: 8 * page, length: 3 * page }

function mappingFields(mapping: Partial<Mapping> & { address: bigint }) {
  return { mode: 0o600, dev: 0n, mapping: { ...anonymous, ...mapping } }
}

const memory: GoodBrick = {
  plan: {
    name: 'memory',
    kind: 'process',
    commits: [
      {
        reason: 'first',
        length: 16 * tile,
        meta: {
          source: utf8('proc:4711@1234567@0f1e2d3c'),
          worldReadable: false,
          about: { comm: 'daemon', pid: 4711 },
        },
        entries: [
          root({ mode: 0o700, uid: 1000, gid: 1000, userName: '', groupName: '' }),
          file('000055d0c0de0000', { start: 0, length: 2 * page }, words(2 * page), {
            ...mappingFields({ address: 0x55d0_c0de_0000n, permissions: 'r-xp', fileOffset: 0x2000n, ...program }),
          }),
          file('000055d0c0df0000', { start: 4 * tile, length: 4 * tile }, pages(40 * page, [0, 39]), {
            ...mappingFields({ address: 0x55d0_c0df_0000n, name: utf8('[heap]') }),
            extents: [
              { start: 0, length: page },
              { start: 39 * page, length: page },
            ],
            flags: { torn: true, racy: false, special: false },
          }),
          file('00007ffe10000000', { start: 16 * page, length: 16 * page }, pages(11 * page, [8, 9, 10]), {
            ...mappingFields({ address: 0x7ffe_1000_0000n, lead: 8 * page, name: utf8('[stack]') }),
            extents: [stack],
          }),
          file('00007f0000000000', { start: 2 * tile, length: cell * 64 }, new Uint8Array(page).fill(7), {
            ...mappingFields({
              address: 0x7f00_0000_0000n,
              permissions: 'rw-s',
              ...{ dev: 1n, ino: 2n ** 64n - 1n, fileOffset: 2n ** 63n },
              name: Uint8Array.of(0x2f, 0x6d, 0xff, 0x0a),
            }),
          }),
          emptyFile('00007f4000000000', {
            ...mappingFields({ address: 0x7f40_0000_0000n, unread: 2 ** 33, permissions: '---p' }),
            unreadable: 'PROT_NONE',
          }),
          file(
            'ffffffffff600000',
            { start: 3 * tile, length: page },
            { size: page, pieces: [] },
            {
              ...mappingFields({ address: 2n ** 64n - BigInt(page), permissions: '--xp', name: utf8('[vsyscall]') }),
              unreadable: 'VSYSCALL',
              extents: [],
            },
          ),
        ],
        kinds: { 3: TileKind.unreadable },
        regions: [
          region(4 * tile, 40 * page, {
            layer: 0,
            class: 'mapping',
            name: '[heap]',
            attributes: { kind: 'heap', rss: 8_192, 'bytes per second': 1_048_576.5, growing: true },
            finding: {
              severity: 'medium',
              rule: 'memory-growth',
              evidence: ['grew from 4,096 to 163,840 bytes in 20 s', 'in 8 of 8 looks'],
              origin: 'deterministic',
              confidence: 0.95,
            },
          }),
          region(stack.start + 16 * page, stack.length, { layer: 0, class: 'mapping', name: '[stack]' }),
          region(64, 128, { layer: 48, class: 'symbol', name: 'main' }),
          region(64, 128, { layer: 48, class: 'symbol', name: '_start' }),
          region(0, 2 * page, { layer: 32, class: 'section', name: '.text' }),
        ],
      },
    ],
  },
  shows:
    'The memory of a process: mappings (field 26) with room to grow down, at the end of the address space, of a name that is no UTF-8; META about it; regions, one of them a finding.',
}

/** Of each size class the shortest and the longest that the file holds, all around its middle. */
const lengths = [
  0,
  1,
  256,
  257,
  2 ** 12,
  2 ** 12 + 1,
  2 ** 16,
  2 ** 20,
  2 ** 24,
  2 ** 28,
  2 ** 32,
  2 ** 36,
  2 ** 36 + 1,
]
const largeBytes = 2 ** 38

const ofRegions = {
  length: largeBytes + 4 ** 9,
  entries: [
    root(),
    file('disk.img', { start: 0, length: largeBytes }, { size: largeBytes, pieces: [] }, { extents: [] }),
    file('full', { start: largeBytes, length: 4 ** 3 }, words(64)),
    file('next', { start: largeBytes + 4 ** 3, length: 4 ** 3 }, words(5)),
  ],
}

const ofTheRoot: Finding = {
  ...{ severity: 'medium', rule: 'world-writable', evidence: ['mode 0777'], origin: 'deterministic', confidence: 1 },
  ...{ check: "stat -c '%a %n' FILE", weakness: 'CWE-732' },
}

/** What analyzers said of the first commit; its hashes are not to be known here. */
const analysed: MetaAnalysis = {
  version: 'engine/1 words/2',
  generation: 1,
  state: 'partial',
  ...{ contentRoot: '0'.repeat(64), metaHash: 'f'.repeat(64) },
  ...{ entries: 4, analysed: 2, problems: 1, labels: 3 },
  findings: { info: 0, low: 1, medium: 1, high: 0, critical: 0 },
  model: { state: 'unreachable', reason: 'nobody listens on 127.0.0.1:1234', labelled: 0 },
  placeless: [{ path: new Uint8Array(0), name: 'Everybody may write', detector: 'words/2', finding: ofTheRoot }],
}

const regions: GoodBrick = {
  plan: {
    name: 'regions',
    kind: 'tree',
    commits: [
      {
        reason: 'first',
        ...ofRegions,
        regions: [
          ...lengths.map((length, i) => region(2 ** 37 - 5 * i, length, { name: `${length} bytes` })),
          region(0, largeBytes, { layer: 0, class: 'whole', name: '' }),
          region(largeBytes, 64, { name: 'to the last byte of a slot' }),
          region(largeBytes + 64 + 4, 0, { class: 'gap', name: 'before the last byte' }),
          region(largeBytes + 64, 1, { layer: 255, class: 'überschrift', name: '日本 🜂\n' }),
          region(largeBytes + 64, 1, { layer: 255, name: 'alike', attributes: { list: 'ab'.repeat(2_000) } }),
          region(largeBytes + 64, 1, {
            layer: 255,
            name: 'odd keys',
            attributes: { '': null, b: [[], {}, -0.5, 1e21], a: { '€': '\u007f"\\' } },
            finding: { severity: 'critical', rule: 'r', evidence: [], origin: 'human', confidence: 0 },
          }),
        ],
      },
      {
        reason: 'analysed',
        ...ofRegions,
        regions: [
          region(largeBytes, 64, { layer: 0, class: 'problem', name: 'not looked at', detector: 'engine/1' }),
          region(largeBytes + 8, 4, { layer: 96, class: 'description', name: 'words', detector: 'model/1' }),
          region(largeBytes + 64, 5, {
            ...{ layer: 128, class: 'finding', name: 'a word', detector: 'words/2' },
            finding: { ...ofTheRoot, severity: 'low', rule: 'word', check: 'head -c 5 FILE' },
          }),
        ],
        meta: { analysis: analysed },
      },
    ],
  },
  shows:
    'Regions of every size class, points, regions at one place, a record in a frame of its own, a finding without evidence; then a commit of the same contents that says what analyzers said, in regions and in META.',
}

const lines = words(3 * tile)

const log: GoodBrick = {
  plan: {
    name: 'log',
    kind: 'log',
    commits: [
      {
        reason: 'first',
        length: 4 * tile,
        entries: [file('syslog', { start: 0, length: 4 * tile }, lines.subarray(0, 2 * tile))],
        regions: [line(0, 6), line(1_000, 6), line(tile, 5)],
      },
      {
        reason: 'new lines, old ones dropped',
        length: 4 * tile,
        entries: [file('syslog', { start: 0, length: 4 * tile }, lines)],
        kinds: { 0: TileKind.pruned },
        regions: [line(tile, 5), region(2 * tile, 0, { class: 'gap', name: 'lost' }), line(2 * tile, 7)],
        meta: { ended: '2026-01-01T00:00:00.000000000Z' },
      },
    ],
  },
  shows:
    'A log: one entry and no directory, its first tile PRUNED in the newest commit and not in the one before, lines as regions; it has ended.',
}

export const bricksOfMeaning: readonly GoodBrick[] = [memory, regions, log]

function region(start: number, length: number, fields: Partial<PlannedRegion>): PlannedRegion {
  return { layer: 64, class: 'record', name: '', ...fields, start, length }
}

function line(start: number, length: number): PlannedRegion {
  return region(start, length, { class: 'line', name: `line at ${start}`, attributes: { priority: 6 } })
}

/** Content of which only these pages are there. */
function pages(size: number, present: readonly number[]) {
  return { size, pieces: present.map((at) => ({ at: at * page, bytes: words(page).map((byte) => byte + at) })) }
}
