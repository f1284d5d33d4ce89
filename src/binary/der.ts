/** Values of ASN.1 in its distinguished encoding (X.690), as far as signatures need them. Never throws, never loops. */

export interface DerValue {
  /** Identifier octet: 0x30 SEQUENCE, 0x31 SET, 0x02 INTEGER, 0x06 OBJECT IDENTIFIER, 0x04 OCTET STRING, 0xa0 [0]. */
  readonly tag: number
  readonly content: Uint8Array
}

export const derTag = { integer: 2, octets: 4, objectId: 6, sequence: 0x30, set: 0x31, context0: 0xa0 }

/** A signature has a handful of them. */
const valuesMax = 4_096
const objectIdBytesMax = 64

/** The values that lie one after the other in these bytes; undefined where they are not whole, or thousands. */
export function derValues(bytes: Uint8Array): readonly DerValue[] | undefined {
  const values: DerValue[] = []
  for (let at = 0; at < bytes.length; ) {
    if (values.length >= valuesMax) return undefined
    const tag = bytes[at] as number
    const length = lengthAt(bytes, at + 1)
    // Identifiers of more than one octet are in none of these structures.
    if (length === undefined || (tag & 0x1f) === 0x1f) return undefined
    const end = length.contentAt + length.value
    if (end > bytes.length) return undefined
    values.push({ tag, content: bytes.subarray(length.contentAt, end) })
    at = end
  }
  return values
}

/** `1.2.840.113549.1.7.2`; undefined where the bytes end within a number, or are more than any has. */
export function objectIdText(content: Uint8Array): string | undefined {
  if (content.length > objectIdBytesMax) return undefined
  const numbers: number[] = []
  let value = 0
  let isOpen = false
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f)
    isOpen = byte >= 0x80
    if (isOpen) continue
    numbers.push(value)
    value = 0
  }
  const [first] = numbers
  if (isOpen || first === undefined) return undefined
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - root * 40, ...numbers.slice(1)].join('.')
}

function lengthAt(bytes: Uint8Array, at: number): { value: number; contentAt: number } | undefined {
  const first = bytes[at]
  if (first === undefined) return undefined
  if (first < 0x80) return { value: first, contentAt: at + 1 }
  const count = first & 0x7f
  if (count === 0 || count > 4 || at + count >= bytes.length) return undefined
  let value = 0
  for (let i = 1; i <= count; i++) value = value * 256 + (bytes[at + i] as number)
  return { value, contentAt: at + 1 + count }
}
