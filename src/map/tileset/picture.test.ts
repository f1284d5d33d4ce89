import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { positionToPoint } from '../../hilbert/curve.ts'
import { unpackLevel2 } from '../../kernel/kernel.ts'
import { tileBytes } from '../../wire/api.ts'
import { makePictures } from './picture.ts'
import { placeOf, texelsOf } from './tile-address.ts'

const pictures = makePictures()

function bytesOf(length: number, seed: number): Uint8Array {
  let state = seed | 1
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return state >>> 24
  })
}

test('a byte of a tile is drawn where the curve has it', () => {
  assert.equal(pictures.kind, 'wasm')
  fc.assert(
    fc.property(fc.nat(200), fc.integer(), fc.array(fc.nat(65_535), { maxLength: 40 }), (index, seed, places) => {
      const body = bytesOf(65_536, seed)
      const { x, y, orientation } = placeOf({ level: 0, index })
      const payload = pictures.payload({ level: 0, body, orientation })
      assert.ok(payload.kind === 'bytes' && payload.blockEntropy.length === 256)
      for (const place of places) {
        const at = positionToPoint(index * 65_536 + place)
        assert.equal(payload.bytes[(at.y - y) * 256 + at.x - x], body[place])
      }
    }),
    { numRuns: 20 },
  )
})

test('planes of a page are drawn where the curve has them, in the channels of the texture', () => {
  const channels = [
    [0, 0, 0],
    [1, 0, 1],
    [5, 0, 2],
    [2, 0, 3],
    [3, 1, 0],
    [4, 1, 1],
  ] as const
  fc.assert(
    fc.property(fc.constantFrom(2, 4, 6), fc.nat(60), fc.integer(), fc.nat(4095), (level, index, seed, texel) => {
      const body = bytesOf(tileBytes(level), seed)
      const planes = level === 2 ? new Uint8Array(24_576) : body
      if (level === 2) unpackLevel2(body, planes)
      const { x, y, orientation } = placeOf({ level, index })
      const payload = pictures.payload({ level, body, orientation })
      assert.ok(payload.kind === 'planes')
      const perTexel = 4 ** level
      const at = positionToPoint((index * 4096 + texel) * perTexel)
      const column = Math.floor((at.x - x) / 2 ** level)
      const row = Math.floor((at.y - y) / 2 ** level)
      assert.ok(column < texelsOf(level) && row < texelsOf(level))
      for (const [plane, half, channel] of channels) {
        assert.equal(payload.texels[(row * 128 + half * 64 + column) * 4 + channel], planes[plane * 4096 + texel])
      }
    }),
    { numRuns: 40 },
  )
})

test('a body of the wrong length is refused', () => {
  assert.throws(() => pictures.payload({ level: 0, body: new Uint8Array(100), orientation: 0 }), RangeError)
})
