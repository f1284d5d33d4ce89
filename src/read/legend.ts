/** The strip below a rendered brick: whose picture it is, what a pixel stands for, what the colours mean. */
import { drawText, glyphHeight, textWidth } from './glyphs.ts'
import {
  type ByteClass,
  byteClasses,
  cividis,
  classColours,
  faintColour,
  labelColour,
  type RenderMode,
} from './palette.ts'
import type { Picture } from './picture.ts'

export interface LegendText {
  /** The first line. */
  readonly title: string
  /** The second line. */
  readonly scale: string
  readonly mode: RenderMode
}

const margin = 8
const lineHeight = glyphHeight + 7
const swatch = 7
const rampWidth = 128
const gap = 12

const classLabels: Readonly<Record<ByteClass, string>> = {
  zero: '00 or free',
  control: 'control',
  text: 'text',
  high: 'high 80-FE',
  ff: 'FF',
}
const rampLabels = {
  entropy: ['entropy', '0', '8 bits a byte'],
  value: ['value', '00', 'FF'],
} as const

export const legendHeight = 3 * lineHeight + margin
/** No picture is narrower: the longest line of the colours fits. */
export const legendWidthMin = 328

/** Draws it into the picture's lowest `legendHeight` rows. */
export function drawLegend(picture: Picture, { title, scale, mode }: LegendText): void {
  const top = picture.height - legendHeight + margin
  write(picture, { text: fitting(title, picture.width), x: margin, y: top, colour: labelColour })
  write(picture, { text: fitting(scale, picture.width), x: margin, y: top + lineHeight, colour: faintColour })
  const y = top + 2 * lineHeight
  if (mode === 'class') drawClasses(picture, y)
  else drawRamp(picture, { mode, y })
}

function drawClasses(picture: Picture, y: number): void {
  let x = margin
  for (const name of byteClasses) {
    picture.fill({ x, y, width: swatch, height: swatch, colour: faintColour })
    picture.fill({ x: x + 1, y: y + 1, width: swatch - 2, height: swatch - 2, colour: classColours[name] })
    x = write(picture, { text: classLabels[name], x: x + swatch + 4, y, colour: labelColour }) + gap
  }
}

function drawRamp(picture: Picture, { mode, y }: { mode: 'entropy' | 'value'; y: number }): void {
  const [name, low, high] = rampLabels[mode]
  let x = write(picture, { text: name, x: margin, y, colour: labelColour }) + gap
  x = write(picture, { text: low, x, y, colour: faintColour }) + 4
  for (let step = 0; step < rampWidth; step++) {
    picture.fill({ x: x + step, y, width: 1, height: swatch, colour: cividis((255 * step) / (rampWidth - 1)) })
  }
  write(picture, { text: high, x: x + rampWidth + 4, y, colour: faintColour })
}

/** Gives the column after the text. */
function write(
  picture: Picture,
  { text, x, y, colour }: { text: string; x: number; y: number; colour: number },
): number {
  drawText({ text, x, y, scale: 1 }, (px, py) => picture.put(px, py, colour))
  return x + textWidth(text, 1)
}

/** As much of the text as the width has room for. */
function fitting(text: string, width: number): string {
  const characters = [...text]
  while (characters.length > 0 && textWidth(characters.join(''), 1) > width - 2 * margin) characters.pop()
  return characters.join('')
}
