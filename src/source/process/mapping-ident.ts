/**
 * What a folding thread needs to know a mapping again: packed into the fields of the entry that reach it.
 *
 * `ino`: the process's start in ticks, and 24 bits that stand for where the content begins and which file is mapped there.
 * `dev`: how the pages were chosen, see `choice`. The path is the address of content byte 0.
 */
import { utf8, utf8Text } from '../../base/bytes.ts'

/** Anonymous memory has dev and ino 0, and no base. */
export interface MappedThing {
  readonly dev: bigint
  readonly ino: bigint
  /** Bytes of the file at content byte 0; negative where the content begins with room before the mapping. */
  readonly base: bigint
}

/** Bits of `dev`. */
export const choice = {
  /** The pages are too scattered to be told one by one: what is not in memory between them is given as zeros. */
  rounded: 1n,
  /** Pages in swap are wanted too. */
  swapped: 2n,
} as const

export function identOf(startTicks: bigint, key: number, { dev, ino, base }: MappedThing): bigint {
  const text = ino === 0n && dev === 0n ? `${key}` : `${key} ${dev} ${ino} ${base}`
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (startTicks << hashBits) | BigInt((hash ^ (hash >>> 24)) & 0xff_ffff)
}

export function startTicksOf(ident: bigint): bigint {
  return ident >> hashBits
}

/** Sixteen lower-case hex digits. */
export function pathOfKey(key: number): Uint8Array {
  return utf8(BigInt(key).toString(16).padStart(16, '0'))
}

export function keyOfPath(path: Uint8Array): number | undefined {
  const text = utf8Text(path)
  return text !== undefined && /^[0-9a-f]{16}$/.test(text) ? Number.parseInt(text, 16) : undefined
}

/** Beyond 2^40 ticks, 348 years, the start would not fit into 64 bits any more. */
const hashBits = 24n
