/**
 * A small bitmap font for legends: printable ASCII in 5 x 7 pixels a character.
 *
 * Each glyph is seven rows from top to bottom, one digit of base 32 a row; the highest bit is the leftmost pixel. What
 * has no glyph is drawn as a box.
 */

export const glyphWidth = 5
export const glyphHeight = 7
/** From one character to the next. */
export const glyphAdvance = 6

const rowsOf: Readonly<Record<string, string>> = {
  ' ': '0000000',
  '!': '4444404',
  '"': 'aa00000',
  '#': 'aavavaa',
  '%': 'op248j3',
  '&': 'cic8lid',
  "'": '4400000',
  '(': '2488842',
  ')': '8422248',
  '*': '04lel40',
  '+': '044v440',
  ',': '0000448',
  '-': '000v000',
  '.': '0000066',
  '/': '1124488',
  '0': 'ehjlphe',
  '1': '4c4444e',
  '2': 'eh1248v',
  '3': 'v2421he',
  '4': '26aiv22',
  '5': 'vgu11he',
  '6': '68guhhe',
  '7': 'v124888',
  '8': 'ehhehhe',
  '9': 'ehhf12c',
  ':': '0660660',
  ';': '0660448',
  '<': '248g842',
  '=': '00v0v00',
  '>': '8421248',
  '?': 'eh12404',
  '@': 'eh1dlle',
  A: 'ehhvhhh',
  B: 'uhhuhhu',
  C: 'ehggghe',
  D: 'sihhhis',
  E: 'vgguggv',
  F: 'vgguggg',
  G: 'ehgnhhf',
  H: 'hhhvhhh',
  I: 'e44444e',
  J: '72222ic',
  K: 'hikokih',
  L: 'ggggggv',
  M: 'hrllhhh',
  N: 'hhpljhh',
  O: 'ehhhhhe',
  P: 'uhhuggg',
  Q: 'ehhhlid',
  R: 'uhhukih',
  S: 'fgge11u',
  T: 'v444444',
  U: 'hhhhhhe',
  V: 'hhhhha4',
  W: 'hhhllla',
  X: 'hha4ahh',
  Y: 'hha4444',
  Z: 'v1248gv',
  '[': 'e88888e',
  '\\': 'g884421',
  ']': 'e22222e',
  _: '000000v',
  a: '00e1fhf',
  b: 'ggmphhu',
  c: '00egghe',
  d: '11djhhf',
  e: '00ehvge',
  f: '698s888',
  g: '0fhhf1e',
  h: 'ggmphhh',
  i: '40c444e',
  j: '20622ic',
  k: 'ggikoki',
  l: 'c44444e',
  m: '00qllhh',
  n: '00mphhh',
  o: '00ehhhe',
  p: '00uhugg',
  q: '00djf11',
  r: '00mpggg',
  s: '00ege1u',
  t: '88s8896',
  u: '00hhhjd',
  v: '00hhha4',
  w: '00hhlla',
  x: '00ha4ah',
  y: '00hhf1e',
  z: '00v248v',
  $: '4fke5u4',
  '^': '4ah0000',
  '`': '8400000',
  '{': '2448442',
  '|': '4444444',
  '}': '8442448',
  '~': '008l200',
}

const unknownGlyph = 'vhhhhhv'

export interface TextPlace {
  readonly text: string
  /** Top-left corner. */
  readonly x: number
  readonly y: number
  /** Pixels to each side of one pixel of the font. */
  readonly scale: number
}

/** Calls `put` for each pixel of the text. */
export function drawText(place: TextPlace, put: (x: number, y: number) => void): void {
  let left = place.x
  for (const character of place.text) {
    const rows = rowsOf[character] ?? unknownGlyph
    for (let row = 0; row < glyphHeight; row++)
      drawRow(Number.parseInt(rows[row] as string, 32), row, { ...place, x: left }, put)
    left += glyphAdvance * place.scale
  }
}

/** Pixels from the first to the last column of the text. */
export function textWidth(text: string, scale: number): number {
  return Math.max(0, [...text].length * glyphAdvance - 1) * scale
}

function drawRow(bits: number, row: number, { x, y, scale }: TextPlace, put: (x: number, y: number) => void): void {
  for (let column = 0; column < glyphWidth; column++) {
    if (((bits >> (glyphWidth - 1 - column)) & 1) === 0) continue
    for (let i = 0; i < scale * scale; i++) {
      put(x + column * scale + (i % scale), y + row * scale + Math.floor(i / scale))
    }
  }
}
