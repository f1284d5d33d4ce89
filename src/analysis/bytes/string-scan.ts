/**
 * Finds the strings in bytes, as strings(1) defines them: runs of at least so many printable characters.
 *
 * Printable is a tab or 0x20 .. 0x7e; in UTF-8 also every well-formed character above U+009F. In UTF-16 a string may begin
 * at any byte, as with `strings -e l`. Nothing is decoded or copied here. Half of a binary are bytes of which one in the
 * middle of the next few rules out a string: those are stepped over without looking at the rest.
 */

export type StringEncoding = 'ascii' | 'utf-8' | 'utf-16le' | 'utf-16be'

export const stringEncodings: readonly StringEncoding[] = ['ascii', 'utf-8', 'utf-16le', 'utf-16be']

/** Like `strings -n`. */
export const stringCharactersMin = 6

export interface ScanOptions {
  readonly encoding: StringEncoding
  /** At least 1; default 6. */
  readonly charactersMin?: number
}

/** Half-open, of the bytes that are scanned; `marks` sums up what characters are in it, see `mark`. False ends the scan. */
export type StringVisitor = (start: number, end: number, marks: number) => boolean

/** Of ASCII strings: which of these occur. Lets those who look for something step over the rest. */
export const mark = { slash: 1, digit: 2, dot: 4, space: 8, colon: 16 } as const

/**
 * Returns where to go on with more bytes: the beginning of what may still be or become a string, or the end of the last one
 * visited where the visitor ended the scan. `part` `whole`: no more bytes follow, a string at the end is whole.
 */
export function scanStrings(
  bytes: Uint8Array,
  part: 'whole' | 'beginning',
  { encoding, charactersMin = stringCharactersMin }: ScanOptions,
  visit: StringVisitor,
): number {
  const scan = { bytes, isWhole: part === 'whole', charactersMin, visit }
  if (encoding === 'ascii') return scanAscii(scan)
  if (encoding === 'utf-8') return scanUtf8(scan)
  return scanWide(scan, encoding === 'utf-16le' ? 0 : 1)
}

/**
 * Bytes at the beginning of `bytes` that still belong to a string that began before them. Fewer than `characterBytesMax`
 * before their end nothing is decided: there a character may be cut.
 */
export function restOfString(bytes: Uint8Array, encoding: StringEncoding): number {
  let at = 0
  if (encoding === 'ascii') {
    while (at < bytes.length && kinds[bytes[at] as number] !== 0) at++
  } else if (encoding === 'utf-8') {
    for (let length = utf8Length(bytes, at); length > 0; length = utf8Length(bytes, at)) at += length
  } else {
    const low = encoding === 'utf-16le' ? 0 : 1
    while (at + 1 < bytes.length && isWide(bytes, at, low)) at += 2
  }
  return at
}

/** Bytes of the longest character. */
export const characterBytesMax = 4

interface Scan {
  readonly bytes: Uint8Array
  readonly isWhole: boolean
  readonly charactersMin: number
  readonly visit: StringVisitor
}

/** 0: not printable; else 128 with the marks of the character. */
const kinds = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte !== 9 && (byte < 0x20 || byte > 0x7e)) return 0
  const character = String.fromCharCode(byte)
  if (character === '/') return 128 | mark.slash
  if (character === '.') return 128 | mark.dot
  if (character === ':') return 128 | mark.colon
  if (character === ' ') return 128 | mark.space
  return character >= '0' && character <= '9' ? 128 | mark.digit : 128
})

function scanAscii({ bytes, isWhole, charactersMin, visit }: Scan): number {
  const size = bytes.length
  const table = kinds
  let at = 0
  while (at + charactersMin <= size) {
    let probe = at + charactersMin - 1
    let marks = 0
    let kind = 0
    while (probe >= at) {
      kind = table[bytes[probe] as number] as number
      if (kind === 0) break
      marks |= kind
      probe--
    }
    if (probe >= at) {
      at = probe + 1
      continue
    }
    let end = at + charactersMin
    while (end < size) {
      kind = table[bytes[end] as number] as number
      if (kind === 0) break
      marks |= kind
      end++
    }
    if (end === size && !isWhole) return at
    if (!visit(at, end, marks)) return end
    at = end + 1
  }
  return isWhole ? size : lastRun(bytes, Math.min(at, size))
}

/** Where the printable bytes at the end begin; not before `from`. */
function lastRun(bytes: Uint8Array, from: number): number {
  let start = bytes.length
  while (start > from && kinds[bytes[start - 1] as number] !== 0) start--
  return start
}

function scanUtf8({ bytes, isWhole, charactersMin, visit }: Scan): number {
  const size = bytes.length
  const table = kinds
  let at = 0
  while (at < size) {
    // No character has such a byte, so no string that is long enough begins before it.
    const probe = at + charactersMin - 1
    if (probe < size && neverUtf8[bytes[probe] as number] !== 0) {
      at = probe + 1
      continue
    }
    let end = at
    let count = 0
    while (end < size) {
      // Nearly all characters are ASCII.
      const isAscii = table[bytes[end] as number] !== 0
      const length = isAscii ? 1 : utf8Length(bytes, end)
      if (length === 0) break
      end += length
      count++
    }
    if (!isWhole && end + characterBytesMax > size) return Math.min(at, size)
    if (count >= charactersMin && !visit(at, end, 0)) return end
    at = end + 1
  }
  return size
}

/** Not 0: control characters, and bytes that UTF-8 does not have. */
const neverUtf8 = Uint8Array.from(kinds, (kind, byte) =>
  (byte < 0x80 && kind === 0) || byte === 0xc0 || byte === 0xc1 || byte > 0xf4 ? 1 : 0,
)

/** Bytes of the printable character there, 0 where there is none. */
function utf8Length(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number
  if (first < 0x80) return kinds[first] === 0 ? 0 : 1
  if (first < 0xc2 || first > 0xf4) return 0
  const second = bytes[at + 1] as number
  if ((second & 0xc0) !== 0x80) return 0
  // U+0080 .. U+009F are control characters.
  if (first < 0xe0) return first === 0xc2 && second < 0xa0 ? 0 : 2
  if (((bytes[at + 2] as number) & 0xc0) !== 0x80) return 0
  if (first < 0xf0) return (first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f) ? 0 : 3
  if (((bytes[at + 3] as number) & 0xc0) !== 0x80) return 0
  return (first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f) ? 0 : 4
}

function scanWide({ bytes, isWhole, charactersMin, visit }: Scan, low: 0 | 1): number {
  const size = bytes.length
  let at = 0
  const reach = 2 * charactersMin - 2
  while (at + 2 * charactersMin <= size) {
    // A string that is long enough and begins here or at one of the next bytes has these two, in this or the other order.
    if (!isWide(bytes, at + reach, 0) && !isWide(bytes, at + reach, 1)) {
      at += reach + 1
      continue
    }
    let end = at
    while (end + 1 < size && isWide(bytes, end, low)) end += 2
    if (end + 1 >= size && !isWhole) return at
    if (end - at >= 2 * charactersMin) {
      if (!visit(at, end, 0)) return end
    }
    // A character that is not printable gives back its second byte, as in strings(1).
    at = end + 1
  }
  return isWhole ? size : Math.min(at, size)
}

function isWide(bytes: Uint8Array, at: number, low: 0 | 1): boolean {
  return bytes[at + 1 - low] === 0 && kinds[bytes[at + low] as number] !== 0
}
