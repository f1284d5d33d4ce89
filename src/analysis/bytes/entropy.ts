/**
 * Shannon entropy of bytes, and what else a histogram shows of them.
 *
 * Plain loops, by blocks of 4 KiB. The tile kernels are no help: their entropy is of 256 bytes at a time, in which random bytes
 * and merely varied ones look the same.
 */

/** Bits a byte, 0 .. 8, of all of them together; 0 of none. */
export function entropyOf(bytes: Uint8Array): number {
  const counts = new Float64Array(256)
  addTo(counts, bytes)
  return entropyOfCounts(counts, bytes.length)
}

/** `counts` may be fractions of the whole as well as numbers; `total` is their sum. */
export function entropyOfCounts(counts: ArrayLike<number>, total: number): number {
  if (total === 0) return 0
  let sum = 0
  for (let byte = 0; byte < 256; byte++) {
    const count = counts[byte] as number
    if (count > 0) sum += count * Math.log2(count)
  }
  return Math.max(0, Math.log2(total) - sum / total)
}

/**
 * How far the counts are from all being equal: about 255 +- 23 of random bytes, whatever their number; of compressed ones
 * more, and the more the more of them there are.
 */
export function chiSquareOf(counts: ArrayLike<number>, total: number): number {
  const expected = total / 256
  let sum = 0
  for (let byte = 0; byte < 256; byte++) sum += ((counts[byte] as number) - expected) ** 2
  return total === 0 ? 0 : sum / expected
}

/**
 * The histogram of the block that was read last, of this thread. It and its parts are constants of the module, so that the
 * engine knows their length: twice as fast as fields of an object (measured).
 */
export const blockCounts = new Uint32Array(256)

/**
 * Counts bytes [start, end), at most `blockBytesMax`, into `blockCounts`; gives their entropy in bits a byte. Equal bytes in a
 * row would make each increment wait for the one before, so four tables take turns.
 */
export function readBlock(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  for (const whole = end - 3; at < whole; at += 4) {
    ;(first[bytes[at] as number] as number)++
    ;(second[bytes[at + 1] as number] as number)++
    ;(third[bytes[at + 2] as number] as number)++
    ;(fourth[bytes[at + 3] as number] as number)++
  }
  for (; at < end; at++) (first[bytes[at] as number] as number)++
  return takeCounts(end - start)
}

const first = new Uint32Array(256)
const second = new Uint32Array(256)
const third = new Uint32Array(256)
const fourth = new Uint32Array(256)

function takeCounts(total: number): number {
  let sum = 0
  for (let byte = 0; byte < 256; byte++) {
    const count =
      (first[byte] as number) + (second[byte] as number) + (third[byte] as number) + (fourth[byte] as number)
    blockCounts[byte] = count
    sum += terms[count] as number
  }
  first.fill(0)
  second.fill(0)
  third.fill(0)
  fourth.fill(0)
  return total === 0 ? 0 : Math.max(0, (logs[total] as number) - sum / total)
}

export const blockBytesMax = 4_096

/** c * log2(c), and log2(c). */
const logs = Float64Array.from({ length: blockBytesMax + 1 }, (_, count) => (count === 0 ? 0 : Math.log2(count)))
const terms = Float64Array.from({ length: blockBytesMax + 1 }, (_, count) => count * (logs[count] as number))

function addTo(counts: Float64Array, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += blockBytesMax) {
    readBlock(bytes, at, Math.min(at + blockBytesMax, bytes.length))
    for (let byte = 0; byte < 256; byte++) (counts[byte] as number) += blockCounts[byte] as number
  }
}
