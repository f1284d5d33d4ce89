import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { must } from '../base/assert.ts'
import { concatBytes, fromHex, toHex } from '../base/bytes.ts'
import { ByteWriter } from './byte-io.ts'
import { type FrameType, rawLengthMax, FrameType as Type } from './frame.ts'
import {
  copyNode,
  createNode,
  emptyNode,
  encodeNode,
  framePointer,
  hashesPointer,
  type NodeTable,
  parseHashes,
  parseNode,
  type Section,
  setFrame,
  setKind,
  TileKind,
} from './node.ts'
import { orDamage, ruleOf } from './testing/expect-damage.ts'

const fileEnd = 2 ** 40

function parse(payload: Uint8Array, height = 1): NodeTable {
  return parseNode(payload, { height, generation: Number.MAX_SAFE_INTEGER, fileEnd, offset: 50_000 })
}

function hex(text: string): Uint8Array {
  return must(fromHex(text.replaceAll(' ', '')), 'hex')
}

/** A leaf node whose sections B and C are ABSENT and whose section A is given as hex. */
function leafOf(sectionA: string): Uint8Array {
  return hex(`01 ${sectionA} 008002 0010`)
}

test('an all-ABSENT leaf node is 9 bytes', () => {
  // Height, then three sections of one run each: kind 0, count 256 as varint 80 02, twice, and 16.
  assert.equal(toHex(encodeNode(emptyNode(1, TileKind.absent))), '01' + '008002' + '008002' + '0010')
  assert.deepEqual(parse(hex('01 008002 008002 0010')), createNode(1))
})

test('a leaf node with frames, a fill and births is byte for byte as the specification says', () => {
  const table = createNode(1)
  setFrame(table.a, 0, { kind: 1, birth: 3, frame: { offset: 16_384, storedLength: 100 } })
  setFrame(table.a, 1, { kind: 6, birth: 3, frame: { offset: 16_528, storedLength: 5 } })
  setKind(table.a, 2, { kind: TileKind.fill, fillByte: 0xff })
  setFrame(table.a, 3, { kind: 1, birth: 2, frame: { offset: 16_384 + 16, storedLength: 1 } })
  setFrame(table.b, 255, { kind: 1, birth: 3, frame: { offset: 32_768, storedLength: 200 } })
  const sectionA = [
    '0101 0601 02ff01 0101 00fc01', // kinds: STORED 1, SHARED 1, FILL(ff) 1, STORED 1, ABSENT 252
    '0302 0201', // births: generation 3 twice, generation 2 once
    '64 05 01', // lengths
    // 16,384 as expected; align16(16,384 + 132) = 16,528 as expected; then 16,400 - 16,576 = -176 = -11 * 16: zigzag 21.
    '00 00 15',
  ]
  // B: ABSENT 255, STORED 1; birth 3 once; length 200 = c8 01; (32,768 - 16,384) / 16 = 1024: zigzag 2048 = 80 10.
  const sectionB = '00ff01 0101 0301 c801 8010'
  const expected = hex(`01 ${sectionA.join(' ')} ${sectionB} 0010`)
  assert.equal(toHex(encodeNode(table)), toHex(expected))
  assert.deepEqual(parse(expected), table)
  assert.deepEqual(framePointer(table.a, 3), { offset: 16_400, storedLength: 1 })
  assert.deepEqual(framePointer(table.a, 2), { offset: 0, storedLength: 0 })
})

test('a child node has two locators, NODE before HASHES', () => {
  const table = createNode(2)
  const hashes = { offset: 16_448, storedLength: 8192 }
  setFrame(table.a, 0, { kind: 1, birth: 1, frame: { offset: 16_384, storedLength: 20 }, hashes })
  // Lengths 20 and 8192; the offset 0 as expected, then 16,448 - align16(16,384 + 52) = 0.
  const expected = hex('02 0101 00ff01 0101 14 8040 00 00 008002 0010')
  assert.equal(toHex(encodeNode(table)), toHex(expected))
  assert.deepEqual(parse(expected, 2), table)
  assert.deepEqual(hashesPointer(table.a, 0), hashes)
})

/** A table of any kinds and locators that the format can hold. */
function tables(height: number): fc.Arbitrary<NodeTable> {
  const pointer = (type: FrameType) =>
    fc.record({
      offset: fc.integer({ min: 1024, max: 2 ** 35 }).map((unit) => unit * 16),
      storedLength: fc.nat(rawLengthMax(type) + 64),
    })
  const item = (type: FrameType) =>
    fc.record({
      at: fc.nat(255),
      run: fc.integer({ min: 1, max: 40 }),
      kind: fc.constantFrom(0, 1, 2, 3, 4, 5, 6),
      fill: fc.nat(255),
      birth: fc.integer({ min: 1, max: 2 ** 53 - 1 }),
      frame: pointer(type),
      hashes: pointer(Type.hashes),
    })
  const items = (type: FrameType) => fc.array(item(type), { maxLength: 20 })
  const childType = height === 1 ? Type.data : Type.node
  return fc.tuple(items(childType), items(Type.overview), items(Type.overview)).map((columns) => {
    const table = createNode(height)
    for (const [which, section] of [table.a, table.b, table.c].entries()) {
      for (const { at, run, kind, fill, birth, frame, hashes } of columns[which] ?? []) {
        for (let i = at; i < Math.min(at + run, section.kinds.length); i++) {
          if (kind === 1 || kind === 6) {
            const isChild = which === 0 && height > 1
            setFrame(section, i, isChild ? { kind, birth, frame, hashes } : { kind, birth, frame })
          } else if (which === 0) {
            setKind(section, i, kind === 2 ? { kind, fillByte: fill } : { kind: kind as 0 | 3 | 4 | 5 })
          }
        }
      }
    }
    return table
  })
}

for (const height of [1, 2, 4]) {
  test(`every table of height ${height} comes back as it was, and a copy shares nothing with it`, () => {
    fc.assert(
      fc.property(tables(height), (table) => {
        const back = parse(encodeNode(table), height)
        assert.deepEqual(back, table)
        const copy = copyNode(back)
        assert.deepEqual(copy, table)
        const columns = (section: Section): Uint8Array[] => Object.values(section)
        for (const column of [...columns(back.a), ...columns(back.b), ...columns(back.c)]) column.fill(77)
        assert.deepEqual(copy, table)
      }),
      { numRuns: 100 },
    )
  })
}

const damagedLeaves: readonly (readonly [string, string, string])[] = [
  ['an unknown kind', '078002', 'node'],
  ['a run of no items', '0000 008002', 'node'],
  ['a run of too many items', '008102', 'node'],
  ['a run of 2^50 items', '00ffffffffffff7f', 'node'],
  ['equal neighbouring runs', '0001 00ff01', 'node'],
  ['equal neighbouring fills', '02aa01 02aaff01', 'node'],
  ['a varint that is not minimal', '00808200', 'varint'],
  ['a birth of 0', '0101 00ff01 0001 05 00', 'node'],
  ['a second birth of 0', '0102 00fe01 0101 0001 05 05 00 00', 'node'],
  ['a birth run of too many items', '0101 00ff01 0102 05 00', 'node'],
  ['equal neighbouring births', '0102 00fe01 0101 0101 05 05 00 00', 'node'],
  ['a frame of 70,000 bytes', '0101 00ff01 0101 f0a204 00', 'pointer'],
  ['a frame of 2^40 bytes', '0101 00ff01 0101 808080808020 00', 'node'],
  ['a frame inside the head', '0101 00ff01 0101 05 01', 'pointer'],
  ['a frame beyond the end', '0101 00ff01 0101 05 80808080808010', 'pointer'],
  ['a frame at -2^55', '0101 00ff01 0101 05 fdffffffffffff0f', 'pointer'],
]

for (const [name, sectionA, rule] of damagedLeaves) {
  test(`a leaf node with ${name} is refused`, () => {
    assert.equal(
      ruleOf(() => parse(leafOf(sectionA))),
      rule,
    )
  })
}

test('fills of neighbouring bytes are runs of their own', () => {
  const table = parse(leafOf('02aa01 02abff01'))
  assert.deepEqual([table.a.fill[0], table.a.fill[1], table.a.fill[255]], [0xaa, 0xab, 0xab])
})

test('sections B and C hold only pages', () => {
  for (const kind of ['02aa', '03', '04', '05']) {
    assert.equal(
      ruleOf(() => parse(hex(`01 008002 ${kind}8002 0010`))),
      'node',
    )
    assert.equal(
      ruleOf(() => parse(hex(`01 008002 008002 ${kind}10`))),
      'node',
    )
  }
})

test('the wrong height, every cut and a byte left over are refused', () => {
  const table = createNode(2)
  const frame = { offset: 16_384, storedLength: 20 }
  setFrame(table.a, 7, { kind: 1, birth: 1, frame, hashes: { offset: 99_984, storedLength: 8192 } })
  const payload = encodeNode(table)
  assert.equal(
    ruleOf(() => parse(payload, 1)),
    'node',
  )
  assert.equal(
    ruleOf(() => parse(payload, 3)),
    'node',
  )
  assert.equal(
    ruleOf(() => parse(concatBytes([payload, Uint8Array.of(0)]), 2)),
    'node',
  )
  for (let length = 0; length < payload.length; length++) {
    assert.equal(
      ruleOf(() => parse(payload.subarray(0, length), 2)),
      'node',
    )
  }
})

test('HASHES has exactly 8,192 bytes', () => {
  const hashes = new Uint8Array(8192)
  assert.equal(parseHashes(hashes, 0), hashes)
  assert.equal(
    ruleOf(() => parseHashes(hashes.subarray(1), 0)),
    'node',
  )
})

test('a table that breaks its own rules is not encoded', () => {
  const broken = (change: (table: NodeTable) => void): void => {
    const table = createNode(1)
    change(table)
    assert.throws(() => encodeNode(table), { name: 'AssertionError' })
  }
  broken((table) => table.a.kinds.fill(7, 0, 1))
  broken((table) => table.b.kinds.fill(TileKind.hole, 0, 1))
  broken((table) => table.a.fill.fill(1, 0, 1))
  broken((table) => setFrame(table.a, 0, { kind: 1, birth: 0, frame: { offset: 16_384, storedLength: 1 } }))
  broken((table) => setFrame(table.a, 0, { kind: 1, birth: 1, frame: { offset: 16_385, storedLength: 1 } }))
})

test('whatever is accepted is the only encoding of its table', () => {
  const accept = (payload: Uint8Array, height: number): boolean => {
    const table = orDamage(() => parse(payload, height))
    if (table === undefined) return false
    assert.equal(toHex(encodeNode(table)), toHex(payload))
    return true
  }
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 })
  let acceptedCount = 0
  fc.assert(
    fc.property(fc.oneof(tables(1), tables(2)), changes, (table, list) => {
      let payload = encodeNode(table)
      for (const [at, to] of list) payload = payload.with(at % payload.length, to)
      if (accept(payload, table.height)) acceptedCount++
    }),
    { numRuns: 1500 },
  )
  assert.ok(acceptedCount > 10, `only ${acceptedCount} mutations were accepted`)
})

test('random bytes, and counts and offsets at the edges of numbers, are refused as damage or read', () => {
  const edge = fc.constantFrom(0, 1, 15, 16, 127, 128, 255, 256, 2 ** 31, 2 ** 32, 2 ** 52, 2 ** 53 - 1)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.array(edge, { maxLength: 40 }), (bytes, numbers) => {
      orDamage(() => parse(bytes, 1))
      orDamage(() => parse(concatBytes([Uint8Array.of(2), bytes]), 2))
      const writer = new ByteWriter()
      writer.u8(1)
      for (const number of numbers) writer.varint(number)
      orDamage(() => parse(writer.take(), 1))
    }),
    { numRuns: 2000 },
  )
})
