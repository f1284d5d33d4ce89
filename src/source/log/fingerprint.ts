/**
 * By which bytes a file is known again: crc32 of its first 64, 128, 256, ... bytes and of all that were taken, and those
 * before the place up to which it was taken. A copy, packed or shorter, is proven by at least half of its bytes.
 */
import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { toHex } from '../../base/bytes.ts'

export interface Fingerprint {
  /** Where taking began: all before is unknown. */
  readonly from: number
  /** Ascending; the last is the place up to which was taken. */
  readonly checks: readonly Check[]
  /** Of the last bytes before that place. */
  readonly tail: Digest
}

export interface Check {
  /** Of the file. */
  readonly offset: number
  /** crc32 of [from, offset). */
  readonly crc: number
}

export interface Digest {
  readonly length: number
  /** First 16 bytes of the SHA-256, hex. */
  readonly hex: string
}

const tailBytesMax = 1_024
const firstStep = 64

/** Of a file of which nothing was taken yet, and nothing will be before `from`. */
export function freshFingerprint(from: number): Fingerprint {
  return { from, checks: [{ offset: from, crc: 0 }], tail: digestOf(new Uint8Array(0)) }
}

export function takenTo({ checks, from }: Fingerprint): number {
  return checks.at(-1)?.offset ?? from
}

export function digestOf(bytes: Uint8Array): Digest {
  return { length: bytes.length, hex: toHex(hash('sha256', bytes, 'buffer').subarray(0, 16)) }
}

export function isTailOf({ tail }: Fingerprint, bytes: Uint8Array): boolean {
  const { length, hex } = digestOf(bytes)
  return length === tail.length && hex === tail.hex
}

/** Makes a fingerprint of bytes that go by once. */
export class FingerprintWriter {
  readonly #from: number
  readonly #checks: Check[]
  #crc: number
  #offset: number
  #tail: Uint8Array

  /** `tail`: the bytes whose digest `before` has. */
  constructor(before: Fingerprint, tail: Uint8Array) {
    this.#from = before.from
    this.#checks = before.checks.filter(({ offset }) => isStep(offset - before.from))
    this.#crc = before.checks.at(-1)?.crc ?? 0
    this.#offset = takenTo(before)
    this.#tail = tail
  }

  /** Of the file: where the next bytes belong. */
  get offset(): number {
    return this.#offset
  }

  /** The bytes before `offset`, at most 1 KiB, less where fewer were taken. */
  get tail(): Uint8Array {
    return this.#tail
  }

  take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const taken = this.#offset - this.#from
      const part = bytes.subarray(at, at + nextStep(taken) - taken)
      this.#crc = crc32(part, this.#crc)
      this.#offset += part.length
      at += part.length
      if (isStep(this.#offset - this.#from)) this.#checks.push({ offset: this.#offset, crc: this.#crc })
    }
    const joined = Buffer.concat([this.#tail, bytes.subarray(-tailBytesMax)])
    this.#tail = new Uint8Array(joined.subarray(-tailBytesMax))
  }

  fingerprint(): Fingerprint {
    const last = { offset: this.#offset, crc: this.#crc }
    const earlier = this.#checks.filter(({ offset }) => offset < last.offset)
    return { from: this.#from, checks: [...earlier, last], tail: digestOf(this.#tail) }
  }
}

function isStep(count: number): boolean {
  return count >= firstStep && Number.isInteger(Math.log2(count))
}

/** The first step beyond `count`. */
function nextStep(count: number): number {
  let step = firstStep
  while (step <= count) step *= 2
  return step
}
