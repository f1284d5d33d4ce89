/** The header of a V2BR file in JSON. */
import { toHex } from '../base/bytes.ts'
import type { JsonValue } from '../base/region.ts'
import { type V2brHeader, v2brFlags } from '../read/v2br-header.ts'
import type { V2brHash } from '../read/v2br-import.ts'

export function v2brFields(header: V2brHeader, hash: V2brHash): { readonly [key: string]: JsonValue } {
  const { order, originalSize, compressedSize, entropy } = header
  return {
    version: 1,
    side: 2 ** order,
    order,
    originalSize,
    compressedSize: String(compressedSize),
    entropy: Number.isFinite(entropy) ? entropy : null,
    hash: toHex(header.hash),
    hashIs: hash,
    flags: Object.entries(v2brFlags).flatMap(([name, bit]) => ((header.flags & bit) !== 0 ? [name] : [])),
    flagBits: header.flags,
    reserved: toHex(header.reserved),
  }
}
