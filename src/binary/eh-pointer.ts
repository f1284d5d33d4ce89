/** Pointers of .eh_frame: the forms in which they are written, and what a record's head (CIE) says about them. */
import type { ElfFields } from './elf-fields.ts'

export interface CodePointer {
  readonly value: bigint
  /** Behind its last byte. */
  readonly end: number
}

export interface PointerBase {
  readonly at: number
  /** Nothing is read at or behind this. */
  readonly sizeBytes: number
  /** Of byte 0 of the fields, when loaded. */
  readonly address: bigint
  readonly bits: 32 | 64
}

/**
 * Undefined where it is omitted, does not lie in the bytes, or has a form that needs more than the file to be understood:
 * relative to text or data, indirect, aligned. Compilers write code pointers absolute or relative to themselves.
 */
export function readPointer(fields: ElfFields, encoding: number, base: PointerBase): CodePointer | undefined {
  const application = encoding & 0xf0
  if (encoding === omitted || (application !== absolute && application !== relativeToItself)) return undefined
  const plain = readNumber(fields, encoding & 0x0f, base)
  if (plain === undefined) return undefined
  const value = application === relativeToItself ? plain.value + base.address + BigInt(base.at) : plain.value
  return { value: BigInt.asUintN(base.bits, value), end: plain.end }
}

const omitted = 0xff
const absolute = 0x00
const relativeToItself = 0x10

function readNumber(fields: ElfFields, form: number, { at, sizeBytes, bits }: PointerBase): CodePointer | undefined {
  if (form === 0x01 || form === 0x09) {
    const number = readLeb(fields, at, sizeBytes)
    if (number === undefined || form === 0x01) return number
    return { value: BigInt.asIntN(7 * (number.end - at), number.value), end: number.end }
  }
  const width = form === 0 ? bits / 8 : widths[form & 7]
  if (width === undefined || at + width > sizeBytes) return undefined
  const isSigned = (form & 8) !== 0
  const value = unsigned(fields, at, width)
  return { value: isSigned ? BigInt.asIntN(width * 8, value) : value, end: at + width }
}

/** By the low three bits of the form; with bit 3 the same, signed. */
const widths: Readonly<Record<number, number>> = { 2: 2, 3: 4, 4: 8 }

function unsigned(fields: ElfFields, at: number, width: number): bigint {
  if (width === 2) return BigInt(fields.u16(at))
  if (width === 4) return BigInt(fields.u32(at))
  const [low, high] = fields.isLittle ? [at, at + 4] : [at + 4, at]
  return (BigInt(fields.u32(high)) << 32n) | BigInt(fields.u32(low))
}

/** Seven bits a byte, least first; at most 10 bytes. */
function readLeb(fields: ElfFields, at: number, sizeBytes: number): CodePointer | undefined {
  let value = 0n
  for (let index = 0; index < 10 && at + index < sizeBytes; index++) {
    const byte = fields.u8(at + index)
    value |= BigInt(byte & 0x7f) << BigInt(7 * index)
    if (byte < 0x80) return { value, end: at + index + 1 }
  }
  return undefined
}

export interface Augmentation {
  /** Of the code pointers of the records that name this head. */
  readonly encoding: number
}

/** `at` is that of the version. Undefined where it is of a form that cannot be read. */
export function readAugmentation(
  fields: ElfFields,
  { at, end, bits }: { readonly at: number; readonly end: number; readonly bits: 32 | 64 },
): Augmentation | undefined {
  const letters = lettersAt(fields, at + 1, end)
  if (letters === undefined) return undefined
  if (letters === '') return { encoding: absolute }
  if (!letters.startsWith('z')) return undefined
  const version = fields.u8(at)
  let next = at + 1 + letters.length + 1
  // Version 4 tells the sizes of addresses and segments; then code alignment, data alignment, return register, length.
  if (version === 4) next += 2
  for (const form of [1, 1, version === 1 ? undefined : 1, 1]) {
    const number = form === undefined ? { end: next + 1 } : readLeb(fields, next, end)
    if (number === undefined) return undefined
    next = number.end
  }
  return { encoding: encodingOf(fields, letters.slice(1), { at: next, end, bits }) ?? absolute }
}

/** The byte behind `R`; what stands before it has to be passed over. */
function encodingOf(
  fields: ElfFields,
  letters: string,
  { at, end, bits }: { at: number; end: number; bits: 32 | 64 },
): number | undefined {
  let next = at
  for (const letter of letters) {
    if (letter === 'S' || letter === 'B' || letter === 'G') continue
    if (next >= end) return undefined
    const encoding = fields.u8(next)
    next += 1
    if (letter === 'R') return encoding
    if (letter === 'L') continue
    if (letter !== 'P') return undefined
    const personality = readNumber(fields, encoding & 0x0f, { at: next, sizeBytes: end, address: 0n, bits })
    if (personality === undefined) return undefined
    next = personality.end
  }
  return undefined
}

const lettersMax = 16

function lettersAt(fields: ElfFields, at: number, end: number): string | undefined {
  let letters = ''
  for (let next = at; next < end && letters.length <= lettersMax; next++) {
    const byte = fields.u8(next)
    if (byte === 0) return letters
    letters += String.fromCharCode(byte)
  }
  return undefined
}
