/** Base64 by hand: atob is not in every engine's types, and Buffer is Node's alone. */
import { assert } from '../base/assert.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** The bytes of standard base64 with padding; line breaks are ignored. For our own text: anything else throws. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const packed = text.replaceAll('\n', '')
  const digits = packed.replace(/={1,2}$/, '')
  assert(packed.length % 4 === 0, 'padded base64 comes in fours')
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4))
  let bits = 0
  let value = 0
  let at = 0
  for (const digit of digits) {
    const sextet = alphabet.indexOf(digit)
    assert(sextet >= 0, 'base64 has 64 digits')
    value = ((value << 6) | sextet) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = (value >> bits) & 255
  }
  return bytes
}
