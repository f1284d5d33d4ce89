/** Byte strings: comparison, joining, hex. Paths are bytes; text is only for people. */

const hexDigits = '0123456789abcdef'
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** memcmp order: negative, 0 or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += (hexDigits[byte >> 4] as string) + (hexDigits[byte & 15] as string)
  return text
}

/** Undefined unless `text` is an even number of hex digits. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** The text, or undefined where the bytes are not valid UTF-8. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** A path as programs get it: text where the bytes are valid UTF-8, else their hex digits. */
export function pathText(path: Uint8Array): { readonly path?: string; readonly pathHex?: string } {
  const text = utf8Text(path)
  return text === undefined ? { pathHex: toHex(path) } : { path: text }
}

/** A path for a person's eye: valid UTF-8 as it is, control characters and other bytes as \xNN. Never parsed back. */
export function displayPath(path: Uint8Array): string {
  const text = utf8Text(path)
  if (text !== undefined && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)) return text
  let shown = ''
  for (const byte of path) {
    shown += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return shown
}

/** One character a byte (latin1), usable as a Map key for any path; strings order as the bytes do. */
export function bytesKey(bytes: Uint8Array): string {
  if (bytes.length <= charactersAtOnce) return characters(bytes)
  let key = ''
  for (let at = 0; at < bytes.length; at += charactersAtOnce)
    key += characters(bytes.subarray(at, at + charactersAtOnce))
  return key
}

const charactersAtOnce = 4_096

/** `apply` takes the array as it is: eight times as fast as a spread, which iterates. */
function characters(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[])
}
