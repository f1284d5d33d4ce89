import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byteClasses } from '../view/byte-class.ts'
import { byteColour, cividis, luminance, overviewColour, palettes, paletteTexels } from './palette.ts'

/** CIE lightness, 0 .. 100: what is left of a colour in a greyscale print. */
function lightness(colour: number): number {
  const y = luminance(colour)
  return y > 0.008856 ? 116 * Math.cbrt(y) - 16 : 903.3 * y
}

/** Colours as a protan or deutan eye sees them (Viénot, Brettel and Mollon 1999), in linear light. */
function dichromat(colour: number, kind: 'protan' | 'deutan'): readonly number[] {
  const [r, g, b] = [16, 8, 0].map((shift) => (((colour >> shift) & 255) / 255) ** 2.2) as [number, number, number]
  if (kind === 'protan') return [0.11238 * r + 0.88762 * g, 0.11238 * r + 0.88762 * g, 0.00401 * r - 0.00401 * g + b]
  return [0.29275 * r + 0.70725 * g, 0.29275 * r + 0.70725 * g, -0.02234 * r + 0.02234 * g + b]
}

for (const palette of Object.values(palettes)) {
  test(`on the ${palette.theme} ground the classes differ in greyscale`, () => {
    const sorted = byteClasses.map((name) => lightness(palette.classes[name])).sort((a, b) => a - b)
    for (let i = 1; i < sorted.length; i++) {
      assert.ok((sorted[i] as number) - (sorted[i - 1] as number) >= 10, sorted.join(' '))
    }
  })

  test(`on the ${palette.theme} ground colour-blind eyes tell the classes apart`, () => {
    for (const kind of ['protan', 'deutan'] as const) {
      for (const [at, a] of byteClasses.entries()) {
        for (const b of byteClasses.slice(at + 1)) {
          const [left, right] = [a, b].map((name) =>
            dichromat(palette.classes[name], kind).map((part) => Math.max(0, part) ** 0.45),
          )
          const distance = Math.hypot(...(left as number[]).map((part, i) => part - ((right as number[])[i] as number)))
          assert.ok(distance > 0.15, `${kind}: ${a} and ${b} are ${distance.toFixed(2)} apart`)
        }
      }
    }
  })

  test(`on the ${palette.theme} ground names are readable`, () => {
    const [light, dark] = [luminance(palette.label), luminance(palette.labelHalo)].sort((a, b) => b - a) as [
      number,
      number,
    ]
    assert.ok((light + 0.05) / (dark + 0.05) >= 7)
  })
}

test('cividis begins and ends as published and grows lighter throughout', () => {
  assert.equal(cividis(0), 0x00204c)
  assert.equal(cividis(1), 0xffe945)
  for (let i = 1; i < 256; i++) assert.ok(lightness(cividis(i / 255)) >= lightness(cividis((i - 1) / 255)) - 0.5)
})

test('the palette texture holds what byteColour tells', () => {
  const palette = palettes.dark
  const texels = paletteTexels(palette)
  const texel = (row: number, column: number) => {
    const at = (row * 256 + column) * 4
    return ((texels[at] as number) << 16) | ((texels[at + 1] as number) << 8) | (texels[at + 2] as number)
  }
  for (let byte = 0; byte < 256; byte++) {
    assert.equal(texel(0, byte), byteColour({ palette, mode: 'class', byte, blockEntropy: 9 }))
    assert.equal(texel(1, byte), byteColour({ palette, mode: 'entropy', byte: 1, blockEntropy: byte }))
    assert.equal(texel(2, byte), byteColour({ palette, mode: 'value', byte, blockEntropy: 9 }))
  }
})

test('an overview texel of one class has that class’s colour, an unowned one the ground’s', () => {
  const none = { entropy: 0, mean: 0, zero: 0, print: 0, high: 0, coverage: 0 }
  const palette = palettes.dark
  const colourOf = (texel: Partial<typeof none>) =>
    overviewColour({ palette, mode: 'class', texel: { ...none, ...texel } })
  assert.equal(colourOf({}), palette.ground)
  assert.equal(colourOf({ coverage: 255, print: 255, mean: 100 }), palette.classes.text)
  assert.equal(colourOf({ coverage: 255, high: 255, mean: 200 }), palette.classes.high)
  assert.equal(colourOf({ coverage: 255, high: 255, mean: 255 }), palette.classes.ff)
  assert.equal(colourOf({ coverage: 255, mean: 3 }), palette.classes.control)
  assert.equal(colourOf({ coverage: 255, zero: 255 }), palette.classes.zero)
})
