/** The 256 bytes as they are written into cells: two hex digits, and in a large cell the ASCII character below them. */

/** Sprites along the side of the atlas: byte b is in column b mod 16, row b / 16. */
export const glyphsPerSide = 16
/** A sprite is never larger: in larger cells it stands in the middle. */
export const glyphPixelsMax = 64
/** The character of a byte stands below its digits from this cell size on. */
const characterPixelsMin = 40
const digitAlpha = 0.94
const zeroAlpha = 0.36
const characterAlpha = 0.66

export interface GlyphAtlas {
  /** CSS pixels of one sprite. */
  readonly cellPixels: number
  /** Texels along the side of the atlas. */
  readonly side: number
  /** Coverage, one byte a texel, row by row. */
  readonly coverage: Uint8Array
}

/** `cellPixels`: integer CSS pixels, at most glyphPixelsMax. */
export function drawGlyphAtlas({ cellPixels, pixelRatio }: { cellPixels: number; pixelRatio: number }): GlyphAtlas {
  const cell = Math.round(cellPixels * pixelRatio)
  const side = cell * glyphsPerSide
  const canvas = document.createElement('canvas')
  canvas.width = side
  canvas.height = side
  const context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  for (let byte = 0; byte < 256; byte++) {
    drawByte(context, { byte, cell, x: (byte % glyphsPerSide) * cell, y: Math.floor(byte / glyphsPerSide) * cell })
  }
  const rgba = new Uint32Array(context.getImageData(0, 0, side, side).data.buffer)
  const coverage = new Uint8Array(side * side)
  for (let at = 0; at < coverage.length; at++) coverage[at] = (rgba[at] as number) >>> 24
  return { cellPixels, side, coverage }

  function drawByte(to: CanvasRenderingContext2D, place: { byte: number; cell: number; x: number; y: number }): void {
    const { byte, x, y } = place
    const withCharacter = cellPixels >= characterPixelsMin
    const digitPixels = Math.min(22, Math.round(cellPixels * (withCharacter ? 0.34 : 0.46)))
    const middle = x + cell / 2
    to.font = `500 ${digitPixels * pixelRatio}px "JetBrains Mono", monospace`
    to.fillStyle = `rgb(255 255 255 / ${byte === 0 ? zeroAlpha : digitAlpha})`
    to.fillText(byte.toString(16).padStart(2, '0'), middle, y + cell * (withCharacter ? 0.38 : 0.52))
    if (!withCharacter || byte <= 0x20 || byte >= 0x7f) return
    to.font = `400 ${Math.min(18, Math.round(cellPixels * 0.28)) * pixelRatio}px "JetBrains Mono", monospace`
    to.fillStyle = `rgb(255 255 255 / ${characterAlpha})`
    to.fillText(String.fromCharCode(byte), middle, y + cell * 0.74)
  }
}
