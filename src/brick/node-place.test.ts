/** What a node may say follows from where it stands: in a file, in a commit, in the byte space. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkNodeExtent, createNode, emptyNode, encodeNode, parseNode, setFrame, TileKind } from './node.ts'
import { frameBytes } from './pointer.ts'
import { ruleOf } from './testing/expect-damage.ts'

const frame = { offset: 16_384, storedLength: 5 }
const frameEnd = frame.offset + frameBytes(frame.storedLength)

/** A leaf node of one frame, born in generation 7. */
function payload(): Uint8Array {
  const table = createNode(1)
  setFrame(table.a, 0, { kind: TileKind.stored, birth: 7, frame })
  return encodeNode(table)
}

test('a frame may end exactly at fileEnd and not 16 bytes later', () => {
  const place = { height: 1, generation: 7, offset: 0 }
  assert.equal(parseNode(payload(), { ...place, fileEnd: frameEnd }).a.offsets[0], frame.offset)
  assert.equal(
    ruleOf(() => parseNode(payload(), { ...place, fileEnd: frameEnd - 16 })),
    'pointer',
  )
})

test('a frame may be born in the generation of the commit and not in a later one', () => {
  const place = { height: 1, fileEnd: frameEnd, offset: 0 }
  assert.equal(parseNode(payload(), { ...place, generation: 7 }).a.births[0], 7)
  assert.equal(
    ruleOf(() => parseNode(payload(), { ...place, generation: 6 })),
    'node',
  )
})

test('items are ABSENT exactly where they begin at or beyond N', () => {
  const tile = 65_536
  const check = (height: number, present: number, length: number, firstTile = 0): void => {
    const table = emptyNode(height, TileKind.hole)
    table.a.kinds.fill(TileKind.absent, present)
    checkNodeExtent(table, { firstTile, length, offset: 0 })
  }
  check(1, 0, 0)
  check(1, 1, 1)
  check(1, 3, 2 * tile + 1)
  check(1, 256, 2 ** 24)
  check(2, 2, 2 ** 24 + 1)
  check(1, 1, 2 ** 24 + 1, 256)
  assert.equal(
    ruleOf(() => check(1, 2, 2 * tile + 1)),
    'node',
  )
  assert.equal(
    ruleOf(() => check(1, 4, 2 * tile + 1)),
    'node',
  )
})
