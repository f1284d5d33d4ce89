/**
 * Two compressors that give the same bytes on every machine and with every release of a library, which zstd and zlib do
 * not promise. Fixtures are small because of them and can be made again anywhere. Not fast, not thorough.
 */

/** One zstd frame with its content size and no checksum (RFC 8878), of raw blocks and of blocks that repeat a byte. */
export function zstdOfRuns(bytes: Uint8Array): Uint8Array {
  const out = [...zstdMagic, ...zstdHeader(bytes.length)]
  let at = 0
  do {
    const end = blockEnd(bytes, at)
    const isRepeat = end - at >= repeatMin && runEnd(bytes, at) === end
    const isLast = end === bytes.length ? 1 : 0
    const header = isLast | (isRepeat ? 2 : 0) | ((end - at) << 3)
    out.push(header & 0xff, (header >> 8) & 0xff, header >> 16)
    if (isRepeat) out.push(bytes[at] as number)
    else for (let i = at; i < end; i++) out.push(bytes[i] as number)
    at = end
  } while (at < bytes.length)
  return Uint8Array.from(out)
}

/** One block of deflate with the fixed codes (RFC 1951, 3.2.6); the nearest earlier match of 6 bytes and more. */
export function deflateFixed(bytes: Uint8Array): Uint8Array {
  const out = new BitWriter()
  out.bits(0b011, 3)
  const seenAt = new Map<number, number>()
  for (let at = 0; at < bytes.length; ) {
    const from = seenAt.get(sixAt(bytes, at))
    let length = 1
    if (from === undefined || at - from > distanceMax) writeSymbol(out, bytes[at] as number)
    else {
      length = matchLength(bytes, from, at)
      writeMatch(out, { length, distance: at - from })
    }
    for (const end = at + length; at < end; at++) seenAt.set(sixAt(bytes, at), at)
  }
  writeSymbol(out, endOfBlock)
  return out.take()
}

const zstdMagic = [0x28, 0xb5, 0x2f, 0xfd]
const singleSegment = 0x20
/** Shorter runs of one byte stay in raw blocks. */
const repeatMin = 8
const blockBytesMax = 131_072

function zstdHeader(length: number): number[] {
  if (length < 256) return [singleSegment, length]
  if (length < 65_792) return [singleSegment | 0x40, (length - 256) & 0xff, (length - 256) >> 8]
  return [singleSegment | 0x80, length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff, length >>> 24]
}

function runEnd(bytes: Uint8Array, start: number): number {
  let end = start
  while (end < bytes.length && end - start < blockBytesMax && bytes[end] === bytes[start]) end++
  return end
}

/** Of the run that begins at `start`, or else of the bytes up to the next run that is worth a block. */
function blockEnd(bytes: Uint8Array, start: number): number {
  let at = start
  while (at < bytes.length && at - start < blockBytesMax) {
    const end = runEnd(bytes, at)
    if (end - at >= repeatMin) return at === start ? end : at
    at = end
  }
  return Math.min(at, start + blockBytesMax)
}

const endOfBlock = 256
const distanceMax = 32_768
const matchMax = 258
const lengthBases = bases([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5], 3)
const distanceBases = bases(
  [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13],
  1,
)

interface Base {
  readonly first: number
  readonly extraBits: number
}

function bases(extraBits: readonly number[], start: number): readonly Base[] {
  let first = start
  return extraBits.map((bits) => {
    const base = { first, extraBits: bits }
    first += 2 ** bits
    return base
  })
}

/** The next six bytes as a number; -1 - position, which is found nowhere, where there are fewer. */
function sixAt(bytes: Uint8Array, at: number): number {
  if (at + 6 > bytes.length) return -1 - at
  let number = 0
  for (let i = at; i < at + 6; i++) number = 256 * number + (bytes[i] as number)
  return number
}

function matchLength(bytes: Uint8Array, from: number, at: number): number {
  let length = 0
  while (length < matchMax && at + length < bytes.length && bytes[from + length] === bytes[at + length]) length++
  return length
}

function writeMatch(out: BitWriter, { length, distance }: { length: number; distance: number }): void {
  if (length === matchMax) writeSymbol(out, 285)
  else {
    const code = lengthBases.findLastIndex(({ first }) => first <= length)
    const { first, extraBits } = lengthBases[code] as Base
    writeSymbol(out, 257 + code)
    out.bits(length - first, extraBits)
  }
  const code = distanceBases.findLastIndex(({ first }) => first <= distance)
  const { first, extraBits } = distanceBases[code] as Base
  out.code(code, 5)
  out.bits(distance - first, extraBits)
}

function writeSymbol(out: BitWriter, symbol: number): void {
  if (symbol < 144) out.code(0x30 + symbol, 8)
  else if (symbol < 256) out.code(0x190 + symbol - 144, 9)
  else if (symbol < 280) out.code(symbol - 256, 7)
  else out.code(0xc0 + symbol - 280, 8)
}

class BitWriter {
  readonly #bytes: number[] = []
  #held = 0
  #heldBits = 0

  /** Least significant bit first. */
  bits(value: number, count: number): void {
    for (let i = 0; i < count; i++) this.#bit((value >> i) & 1)
  }

  /** Huffman codes stand most significant bit first. */
  code(value: number, count: number): void {
    for (let i = count - 1; i >= 0; i--) this.#bit((value >> i) & 1)
  }

  take(): Uint8Array {
    while (this.#heldBits > 0) this.#bit(0)
    return Uint8Array.from(this.#bytes)
  }

  #bit(bit: number): void {
    this.#held |= bit << this.#heldBits
    if (++this.#heldBits < 8) return
    this.#bytes.push(this.#held)
    this.#held = 0
    this.#heldBits = 0
  }
}
