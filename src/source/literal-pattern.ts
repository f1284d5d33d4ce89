/** The exclude pattern that matches exactly one path from the root, and everything beneath it. */
import { utf8 } from '../base/bytes.ts'

const slash = 0x2f
const backslash = 0x5c
/** Bytes that mean something to a pattern. */
const special = new Set(utf8('\\*?[]!'))

/** `path`: relative, not empty. */
export function literalPattern(path: Uint8Array): Uint8Array {
  return Uint8Array.from([slash, ...path].flatMap((byte) => (special.has(byte) ? [backslash, byte] : [byte])))
}
