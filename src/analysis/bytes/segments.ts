/**
 * Cuts a content into runs of one nature, by the histograms of its blocks of 4 KiB: zeros, text, code, data, compressed,
 * random. Tells what bytes look like, never what they are.
 *
 * A block of random bytes has 7.95 bits a byte and a deflated one hardly less, so one block cannot tell them apart; over a
 * long run the counts of compressed bytes stray further from each other than chance lets them (chi square).
 */
import type { Content } from '../subject.ts'
import { walkWindows } from './content-windows.ts'
import { blockBytesMax, blockCounts, chiSquareOf, entropyOfCounts, readBlock } from './entropy.ts'
import { looksLikeCode } from './looks-like-code.ts'

/**
 * `random`: nothing tells it from random bytes: encrypted, a key, or compressed by a strong method. `compressed`: high
 * entropy, yet not random, or too short to tell.
 */
export type SegmentKind = 'zero' | 'text' | 'code' | 'data' | 'compressed' | 'random'

export interface Segment {
  readonly kind: SegmentKind
  readonly offset: number
  readonly length: number
  /** Bits a byte, 0 .. 8, of all its bytes together. */
  readonly entropy: number
}

/** Beyond, blocks are not read: who asks for more says what was left out. */
export const segmentBytesMax = 4 * 2 ** 30

/** In order, without gaps, each of other kind than the one before it. Errors: those of `content.read`. */
export function segmentsOf(content: Content): readonly Segment[] {
  const segments: Segment[] = []
  let open: OpenRun | undefined
  const end = Math.min(content.size, segmentBytesMax)
  walkWindows(content, { sizeBytes: windowBytes }, ({ bytes, at }) => {
    for (let start = 0; start < bytes.length; start += blockBytesMax) {
      const stop = Math.min(start + blockBytesMax, bytes.length)
      const entropy = readBlock(bytes, start, stop)
      const kind = kindOf(bytes, { start, stop, counts: blockCounts, entropy, within: open?.kind })
      if (open?.kind !== kind) {
        if (open !== undefined) segments.push(closed(open))
        open = { kind, offset: at + start, length: 0, counts: new Float64Array(256) }
      }
      open.length += stop - start
      addCounts(open.counts)
    }
    return at + bytes.length >= end ? 'stop' : bytes.length
  })
  if (open !== undefined) segments.push(closed(open))
  return segments
}

/** Bits a byte from which on a block counts as compressed, and down to which it still does within such a run. */
const highBits = 7.75
const highBitsWithin = 7.5

interface OpenRun {
  readonly kind: SegmentKind
  readonly offset: number
  length: number
  readonly counts: Float64Array
}

/** A multiple of blocks: none is cut but the last. */
const windowBytes = 1_024 * blockBytesMax
/** A run this long tells compressed bytes from random ones. */
const randomBytesMin = 262_144
/** Chance gives more, or less, once in ten thousand runs. */
const chiSquareMax = 345
const chiSquareMin = 175

function addCounts(sums: Float64Array): void {
  for (let byte = 0; byte < 256; byte++) (sums[byte] as number) += blockCounts[byte] as number
}

function closed({ kind, offset, length, counts }: OpenRun): Segment {
  const entropy = entropyOfCounts(counts, length)
  if (kind !== 'compressed' || length < randomBytesMin) return { kind, offset, length, entropy }
  const chiSquare = chiSquareOf(counts, length)
  const isRandom = chiSquare >= chiSquareMin && chiSquare <= chiSquareMax
  return { kind: isRandom ? 'random' : 'compressed', offset, length, entropy }
}

interface Block {
  readonly start: number
  readonly stop: number
  readonly counts: Uint32Array
  readonly entropy: number
  /** Of the block before it. */
  readonly within: SegmentKind | undefined
}

const textShareMin = 0.9
const codeBitsMin = 4.5
const codeBitsMax = 7.3

function kindOf(bytes: Uint8Array, { start, stop, counts, entropy, within }: Block): SegmentKind {
  const total = stop - start
  if (counts[0] === total) return 'zero'
  if (entropy >= (within === 'compressed' ? highBitsWithin : highBits)) return 'compressed'
  let textCount = (counts[9] as number) + (counts[10] as number) + (counts[13] as number)
  for (let byte = 0x20; byte < 0x7f; byte++) textCount += counts[byte] as number
  // Strings in a binary end in a zero each.
  if (textCount >= textShareMin * (total - Math.min(counts[0] as number, total / 8)) && textCount > total / 2)
    return 'text'
  const mayBeCode = entropy >= codeBitsMin && entropy <= codeBitsMax
  return mayBeCode && looksLikeCode(bytes, { start, stop, counts }) ? 'code' : 'data'
}
