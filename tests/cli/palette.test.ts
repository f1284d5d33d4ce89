/** A rendered picture and the map show the same thing in the same colour. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { byteColour as mapByteColour, overviewColour, palettes } from '../../src/map/draw/palette.ts'
import { byteColour, groundColour, texelColour, worldColour } from '../../src/read/palette.ts'

const palette = palettes.dark
const modes = ['class', 'entropy', 'value'] as const
const level = fc.integer({ min: 0, max: 255 })

test('bytes have the colours of the map', () => {
  for (const mode of modes) {
    for (let byte = 0; byte < 256; byte++) {
      for (const blockEntropy of [0, 1, 100, 255]) {
        assert.equal(byteColour(mode, { byte, blockEntropy }), mapByteColour({ palette, mode, byte, blockEntropy }))
      }
    }
  }
  assert.deepEqual([groundColour, worldColour], [palette.ground, palette.world])
})

test('texels have the colours of the map', () => {
  const texels = fc.record({ entropy: level, mean: level, zero: level, print: level, high: level, coverage: level })
  fc.assert(
    fc.property(texels, fc.constantFrom(...modes), (texel, mode) => {
      assert.equal(texelColour(mode, texel), overviewColour({ palette, mode, texel }))
    }),
    { numRuns: 2000 },
  )
})
