/** Mappings of memory as text for people. Display only; nothing is parsed back. */
import { displayPath } from './bytes.ts'
import type { Mapping } from './entry.ts'

/** `0x` and lower-case hex. */
export function hexText(value: bigint | number): string {
  return `0x${value.toString(16)}`
}

/** Such as `[heap] rw-p`, `libc.so.6 r-xp`, `anonymous rw-p`: the last part of a path, escaped. */
export function mappingLabel({ name, permissions }: Pick<Mapping, 'name' | 'permissions'>): string {
  const cut = name[0] === slash ? name.lastIndexOf(slash) : -1
  const shown = name.length === 0 ? 'anonymous' : displayPath(name.subarray(cut + 1))
  return `${shown} ${permissions}`
}

/** Where the mapping itself begins: the bytes before it are room to grow into. */
export function mappingStart({ address, lead }: Pick<Mapping, 'address' | 'lead'>): bigint {
  return address + BigInt(lead)
}

const slash = 0x2f
