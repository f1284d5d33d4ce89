/**
 * Characters that nobody sees and that text is hidden with: tags that spell ASCII (U+E0020 to U+E007E), and those without
 * width that stand between letters. Read without them, or in their place, a text is what a program makes of it.
 */

export interface VisibleBytes {
  readonly bytes: Uint8Array
  /** Of each byte and of the end: where it was. Ascending. */
  readonly places: Uint32Array
  /** How many characters were left out or stood for another in bytes [from, until). */
  invisible(from: number, until: number): number
}

/** UTF-8 or anything else; undefined where nothing is hidden that way. */
export function visibleBytes(bytes: Uint8Array): VisibleBytes | undefined {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (marks.every((mark) => source.indexOf(mark) < 0)) return undefined
  const visible = new Uint8Array(bytes.length + 1)
  const places = new Uint32Array(bytes.length + 2)
  const hidden: number[] = []
  let count = 0
  let wasTag = false
  for (let at = 0; at < bytes.length; ) {
    const { length, character } = characterAt(bytes, at)
    // What tags spell is a text of its own.
    const isTag = length === tagBytes && character !== undefined
    if (isTag !== wasTag && (isTag || length === 1)) {
      visible[count] = space
      places[count++] = at
      wasTag = isTag
    }
    if (length > 1) hidden.push(count)
    if (character !== undefined) {
      visible[count] = character
      places[count++] = at
    }
    at += length
  }
  places[count] = bytes.length
  if (hidden.length === 0) return undefined
  const invisible = (from: number, until: number): number => {
    return hidden.reduce((sum, at) => sum + Number(at >= from && at < until), 0)
  }
  return { bytes: visible.subarray(0, count), places: places.subarray(0, count + 1), invisible }
}

/** The same of a text that was decoded. */
export function visibleText(text: string): string {
  return text
    .replace(/[\u{e0020}-\u{e007e}]+/gu, (tags) => {
      return ` ${[...tags].map((tag) => String.fromCodePoint((tag.codePointAt(0) as number) - tagsBegin)).join('')} `
    })
    .replace(invisible, '')
}

const invisible =
  /\u034f|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]|[\u00ad\u061c\u180e\u200b-\u200f\u2060-\u2064\ufeff\u{e0001}\u{e007f}]/gu
const tagsBegin = 0xe0000
const tagBytes = 4
const space = 0x20
/** What all of them begin with. */
const marks = [
  ...['c2ad', 'cd8f', 'd89c', 'e1a08e', 'e2808b', 'e2808c', 'e2808d', 'e2808e', 'e2808f', 'e281a0', 'e281a1', 'e281a2'],
  ...['e281a3', 'e281a4', 'efb8', 'efbbbf', 'f3a080', 'f3a081', 'f3a084', 'f3a085', 'f3a086', 'f3a087'],
].map((digits) => Buffer.from(digits, 'hex'))

/** Only what is hidden is longer than one byte here; `character` undefined: it stands for nothing. */
function characterAt(bytes: Uint8Array, at: number): { readonly length: number; readonly character?: number } {
  const first = bytes[at] as number
  const plain = { length: 1, character: first }
  if (first < 0xc2) return plain
  const [second = 0, third = 0, fourth = 0] = bytes.subarray(at + 1, at + 4)
  if (first === 0xf3 && second === 0xa0) {
    const code = ((third & 0x3f) << 6) | (fourth & 0x3f)
    if ((third !== 0x80 && third !== 0x81) || code < 0x20 || code > 0x7e) {
      const isOther = third >= 0x80 && third <= 0x87 && (fourth & 0xc0) === 0x80
      return isOther ? { length: 4 } : plain
    }
    return { length: 4, character: code }
  }
  const length = first >= 0xe0 ? 3 : 2
  const code =
    length === 3 ? ((first & 15) << 12) | ((second & 63) << 6) | (third & 63) : ((first & 31) << 6) | (second & 63)
  const isWhole = first < 0xf0 && (second & 0xc0) === 0x80 && (length === 2 || (third & 0xc0) === 0x80)
  return isWhole && isInvisible(code) ? { length } : plain
}

function isInvisible(code: number): boolean {
  if (code < 0xad || code > 0xfeff) return false
  invisible.lastIndex = 0
  return invisible.test(String.fromCodePoint(code))
}
