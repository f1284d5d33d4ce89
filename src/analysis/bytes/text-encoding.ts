/**
 * Whether bytes are text, and in which encoding: by the first part of a content, as file(1) does it.
 *
 * A byte that no text has (a control character other than bell to carriage return, escape) makes it binary. Bytes above
 * 0x7f that are not UTF-8 make it Latin-1 only where most of it is ASCII: two random bytes are no text.
 */

export type TextEncoding = 'ascii' | 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin-1'

/** As much as is looked at. */
export const textHeadBytes = 65_536

export interface TextLook {
  readonly encoding: TextEncoding
  /** 0, 2 or 3. */
  readonly markBytes: number
  /** Bytes 0x80 .. 0x9f occur: no ISO 8859 text, rather one of Windows or of a PC. */
  readonly isExtended: boolean
}

/** `part`: whether `head` is all there is; else a last character that is cut off counts for nothing. Undefined: no text. */
export function lookAtText(head: Uint8Array, part: 'whole' | 'beginning'): TextLook | undefined {
  const [first, second, third] = head
  if (first === 0xff && second === 0xfe) return wideText(head, 'utf-16le')
  if (first === 0xfe && second === 0xff) return wideText(head, 'utf-16be')
  let seen = 0
  for (const byte of head) seen |= byteKinds[byte] as number
  if ((seen & binary) !== 0 || head.length === 0) return undefined
  if ((seen & high) === 0) return { encoding: 'ascii', markBytes: 0, isExtended: false }
  const marked = first === 0xef && second === 0xbb && third === 0xbf
  if (isUtf8(head, part)) return { encoding: 'utf-8', markBytes: marked ? 3 : 0, isExtended: false }
  return eightBitText(head)
}

const binary = 1
const high = 2

/** Bell, backspace, tab, line feed, vertical tab, form feed, carriage return, escape: what texts have of control characters. */
const textControls = new Set([7, 8, 9, 10, 11, 12, 13, 27])

const byteKinds = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return high
  return (byte >= 0x20 && byte !== 0x7f) || textControls.has(byte) ? 0 : binary
})

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function isUtf8(head: Uint8Array, part: 'whole' | 'beginning'): boolean {
  try {
    strict.decode(part === 'whole' ? head : head.subarray(0, head.length - cutOff(head)))
    return true
  } catch {
    return false
  }
}

/** Bytes of a character at the end that is not whole: 0 .. 3. */
function cutOff(head: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= head.length; back++) {
    const byte = head[head.length - back] as number
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}

/** At least this share of a text in an 8-bit encoding is ASCII; where 0x80 .. 0x9f occur, the second. */
const asciiShareMin = 0.5
const asciiShareExtendedMin = 0.85

function eightBitText(head: Uint8Array): TextLook | undefined {
  let asciiCount = 0
  let extendedCount = 0
  for (const byte of head) {
    if (byte < 0x80) asciiCount++
    else if (byte < 0xa0 && byte !== nextLine) extendedCount++
  }
  const isExtended = extendedCount > 0
  const isText = asciiCount >= (isExtended ? asciiShareExtendedMin : asciiShareMin) * head.length
  return isText ? { encoding: 'latin-1', markBytes: 0, isExtended } : undefined
}

const nextLine = 0x85

function wideText(head: Uint8Array, encoding: 'utf-16le' | 'utf-16be'): TextLook | undefined {
  const low = encoding === 'utf-16le' ? 0 : 1
  for (let at = 2; at + 1 < head.length; at += 2) {
    const unit = (head[at + low] as number) | ((head[at + 1 - low] as number) << 8)
    if (unit === 0xfffe || unit === 0xffff || (unit < 0x80 && byteKinds[unit] === binary)) return undefined
  }
  return { encoding, markBytes: 2, isExtended: false }
}
