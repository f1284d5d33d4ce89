/** Records of .eh_frame for tests, in any form of pointer. */
import { concatBytes } from '../../base/bytes.ts'
import type { ElfLayout } from '../elf.ts'
import { Writer } from './make-elf.ts'

export interface FrameForm {
  readonly layout: ElfLayout
  /** Of code pointers; undefined: a head without augmentation, whose pointers are absolute. */
  readonly encoding: number | undefined
  /** Of the table's first byte, when loaded. */
  readonly address: number
}

/** A head (CIE). */
export function frameHead({ layout, encoding }: FrameForm): Uint8Array {
  const letters = encoding === undefined ? [0] : [0x7a, 0x52, 0]
  const augmentation = encoding === undefined ? [] : [1, encoding]
  // Id 0, version 1, letters, code alignment 1, data alignment -8, return register 16.
  const body = Uint8Array.from([0, 0, 0, 0, 1, ...letters, 1, 0x78, 16, ...augmentation])
  return record(layout, body)
}

export interface MadeRecord extends FrameForm {
  /** Of this record and of its head, in the table. */
  readonly at: number
  readonly headAt: number
  readonly start: number
  readonly sizeBytes: number
}

/** A record (FDE). */
export function frameRecord({ layout, encoding = 0, address, at, headAt, start, sizeBytes }: MadeRecord): Uint8Array {
  const form = encoding & 7
  const width = form === 0 ? layout.bits / 8 : (1 << form) / 2
  const isRelative = (encoding & 0x70) === 0x10
  const id = new Writer(layout, 4)
  id.u32(at + 4 - headAt)
  const value = isRelative ? start - (address + at + 8) : start
  return record(
    layout,
    concatBytes([id.bytes, number(layout, value, width), number(layout, sizeBytes, width), Uint8Array.of(0)]),
  )
}

export function frameZero(): Uint8Array {
  return new Uint8Array(4)
}

/** Length and body, filled up to a multiple of 4. */
function record(layout: ElfLayout, body: Uint8Array): Uint8Array {
  const bodyBytes = Math.ceil(body.length / 4) * 4
  const out = new Writer(layout, 4 + bodyBytes)
  out.u32(bodyBytes)
  out.put(4, body)
  return out.bytes
}

function number(layout: ElfLayout, value: number, width: number): Uint8Array {
  const bytes = new Uint8Array(width)
  const view = new DataView(bytes.buffer)
  const isLittle = layout.byteOrder === 'little'
  if (width === 2) view.setInt16(0, value, isLittle)
  else if (width === 4) view.setInt32(0, value, isLittle)
  else view.setBigInt64(0, BigInt(value), isLittle)
  return bytes
}
