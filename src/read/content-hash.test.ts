import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { merkle } from '../store/brick-view.ts'
import { ContentHash } from './content-hash.ts'

const tile = 65_536

function leafOf(byte: number): Uint8Array {
  return merkle.leaf(new Uint8Array(tile).fill(byte))
}

const leaves = [0, 1, 2].map(leafOf)

test('the id of any sequence of tiles and holes is that of all their leaf hashes', () => {
  const part = fc.oneof(
    fc.record({
      kind: fc.constant('tile' as const),
      value: fc.integer({ min: 0, max: 2 }),
      count: fc.integer({ min: 1, max: 40 }),
    }),
    fc.record({ kind: fc.constant('zeros' as const), value: fc.constant(0), count: fc.integer({ min: 1, max: 700 }) }),
  )
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
      const count = parts.reduce((sum, each) => sum + each.count, 0)
      const all = new Uint8Array(32 * count)
      const hash = new ContentHash()
      let at = 0
      for (const { kind, value, count: repeat } of parts) {
        if (kind === 'zeros') hash.zeros(repeat)
        for (let i = 0; i < repeat; i++, at++) {
          if (kind === 'tile') hash.tile(leaves[value] as Uint8Array)
          all.set(leaves[value] as Uint8Array, 32 * at)
        }
      }
      const length = count * tile
      if (length <= tile) return
      assert.deepEqual(hash.id(length), merkle.contentIdOf({ leaves: all, length }))
    }),
    { numRuns: 60 },
  )
})

test('whole nodes may be given in place of their tiles', () => {
  const node = merkle.subtree({ kind: 2, height: 1, fillByte: 7 })
  const byNodes = new ContentHash()
  byNodes.subtrees({ height: 1, hash: node, count: 2 })
  byNodes.tile(leafOf(9))
  const byTiles = new ContentHash()
  for (let i = 0; i < 512; i++) byTiles.tile(leafOf(7))
  byTiles.tile(leafOf(9))
  assert.deepEqual(byNodes.id(513 * tile), byTiles.id(513 * tile))
})

test('a hole of 64 TiB is hashed without walking its tiles', () => {
  const hash = new ContentHash()
  hash.zeros(2 ** 30)
  assert.deepEqual(hash.id(2 ** 46), merkle.contentRoot(2 ** 46, merkle.zero(4)))
})

test('an id is refused for a length that is not the one of the tiles', () => {
  const hash = new ContentHash()
  hash.zeros(3)
  assert.throws(() => hash.id(4 * tile), /3 tiles were given/)
})
