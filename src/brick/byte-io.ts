/**
 * Numbers and byte runs as the format writes them (spec section 1): little-endian integers, varints, zigzags.
 *
 * Reading checks every bound before it touches a byte and throws BrickDamage: with the reader's rule where bytes are
 * missing or left over or a fixed number is too large, with the rule `varint` where a varint is not the one way to
 * write its value. Writing asserts its input. Must not know what the numbers mean.
 */
import { AssertionError } from '../base/assert.ts'
import { BrickDamage, type DamageRule } from './damage.ts'

/** Largest |v| of a zigzag. */
export const zigzagMax = 2 ** 52 - 1
const varintBytesMax = 8
const high32 = 2 ** 32
const wideMax = 2n ** 64n - 1n

/** Grows as needed. */
export class ByteWriter {
  #bytes: Uint8Array
  #view: DataView
  #length = 0

  /** `capacity` in bytes saves growing where the caller knows the size. */
  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  get length(): number {
    return this.#length
  }

  u8(value: number): void {
    if (!isUnsigned(value, 0xff)) refuse('u8', value)
    const at = this.#advance(1)
    this.#bytes[at] = value
  }

  u16(value: number): void {
    if (!isUnsigned(value, 0xffff)) refuse('u16', value)
    const at = this.#advance(2)
    this.#view.setUint16(at, value, true)
  }

  u32(value: number): void {
    if (!isUnsigned(value, high32 - 1)) refuse('u32', value)
    const at = this.#advance(4)
    this.#view.setUint32(at, value, true)
  }

  /** 0 .. 2^53 - 1. */
  u64(value: number): void {
    if (!isUnsigned(value, Number.MAX_SAFE_INTEGER)) refuse('u64', value)
    const at = this.#advance(8)
    this.#view.setUint32(at, value % high32, true)
    this.#view.setUint32(at + 4, Math.floor(value / high32), true)
  }

  /** Any safe integer. */
  i64(value: number): void {
    if (!Number.isSafeInteger(value)) refuse('i64', value)
    const at = this.#advance(8)
    this.#view.setBigInt64(at, BigInt(value), true)
  }

  /** All 64 bits, such as an inode number. */
  u64big(value: bigint): void {
    if (value < 0n || value > wideMax) refuse('u64', value)
    const at = this.#advance(8)
    this.#view.setBigUint64(at, value, true)
  }

  bytes(source: Uint8Array): void {
    const at = this.#advance(source.length)
    this.#bytes.set(source, at)
  }

  varint(value: number): void {
    if (!isUnsigned(value, Number.MAX_SAFE_INTEGER)) refuse('varint', value)
    let at = this.#advance(varintLength(value))
    let left = value
    for (; left >= 0x80; left = Math.floor(left / 128)) this.#bytes[at++] = (left % 128) | 0x80
    this.#bytes[at] = left
  }

  zigzag(value: number): void {
    this.varint(zigzagCode(value))
  }

  /** Everything written, in memory of its own. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  /** Forgets what was written and keeps the memory, for writers of many small records. */
  clear(): void {
    this.#length = 0
  }

  /** Makes room and gives the place; callers fetch it before they touch #bytes or #view, which it may replace. */
  #advance(count: number): number {
    const at = this.#length
    const end = at + count
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#bytes.length))
      grown.set(this.#bytes)
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    this.#length = end
    return at
  }
}

/** Reads forward over `bytes`; `rule` and the frame's file `offset` (-1 unknown) go into what it throws. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #lazyView: DataView | undefined
  #end: number
  readonly #rule: DamageRule
  readonly #offset: number
  #at = 0

  constructor(bytes: Uint8Array, rule: DamageRule, offset = -1) {
    this.#bytes = bytes
    this.#end = bytes.length
    this.#rule = rule
    this.#offset = offset
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#at
  }

  /** Bytes not yet read, up to the end of the field where one is entered. */
  get rest(): number {
    return this.#end - this.#at
  }

  u8(): number {
    return this.#bytes[this.#advance(1)] as number
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true)
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true)
  }

  /** Damage where the value is above 2^53 - 1. */
  u64(): number {
    const at = this.#advance(8)
    const high = this.#view.getUint32(at + 4, true)
    if (high >= 2 ** 21) this.fail('a 64-bit number is above 2^53 - 1')
    return high * high32 + this.#view.getUint32(at, true)
  }

  /** Damage where the value is not a safe integer. */
  i64(): number {
    const value = Number(this.#view.getBigInt64(this.#advance(8), true))
    if (!Number.isSafeInteger(value)) this.fail('a signed 64-bit number is beyond 2^53 - 1')
    return value
  }

  u64big(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true)
  }

  /** A view, not a copy. */
  bytes(count: number): Uint8Array {
    const at = this.#advance(count)
    return this.#bytes.subarray(at, at + count)
  }

  varint(): number {
    const first = this.u8()
    if (first < 0x80) return first
    let value = first & 0x7f
    let scale = 128
    for (let count = 2; count <= varintBytesMax; count++) {
      const byte = this.u8()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (byte === 0) throw new BrickDamage('varint', 'its last byte is 0', this.#offset)
        if (value > Number.MAX_SAFE_INTEGER) throw new BrickDamage('varint', 'it is above 2^53 - 1', this.#offset)
        return value
      }
      scale *= 128
    }
    throw new BrickDamage('varint', `it is longer than ${varintBytesMax} bytes`, this.#offset)
  }

  zigzag(): number {
    const coded = this.varint()
    if (coded === Number.MAX_SAFE_INTEGER)
      throw new BrickDamage('varint', 'a zigzag is below -(2^52 - 1)', this.#offset)
    return coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2
  }

  /** Ends the reader after `length` more bytes, a field; gives the end to hand back to `leave`. */
  enter(length: number): number {
    if (length > this.rest) this.fail(`a field of ${length} bytes has only ${this.rest}`)
    const outerEnd = this.#end
    this.#end = this.#at + length
    return outerEnd
  }

  /** The field must have been read to its end; reading goes on behind it. */
  leave(outerEnd: number): void {
    this.end()
    this.#end = outerEnd
  }

  /** Nothing may be left. */
  end(): void {
    if (this.rest !== 0) this.fail(`${this.rest} bytes are left over`)
  }

  /** Damage by this reader's rule and offset. */
  fail(detail: string): never {
    throw new BrickDamage(this.#rule, detail, this.#offset)
  }

  get #view(): DataView {
    this.#lazyView ??= new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length)
    return this.#lazyView
  }

  #advance(count: number): number {
    const at = this.#at
    if (count > this.#end - at) this.fail(`it ends after ${this.#end} bytes, ${count} more are needed at ${at}`)
    this.#at = at + count
    return at
  }
}

/** Bytes that `varint` writes for this value. */
export function varintLength(value: number): number {
  let length = 1
  for (let left = value; left >= 0x80; left = Math.floor(left / 128)) length++
  return length
}

/** The varint that stands for this number in a zigzag. */
export function zigzagCode(value: number): number {
  if (!Number.isInteger(value) || Math.abs(value) > zigzagMax) refuse('zigzag', value)
  return value >= 0 ? 2 * value : -2 * value - 1
}

/** Like assert, but the message is made only where it is needed: this runs for every number of a brick. */
function refuse(what: string, value: number | bigint): never {
  throw new AssertionError(`${what} was ${value}`)
}

function isUnsigned(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max
}
