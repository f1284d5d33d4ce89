import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawText, glyphHeight, glyphWidth, textWidth } from './glyphs.ts'

function pixelsOf(text: string, scale = 1): string[] {
  const pixels: string[] = []
  drawText({ text, x: 0, y: 0, scale }, (x, y) => pixels.push(`${x},${y}`))
  return pixels
}

const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))

test('every printable character has a glyph of its own inside its box', () => {
  const seen = new Set(printable.map((character) => pixelsOf(character).join(' ')))
  assert.equal(seen.size, printable.length)
  for (const character of printable) {
    for (const pixel of pixelsOf(character)) {
      const [x = -1, y = -1] = pixel.split(',').map(Number)
      assert.ok(x >= 0 && x < glyphWidth && y >= 0 && y < glyphHeight, character)
    }
  }
})

test('what has no glyph is a box', () => {
  assert.deepEqual(pixelsOf('é'), pixelsOf('\n'))
  assert.equal(pixelsOf('é').length, 2 * (glyphWidth + glyphHeight) - 4)
})

test('scaling makes a square of every pixel, and the width is that of the drawing', () => {
  assert.equal(pixelsOf('H', 3).length, 9 * pixelsOf('H').length)
  const right = Math.max(...pixelsOf('HH', 2).map((pixel) => Number(pixel.split(',')[0])))
  assert.equal(right + 1, textWidth('HH', 2))
})
