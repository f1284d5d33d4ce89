/**
 * The bytes that one look adds to a log's stream: taken from its files up to a bound, with what has to be known of them
 * afterwards. A byte is taken only where the bytes before it are those that were taken before.
 */
import { equalBytes } from '../../base/bytes.ts'
import { FingerprintWriter } from './fingerprint.ts'
import { type Gap, gapsInOrder } from './gaps.ts'
import type { LogBytes } from './log-bytes.ts'
import { type FileMark, type LogState, takenOf } from './log-state.ts'

const chunkBytes = 2 ** 20
/** A line longer than this may be broken where the stream goes on to another file. */
const lineBytesMax = 65_536
const newline = 0x0a

export interface WantedBytes {
  readonly bytes: LogBytes
  /** Of the file, as far as is wanted; Infinity of a packed one. */
  readonly end: number
  /** Bytes before the place up to which was taken; of a packed file none. */
  readonly tail: Uint8Array
}

export class StreamTaker {
  readonly parts: Uint8Array[] = []
  /** Offsets in the stream where bytes of another file begin in the middle of a line. */
  readonly cuts: number[] = []
  readonly #stopIfAsked: () => void
  #leftBytes: number
  #sizeBytes: number
  #lineStart: number
  #gaps: readonly Gap[]

  constructor(state: LogState, { bytesMax, stopIfAsked }: { bytesMax: number; stopIfAsked: () => void }) {
    this.#sizeBytes = state.sizeBytes
    this.#lineStart = state.lineStart
    this.#gaps = state.gaps
    this.#leftBytes = bytesMax
    this.#stopIfAsked = stopIfAsked
  }

  get isFull(): boolean {
    return this.#leftBytes === 0
  }

  /** Of the stream. */
  get isAtLineEnd(): boolean {
    return this.#lineStart === this.#sizeBytes
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get standing(): Pick<LogState, 'sizeBytes' | 'lineStart' | 'gaps'> {
    return { sizeBytes: this.#sizeBytes, lineStart: this.#lineStart, gaps: this.#gaps }
  }

  addGap(gap: Omit<Gap, 'at'>): void {
    this.#gaps = gapsInOrder([...this.#gaps, { ...gap, at: this.#sizeBytes }])
  }

  /** The bytes that come next are of another file. */
  cut(): void {
    if (this.isAtLineEnd) return
    this.cuts.push(this.#sizeBytes)
    this.#lineStart = this.#sizeBytes
  }

  /** The mark as it is afterwards. `moved`: the file is not what it was any more. Errors: PackedDamage, of reading. */
  async take(mark: FileMark, { bytes, end, tail }: WantedBytes): Promise<{ mark: FileMark; kind: 'taken' | 'moved' }> {
    const writer = new FingerprintWriter(mark.print, tail)
    const isTogether = takenOf(mark) === mark.print.from || mark.streamBase === this.#sizeBytes - takenOf(mark)
    const base = this.#sizeBytes - takenOf(mark)
    let kind: 'taken' | 'moved' = 'taken'
    while (writer.offset < end && this.#leftBytes > 0) {
      this.#stopIfAsked()
      const wanted = Math.min(chunkBytes, end - writer.offset, this.#leftBytes)
      const overlap = end === Number.POSITIVE_INFINITY ? new Uint8Array(0) : writer.tail
      // One call for both: the new bytes are of the file whose old ones come with them.
      const read = await bytes.read(writer.offset - overlap.length, overlap.length + wanted)
      if (!equalBytes(read.subarray(0, overlap.length), overlap)) {
        kind = 'moved'
        break
      }
      const part = read.subarray(overlap.length)
      if (part.length === 0) break
      writer.take(part)
      this.#append(part)
    }
    if (writer.offset === takenOf(mark)) return { mark, kind }
    return { mark: { ...mark, print: writer.fingerprint(), streamBase: isTogether ? base : null }, kind }
  }

  #append(part: Uint8Array): void {
    this.parts.push(part)
    const last = part.lastIndexOf(newline)
    if (last >= 0) this.#lineStart = this.#sizeBytes + last + 1
    this.#sizeBytes += part.length
    this.#leftBytes -= part.length
  }
}

/** The end of the last whole line of a file between what was taken and `size`; `size` where lines are very long. */
export async function lastLineEnd(bytes: LogBytes, mark: FileMark, size: number): Promise<number> {
  const taken = takenOf(mark)
  const from = Math.max(taken, size - lineBytesMax)
  const read = await bytes.read(from, size - from)
  const last = read.lastIndexOf(newline)
  if (last >= 0) return from + last + 1
  return from > taken ? size : taken
}
