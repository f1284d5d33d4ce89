/**
 * The strings of a content, on demand: all of them, page by page, or one after the other. Offsets equal those of
 * `strings -a -n 6`; of a longer content no more than a window is held, and no string is ever held whole.
 */
import type { Content } from '../subject.ts'
import { walkWindows } from './content-windows.ts'
import { characterBytesMax, restOfString, type ScanOptions, type StringEncoding, scanStrings } from './string-scan.ts'

export interface FoundString {
  /** Bytes from the beginning of the content. */
  readonly offset: number
  /** Bytes of the whole string, whatever `text` shows. */
  readonly length: number
  /** At most 4,096 bytes of it. */
  readonly text: string
}

export interface StringsAsked extends ScanOptions {
  /** Offset from which on strings are looked for; default 0. In the middle of one, what is left of it counts. */
  readonly from?: number
  /** Strings of a page, 1 .. 100,000. */
  readonly limit: number
}

export interface StringsPage {
  readonly strings: readonly FoundString[]
  /** Where the next page begins; undefined after the last. */
  readonly next: number | undefined
}

/** Errors: those of `content.read`. */
export function stringsOf(content: Content, { limit, ...options }: StringsAsked): StringsPage {
  const most = Math.max(1, Math.min(limit, pageMax))
  const strings: FoundString[] = []
  let next: number | undefined
  walkStrings(content, options, (place) => {
    if (strings.length === most) {
      next = place.offset
      return false
    }
    const text = decode(
      place.bytes.subarray(place.start, Math.min(place.end, place.start + textBytesMax)),
      options.encoding,
    )
    strings.push({ offset: place.offset, length: place.length, text })
    return true
  })
  return { strings, next }
}

/** One string where it lies; the object is used again for the next. */
export interface StringPlace {
  /** The string is `bytes[start .. end)`, or of one that is longer than a window its beginning. */
  bytes: Uint8Array
  start: number
  end: number
  /** In the content. */
  offset: number
  length: number
  /** See `mark` in string-scan.ts. */
  marks: number
}

/** In order of offset; false from `visit` ends it. Errors: those of `content.read`. */
export function walkStrings(
  content: Content,
  { from = 0, ...options }: ScanOptions & { readonly from?: number },
  visit: (place: StringPlace) => boolean,
): void {
  const place: StringPlace = { bytes: new Uint8Array(0), start: 0, end: 0, offset: 0, length: 0, marks: 0 }
  let giant: { readonly offset: number; readonly head: Uint8Array } | undefined
  walkWindows(content, { sizeBytes: windowBytesOf(content), from }, ({ bytes, at, isLast }) => {
    let begin = 0
    if (giant !== undefined) {
      begin = restOfString(bytes, options.encoding)
      if (!isLast && begin + characterBytesMax > bytes.length) return begin
      const { offset, head } = giant
      giant = undefined
      Object.assign(place, { bytes: head, start: 0, end: head.length, offset, length: at + begin - offset, marks: -1 })
      if (!visit(place)) return 'stop'
    }
    const window = begin === 0 ? bytes : bytes.subarray(begin)
    const start = at + begin
    place.bytes = window
    let goesOn = true
    const done = scanStrings(window, isLast ? 'whole' : 'beginning', options, (first, end, marks) => {
      place.start = first
      place.end = end
      place.offset = start + first
      place.length = end - first
      place.marks = marks
      goesOn = visit(place)
      return goesOn
    })
    if (!goesOn) return 'stop'
    if (begin + done > 0 || isLast) return begin + done
    // One string fills the window: its beginning is kept, its end looked for.
    giant = { offset: at, head: bytes.slice(0, textBytesMax) }
    return restOfString(bytes, options.encoding)
  })
}

const pageMax = 100_000
const textBytesMax = 4_096
const windowBytes = 4 * 2 ** 20

/** What is in memory as a whole costs nothing more in one window. */
function windowBytesOf(content: Content): number {
  return content.size <= windowBytes ? Math.max(1, content.size) : windowBytes
}

const decoders: Readonly<Record<StringEncoding, { decode(bytes: Uint8Array): string }>> = {
  ascii: new TextDecoder('latin1'),
  'utf-8': new TextDecoder('utf-8', { ignoreBOM: true }),
  'utf-16le': new TextDecoder('utf-16le', { ignoreBOM: true }),
  'utf-16be': new TextDecoder('utf-16be', { ignoreBOM: true }),
}

function decode(bytes: Uint8Array, encoding: StringEncoding): string {
  return decoders[encoding].decode(bytes)
}
