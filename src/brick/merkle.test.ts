import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { toHex } from '../base/bytes.ts'
import { nodeTools } from '../store/node-tools.ts'
import { createMerkle, heightFor, tileBytes } from './merkle.ts'
import { TileKind } from './tile-kind.ts'

const merkle = createMerkle(nodeTools)

// Computed with Python's hashlib from the definitions of the specification.
const zeroHashes = [
  '3266304f31be278d06c3bd3eb9aa3e00c59bedec0a890de466568b0b90b0e01f',
  '4639d631c99da46fd915ec07a0332572d4f62d2933eea6ddf35971a6c7f3d193',
  '9184ed033dc27fa76c86b5d19913333e4fb191328274d4d4787a1f58d6127121',
  '4c3ff8fc87715f9319f103c4e69ad545995bb090787e1c26a2bc56218b5bb9fa',
  '158888317c27814da9a0bbf637a1f5354f15905b6666ddbef18bc54cc66442a1',
]

test('the hashes of zero subtrees are those of an independent implementation', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((height) => toHex(merkle.zero(height))),
    zeroHashes,
  )
  assert.equal(toHex(merkle.leaf(new Uint8Array(0))), zeroHashes[0])
  assert.equal(toHex(merkle.subtree({ kind: TileKind.absent, height: 3 })), zeroHashes[3])
  assert.equal(toHex(merkle.subtree({ kind: TileKind.fill, height: 2, fillByte: 0 })), zeroHashes[2])
})

test('FILL, unreadable and empty byte spaces have the hashes of an independent implementation', () => {
  const fill = (height: number): string => toHex(merkle.subtree({ kind: TileKind.fill, height, fillByte: 255 }))
  assert.equal(fill(0), '63201696c70872959c12cdfc8cc22ae2f9266420f99d0112e2d5b8e5f721441d')
  assert.equal(fill(1), 'd3c6116421162f9331afe852ed7d622f1cab29f02c40f40fed441737f7d208cb')
  assert.equal(toHex(merkle.unreadableLeaf), '084fed08b978af4d7d196a7446a86b58009e636b611db16211b65a9aadff29c5')
  const emptyRoot = merkle.contentRoot(0, merkle.rootOfLeaves(new Uint8Array(0), 0))
  assert.equal(toHex(emptyRoot), '80105e59153249b7bbd4ddcda22e1cde9289ecf431fd7d5e4dc590f59aa075fb')
})

test('an unreadable subtree is built of unreadable leaves, and a fill byte does not change it', () => {
  const unreadable = merkle.subtree({ kind: TileKind.unreadable, height: 1 })
  const hashes = new Uint8Array(8192)
  for (let i = 0; i < 256; i++) hashes.set(merkle.unreadableLeaf, 32 * i)
  assert.deepEqual(unreadable, merkle.node(1, hashes))
  assert.deepEqual(merkle.subtree({ kind: TileKind.unreadable, height: 1, fillByte: 9 }), unreadable)
})

test('a file of one tile has the plain SHA-256 as its content id, a larger one its content root', () => {
  const bytes = Uint8Array.from({ length: 65_537 }, (_, i) => i * 7)
  const oneTile = bytes.subarray(0, 65_536)
  assert.equal(toHex(merkle.contentIdOf({ bytes: oneTile })), createHash('sha256').update(oneTile).digest('hex'))
  const larger = '3957d50bf1f57c5a7e04a599011127285be5fbc5259b8ab93f9ebfaa87d172eb'
  assert.equal(toHex(merkle.contentIdOf({ bytes })), larger)
  const leaves = new Uint8Array(64)
  leaves.set(merkle.leaf(oneTile))
  leaves.set(merkle.leaf(bytes.subarray(65_536)), 32)
  assert.equal(toHex(merkle.contentIdOf({ leaves, length: 65_537 })), larger)
})

test('the height is the smallest that covers the length', () => {
  const cases: readonly (readonly [number, number])[] = [
    [0, 1],
    [1, 1],
    [2 ** 24, 1],
    [2 ** 24 + 1, 2],
    [2 ** 32, 2],
    [2 ** 32 + 1, 3],
    [2 ** 40, 3],
    [2 ** 40 + 1, 4],
    [2 ** 47, 4],
  ]
  for (const [length, height] of cases) assert.equal(heightFor(length), height, `length ${length}`)
  assert.throws(() => heightFor(2 ** 47 + 1), { name: 'AssertionError' })
})

test('rootOfLeaves of any leaves is the root that a recursive definition gives', () => {
  /** Straight from section 6: the hash of the node of `height` that covers leaf `first`. */
  const rootAt = (leaves: readonly Uint8Array[], height: number, first: number): Uint8Array => {
    if (height === 0) return leaves[first] ?? merkle.zero(0)
    if (first >= leaves.length) return merkle.zero(height)
    const hash = createHash('sha256').update(Uint8Array.of(1, height))
    for (let i = 0; i < 256; i++) hash.update(rootAt(leaves, height - 1, first + i * 256 ** (height - 1)))
    return new Uint8Array(hash.digest())
  }
  const leafSeeds = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 700, size: 'max' })
  fc.assert(
    fc.property(leafSeeds, (leaves) => {
      const length = leaves.length * tileBytes
      const packed = new Uint8Array(leaves.length * 32)
      for (const [i, leaf] of leaves.entries()) packed.set(leaf, 32 * i)
      assert.deepEqual(merkle.rootOfLeaves(packed, length), rootAt(leaves, heightFor(length), 0))
    }),
    { numRuns: 30 },
  )
})
