/**
 * The lines of new bytes of a log as regions, each with its time and priority where it says them.
 *
 * A line ends with its newline, with the bytes, or where another file begins. Nothing of a line is trusted: its text is
 * cut, and what does not look like text is shown as such.
 */
import { type JsonValue, type Region, regionLayers } from '../../base/region.ts'
import { type LineHead, lineHead } from './line-head.ts'

/** Characters of a region's name. */
export const lineNameMax = 120
/** Of the newest lines; of those before them only how many there are is said. */
export const linesMax = 20_000
/** Longer lines are several regions. */
const lineBytesMax = 65_536
/** So much of a line is looked at. */
const lookedAtBytes = 512
const newline = 0x0a

export interface NewBytes {
  /** Offset in the content of the first byte; a line begins there. */
  readonly start: number
  readonly bytes: Uint8Array
  /** Offsets in the content where a line ends without a newline, ascending. */
  readonly cuts: readonly number[]
  /** When the log was written last, milliseconds since 1970: lines that name no year are not younger. */
  readonly writtenMs: number
}

export function lineRegions(from: NewBytes): Region[] {
  const ends = lineEnds(from)
  const first = Math.max(0, ends.length - linesMax)
  const regions: Region[] = []
  let at = 0
  if (first > 0) {
    at = ends[first - 1] as number
    regions.push(manyLines({ offset: from.start, length: at }, first))
  }
  for (const end of ends.slice(first)) {
    regions.push(lineRegion(from, at, end))
    at = end
  }
  return regions
}

/** As people may read it, at most that many characters; without what ends it, what is no printable text as a dot. */
export function shownText(text: string, charactersMax: number): string {
  const printable = text.trimEnd().replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u{fffd}]/gu, '·')
  const characters = printable.length <= charactersMax ? [] : [...printable]
  if (characters.length <= charactersMax) return printable
  return `${characters.slice(0, charactersMax - 1).join('')}…`
}

/** Ends of lines in `bytes`, ascending; the last is their end. */
function lineEnds({ start, bytes, cuts }: NewBytes): number[] {
  const ends: number[] = []
  const cutsLeft = cuts.map((cut) => cut - start)
  for (let at = 0; at < bytes.length; ) {
    while (cutsLeft[0] !== undefined && cutsLeft[0] <= at) cutsLeft.shift()
    const found = bytes.indexOf(newline, at)
    const lineEnd = found < 0 ? bytes.length : found + 1
    at = Math.min(lineEnd, cutsLeft[0] ?? lineEnd, at + lineBytesMax)
    ends.push(at)
  }
  return ends
}

function lineRegion({ start, bytes, writtenMs }: NewBytes, from: number, end: number): Region {
  const text = lenient.decode(bytes.subarray(from, Math.min(end, from + lookedAtBytes)))
  const head = lineHead(text, writtenMs)
  const name = shownText(head.message === '' ? text : head.message, lineNameMax)
  const attributes = attributesOf(head)
  const place = { offset: start + from, length: end - from, layer: regionLayers.record, class: 'line', name }
  return attributes === undefined ? place : { ...place, attributes }
}

function attributesOf({ time, sinceBoot, priority }: LineHead): { readonly [key: string]: JsonValue } | undefined {
  if (time === undefined && sinceBoot === undefined && priority === undefined) return undefined
  return {
    ...(time !== undefined && { time }),
    ...(sinceBoot !== undefined && { sinceBoot }),
    ...(priority !== undefined && { priority }),
  }
}

function manyLines(place: Pick<Region, 'offset' | 'length'>, count: number): Region {
  return { ...place, layer: regionLayers.segment, class: 'lines', name: `${count} lines`, attributes: { count } }
}

const lenient = new TextDecoder('utf-8')
