/** The forms in which a private key in PEM armour stands in bytes: plain, in two bytes a character, in base64 once more. */
import { armourBytesMax, type PrivateKey, privateKeyAt, privateKeyKeyword } from './private-key.ts'

export interface PlacedKey extends PrivateKey {
  /** In the window: its first byte. */
  readonly begin: number
  /** Of what tells the key from others: its armour, or its base64. */
  readonly text: string
}

export interface KeyForm {
  readonly keyword: string
  /** `at`: of the keyword in the window. */
  read(window: Uint8Array, at: number): PlacedKey | undefined
}

/** `-----BEGIN ENCRYPTED ` is the longest that comes before the words. */
const markerBytesMax = 64
/** What a base64 of the longest armour takes. */
export const keyBytesMax = 2 * armourBytesMax + 2 * markerBytesMax

export const keyForms: readonly KeyForm[] = [
  { keyword: privateKeyKeyword, read: (window, at) => armoured(window, { at, width: 1 }) },
  { keyword: [...privateKeyKeyword].join('\0'), read: (window, at) => armoured(window, { at, width: 2 }) },
  // As Kubernetes keeps it in a Secret: `-----BEGIN ` in base64.
  { keyword: 'LS0tLS1CRUdJTi', read: encoded },
]

function armoured(window: Uint8Array, { at, width }: { at: number; width: 1 | 2 }): PlacedKey | undefined {
  const lineFrom = Math.max(0, at - markerBytesMax * width)
  const marker = width === 1 ? '-----BEGIN ' : [...'-----BEGIN '].join('\0')
  const dashes = latin1(window.subarray(lineFrom, at)).lastIndexOf(marker)
  if (dashes < 0) return undefined
  const begin = lineFrom + dashes
  const bytes = window.subarray(begin, begin + (armourBytesMax + markerBytesMax) * width)
  const text = width === 1 ? latin1(bytes) : Buffer.from(bytes).toString('utf16le')
  const key = privateKeyAt(text)
  if (key === undefined) return undefined
  const armour = text.slice(0, key.length)
  // The last character's second byte belongs to it where the window has it.
  return { ...key, begin, length: Math.min(key.length * width, window.length - begin), text: armour }
}

function encoded(window: Uint8Array, at: number): PlacedKey | undefined {
  const base64 = /^[A-Za-z0-9+/]{64,65000}={0,2}/.exec(latin1(window.subarray(at, at + keyBytesMax)))?.[0]
  if (base64 === undefined) return undefined
  const key = privateKeyAt(Buffer.from(base64, 'base64').toString('latin1'))
  if (key === undefined) return undefined
  return { ...key, begin: at, length: base64.length, form: `${key.form} in base64`, text: base64 }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
