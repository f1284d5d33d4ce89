/** spec/examples.md as a whole; whatever stands in it is computed here from the fixtures. */
import { compareBytes, concatBytes, toHex, utf8, utf8Text } from '../../../src/base/bytes.ts'
import { ByteWriter } from '../../../src/brick/byte-io.ts'
import { FrameType } from '../../../src/brick/frame.ts'
import { maps, parsePage } from '../../../src/brick/page.ts'
import { entropyTerms } from '../../../src/kernel/entropy-table.ts'
import { nodeTools } from '../../../src/store/node-tools.ts'
import { annotated, spaced, table } from './annotate.ts'
import { brickExamples, frameOf, framesOf } from './examples-brick.ts'
import { meaningExamples } from './examples-meaning.ts'
import { goodBrick, makeGood } from './good-bricks.ts'

export function examplesText(): string {
  const oneFile = makeGood(goodBrick('one-file'))
  const parts = [
    '# Examples',
    'Worked examples to `brick-v2.md`, from the bricks in `fixtures/`. Every byte and number here is computed by `scripts/make-fixtures.ts`; a test compares.\nHashes and offsets are of these files; `||` puts bytes one after another; numbers without further notice are decimal.',
    '## 1. Numbers',
    numbersTable(),
    ...brickExamples(oneFile),
    '## 3. A leaf node with runs: `fill-and-hole.brick`',
    fillAndHole(),
    '## 4. Hashes, step by step',
    ...hashes(oneFile),
    '## 5. Keys, prefixes and cuts of pages',
    ...pages(),
    '## 6. Texels of an overview',
    ...texels(oneFile),
    '## 7. A mapping and its regions: `memory.brick`',
    ...meaningExamples(),
  ]
  return `${parts.join('\n\n')}\n`
}

const sha256 = nodeTools.sha256

function numbersTable(): string {
  const rows = [0, 1, 127, 128, 300, 16_383, 16_384, 65_536, 2 ** 32, 2 ** 53 - 1].map((value) => [
    String(value),
    `\`${varintHex(value)}\``,
    value <= 2 ** 52 - 1 ? `\`${zigzagHex(value)}\`` : 'too large',
    value === 0 ? '' : value <= 2 ** 52 - 1 ? `\`${zigzagHex(-value)}\`` : 'too large',
  ])
  return `${table(['n', 'varint of n', 'zigzag of n', 'zigzag of -n'], rows)}\n\nNot minimal, hence refused: \`80 00\` for 0, \`ff 00\` for 127. Too long: nine bytes. Too large: \`ff ff ff ff ff ff ff 7f\`, 2^56 - 1.`
}

function varintHex(value: number): string {
  const writer = new ByteWriter(16)
  writer.varint(value)
  return spaced(writer.take())
}

function zigzagHex(value: number): string {
  const writer = new ByteWriter(16)
  writer.zigzag(value)
  return spaced(writer.take())
}

function fillAndHole(): string {
  const frames = framesOf(makeGood(goodBrick('fill-and-hole')))
  const { payload } = frameOf(frames, FrameType.node)
  const kinds = annotated(payload.subarray(0, 24), [
    [1, 'height', '1'],
    [3, 'FILL, byte, count', 'tiles 0 and 1: 2A, the file `stars`'],
    [3, 'FILL, byte, count', 'tile 2: 00, the first of the file `zeros`'],
    [2, 'STORED, count', 'tile 3: its last byte, a tile that is not owned wholly'],
    [2, 'HOLE, count', 'tile 4: the file `holes` begins with a hole'],
    [2, 'STORED, count', 'tile 5: data of `holes`'],
    [2, 'HOLE, count', 'tiles 6 .. 15: holes and free space'],
    [3, 'ABSENT, count', 'tiles 16 .. 255: beyond N'],
    [2, 'births: generation, count', 'both frames are of generation 1'],
    [2, 'lengths', `storedLen ${payload[20]}, ${payload[21]}`],
    [2, 'offsets', 'zigzag, in units of 16, from where the frame before ended'],
  ])
  return `Section A of its root NODE, in which neighbouring runs differ in kind or in byte:\n\n${kinds}`
}

function hashes(brick: Uint8Array): string[] {
  const frames = framesOf(brick)
  const { payload } = frameOf(frames, FrameType.commit)
  const content = utf8('Hello, brick!')
  const tile = new Uint8Array(65_536)
  tile.set(content)
  const leaf = sha256(Uint8Array.of(0), tile)
  const zero = sha256(Uint8Array.of(0), new Uint8Array(65_536))
  const node = sha256(Uint8Array.of(1, 1), leaf, ...Array.from({ length: 255 }, () => zero))
  const head = Uint8Array.of(2, 64, 0, 0, 0, 0, 0, 0, 0, 16)
  const contentRoot = sha256(head, node)
  expectSame(contentRoot, payload.subarray(392, 424))
  return [
    '### 4.1 Content id',
    `\`hello.txt\` has 13 bytes, at most 65,536: SHA-256(\`${spaced(content)}\`) =\n\n${block(sha256(content))}`,
    '### 4.2 Content root',
    table(
      ['what', 'preimage', 'SHA-256'],
      [
        ['leaf(tile 0)', '`00` &#124;&#124; the 13 bytes &#124;&#124; 65,523 zeros', code(leaf)],
        ['Z[0]', '`00` &#124;&#124; 65,536 zeros', code(zero)],
        ['node(1, c)', '`01 01` &#124;&#124; leaf(tile 0) &#124;&#124; 255 times Z[0]', code(node)],
        ['content root', `\`${spaced(head)}\` (02, N = 64, 16) &#124;&#124; node(1, c)`, code(contentRoot)],
      ],
    ),
    `Z[1] = SHA-256(\`01 01\` || 256 times Z[0]) = ${code(sha256(Uint8Array.of(1, 1), ...Array.from({ length: 256 }, () => zero)))}. An UNREADABLE tile: SHA-256(\`03\`) = ${code(sha256(Uint8Array.of(3)))}.`,
    '### 4.3 Tree hash and meta hash',
    ...treeHashes(frameOf(frames, FrameType.pages, 0).payload, payload),
    '### 4.4 Commit id',
    commitIdTable(payload.subarray(0, 616)),
  ]
}

function treeHashes(page: Uint8Array, record: Uint8Array): string[] {
  const key = page.subarray(5, 15)
  const stored = page.subarray(17)
  const through = (last: number) => {
    let at = 0
    while (at < stored.length && (stored[at] as number) <= last) at += 2 + (stored[at + 1] as number)
    return stored.subarray(0, at)
  }
  const preimage = (mark: number, covered: Uint8Array) =>
    concatBytes([Uint8Array.of(mark, key.length), key, Uint8Array.of(covered.length), covered])
  const tree = preimage(4, through(5))
  const meta = preimage(8, through(15))
  expectSame(sha256(tree), record.subarray(424, 456))
  expectSame(sha256(meta), record.subarray(456, 488))
  return [
    'The only page of ENTRIES is a leaf with one item. The tree hash covers the fields of tags 1 to 5 as they are stored:',
    annotated(tree, [
      [1, 'leaf page', ''],
      [1, 'keyLen', '10'],
      [10, 'key', ''],
      [1, 'length', String(through(5).length)],
      [through(5).length, 'tags 1, 2, 3', 'kind, size, content id'],
    ]),
    `SHA-256: ${code(sha256(tree))}, the tree hash. With \`08\`, and tags 1 to 15 (${through(15).length} bytes): ${code(sha256(meta))}, the meta hash.`,
  ]
}

function commitIdTable(record: Uint8Array): string {
  const slice = (at: number, length: number) => record.subarray(at, at + length)
  const preimage = concatBytes([
    Uint8Array.of(7),
    slice(0, 16),
    slice(568, 16),
    slice(504, 32),
    slice(24, 20),
    slice(48, 8),
    slice(392, 96),
    slice(584, 32),
  ])
  expectSame(sha256(preimage), slice(536, 32))
  const rows = annotated(preimage, [
    [1, 'mark', ''],
    [16, 'uuid', 'record, at 0'],
    [16, 'random', 'at 568'],
    [32, 'commit id of the parent', 'at 504'],
    [8, 'generation', 'at 24'],
    [8, 'seconds', 'at 32'],
    [4, 'nanoseconds', 'at 40'],
    [8, 'N', 'at 48'],
    [32, 'content root', 'at 392'],
    [32, 'tree hash', 'at 424'],
    [32, 'meta hash', 'at 456'],
    [32, 'SHA-256 of the extras', 'at 584'],
  ])
  return `${rows}\n\nSHA-256 of these ${preimage.length} bytes: ${code(sha256(preimage))}.`
}

function pages(): string[] {
  const small = framesOf(makeGood(goodBrick('small-tree'))).filter(
    ({ type, payload }) => type === FrameType.pages && payload[0] === 1 && payload[1] === 0,
  )
  const keys = parsePage((small.at(-1) as { payload: Uint8Array }).payload, { map: maps.entries, offset: 0 }).items.map(
    ({ key }) => key,
  )
  const rows = keys.map((key, i) => {
    const shared = i === 0 ? 0 : sharedLength(keys[i - 1] as Uint8Array, key)
    const rest = key.subarray(shared)
    return [
      shownKey(key),
      String(shared),
      rest.length === 0 ? '' : `\`${spaced(rest)}\``,
      code(sha256(Uint8Array.of(0), key).subarray(0, 4)),
    ]
  })
  return [
    'The keys of ENTRIES in `small-tree.brick`, in order. The dirname comes first, so that what is in one directory stands together. None of the hashes h(0, key) begins with six zero bits, and there are fewer than 256: one page.',
    table(['key', 'shared prefix', 'rest', 'h(0, key) begins'], rows),
    cutsOfMany(),
  ]
}

function cutsOfMany(): string {
  const isLeaf = (payload: Uint8Array) => payload[0] === 1 && payload[1] === 0
  const leaves = framesOf(makeGood(goodBrick('many-entries'))).filter(
    ({ type, payload }) => type === FrameType.pages && isLeaf(payload),
  )
  const rows = leaves.slice(0, 8).map(({ payload }, i) => {
    const items = parsePage(payload, { map: maps.entries, offset: 0 }).items
    const last = (items.at(-1) as { key: Uint8Array }).key
    return [String(i), String(items.length), shownKey(last), code(sha256(Uint8Array.of(0), last).subarray(0, 4))]
  })
  return `The first of the ${leaves.length} leaf pages of ENTRIES in \`many-entries.brick\`. Each ends after a key whose hash begins with six zero bits (first byte 00 .. 03):\n\n${table(['page', 'items', 'last key', 'h(0, last key) begins'], rows)}`
}

function texels(brick: Uint8Array): string[] {
  const frames = framesOf(brick)
  const level2 = frameOf(frames, FrameType.overview, 0).payload
  const level4 = frameOf(frames, FrameType.overview, 1).payload
  const content = utf8('Hello, brick!')
  const counts = new Map<number, number>()
  for (const byte of content) counts.set(byte, (counts.get(byte) ?? 0) + 1)
  const term = (count: number) => entropyTerms[count] as number
  const sumOfTerms = [...counts.values()].reduce((sum, count) => sum + term(count), 0)
  const s = term(13) - sumOfTerms
  const sum = content.reduce((total, byte) => total + byte, 0)
  const plane = (index: number) => String(level4[4_096 * index])
  const e = level4[0] as number
  const rows = [
    [
      'ENT',
      `S = T[13] - (sum of T[count] = ${sumOfTerms}) = ${s}; floor((255 S + 262,144 * 13) / (524,288 * 13))`,
      plane(0),
    ],
    ['MEAN', `sum of the bytes ${sum}; floor((2 * ${sum} + 13) / 26)`, plane(1)],
    ['ZERO', 'no byte 00', plane(2)],
    ['PRINT', '13 of 13; floor((510 * 13 + 13) / 26)', plane(3)],
    ['HIGH', 'none', plane(4)],
    ['COV', 'max(1, floor((510 * 13 + 256) / 512))', plane(5)],
  ]
  return [
    `Block 0 of \`one-file.brick\` has n = 13 owned bytes, \`Hello, brick!\`, of 256. T[1] = ${term(1)}, T[2] = ${term(2)}, T[13] = ${term(13)}.\nTexel 0 of the level-4 page, byte 0 of each plane of 4,096:`,
    table(['plane', 'computed', 'is'], rows),
    `Texel 0 of the level-2 page sums up the first 16 bytes, of which the same 13 are owned: ENT = floor((30 * ${e} + 255) / 510) = ${(level2[0] as number) & 15}, MEAN = floor((30 * ${sum} + 255 * 13) / (510 * 13)) = ${(level2[2_048] as number) & 15}, ZERO ${(level2[4_096] as number) & 3}, PRINT ${(level2[5_120] as number) & 3}, HIGH ${(level2[6_144] as number) & 3}, COV ${(level2[7_168] as number) & 1}.`,
    `The page of level 6 is the top overview: its texel 0 has W = ${plane(5)} (one child is covered), hence the same ENT, MEAN, ZERO, PRINT and HIGH, and COV = max(1, (${plane(5)} + 8) >> 4) = ${String(frameOf(frames, FrameType.overview, 2).payload[4_096 * 5])}.`,
  ]
}

function sharedLength(a: Uint8Array, b: Uint8Array): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}

function shownKey(key: Uint8Array): string {
  if (key.length === 0) return '(empty: the root)'
  const text = utf8Text(key)
  return text === undefined ? `\`${spaced(key)}\`` : `\`${text.replaceAll('\0', '␀')}\``
}

function block(bytes: Uint8Array): string {
  return ['```text', toHex(bytes), '```'].join('\n')
}

function code(bytes: Uint8Array): string {
  return `\`${toHex(bytes)}\``
}

function expectSame(computed: Uint8Array, stored: Uint8Array): void {
  if (compareBytes(computed, stored) !== 0) throw new Error(`computed ${toHex(computed)}, stored is ${toHex(stored)}`)
}
