/**
 * Private keys in their PEM armour: whether there is a key, or only the words.
 *
 * Programs that handle keys carry the marker lines; documents show them with dots in between. So the body is decoded and
 * has to be what the marker says: a DER sequence of exactly its length, an OpenSSH key, an OpenPGP secret key packet.
 */

export interface PrivateKey {
  /** Bytes from the beginning of the armour to its end, given the text's place. */
  readonly length: number
  /** As the marker says: `RSA`, `EC`, `OPENSSH`, `PGP`; `PKCS#8` where it says none. */
  readonly form: string
  /** It can be used only with its passphrase. */
  readonly isEncrypted: boolean
}

/** What begins any of them. */
export const privateKeyKeyword = 'PRIVATE KEY'
/** Longer ones are not looked at. */
export const armourBytesMax = 32_768

/** `text` begins with the first dash of a marker. Undefined where there is no key. */
export function privateKeyAt(text: string): PrivateKey | undefined {
  const begin = /^-----BEGIN (?<kind>(?:[A-Z0-9]{1,16} ){0,3})PRIVATE KEY(?<block> BLOCK)?-----/.exec(text)
  if (begin === null) return undefined
  const label = begin[0].slice('-----BEGIN '.length)
  const end = text.indexOf(`-----END ${label}`, begin[0].length)
  if (end < 0 || end > armourBytesMax) return undefined
  const { headers, bytes } = decoded(text.slice(begin[0].length, end))
  const length = end + '-----END '.length + label.length
  const kind = (begin.groups?.['kind'] ?? '').trim()
  if (begin.groups?.['block'] !== undefined) return isPgpSecret(bytes) ? { length, ...pgp } : undefined
  if (kind === 'OPENSSH') return openSshKey(bytes, length)
  const form = kind === '' || kind === 'ENCRYPTED' ? 'PKCS#8' : kind
  if (/^Proc-Type: 4,ENCRYPTED/m.test(headers)) {
    return bytes.length >= keyBytesMin ? { length, form, isEncrypted: true } : undefined
  }
  return isDerSequence(bytes, kind === 'ENCRYPTED' ? sequenceTag : integerTag)
    ? { length, form, isEncrypted: kind === 'ENCRYPTED' }
    : undefined
}

/** A whole content that is a key without armour (DER). */
export function derKey(bytes: Uint8Array): PrivateKey | undefined {
  const isEncrypted = isDerSequence(bytes, sequenceTag)
  if (!isEncrypted && !isDerSequence(bytes, integerTag)) return undefined
  // The version of a private key is 0 or 1; of what is encrypted the method comes first: PKCS#5 or PKCS#12.
  const start = derHeaderLength(bytes)
  if (isEncrypted) {
    const isMethod = encryptionMethods.some((method) => startsWith(bytes.subarray(start + 2, start + 20), method))
    return isMethod ? { length: bytes.length, form: 'PKCS#8', isEncrypted } : undefined
  }
  if (bytes[start + 1] !== 1 || (bytes[start + 2] as number) > 1) return undefined
  const form = { [sequenceTag]: 'PKCS#8', [integerTag]: 'RSA', [octetsTag]: 'EC' }[bytes[start + 3] as number]
  // An RSA key begins with its modulus of 512 bits or more, one of elliptic curves with a number of 20 to 66 bytes.
  const next = bytes[start + 4] as number
  if (form === undefined || (form === 'RSA' && next < 65) || (form === 'EC' && (next < 20 || next > 66)))
    return undefined
  if (form === 'PKCS#8' && bytes[start + 5] !== objectTag) return undefined
  return { length: bytes.length, form, isEncrypted }
}

/** Longer ones are not looked at. */
export const derBytesMax = 16_384
const octetsTag = 0x04
const objectTag = 0x06
/** Object identifiers 1.2.840.113549.1.5 and .1.12.1. */
const encryptionMethods = ['2a864886f70d0105', '2a864886f70d010c01'].map((digits) => Buffer.from(digits, 'hex'))

function startsWith(bytes: Uint8Array, method: Uint8Array): boolean {
  return bytes[0] === objectTag && method.every((byte, index) => bytes[2 + index] === byte)
}

function derHeaderLength(bytes: Uint8Array): number {
  const first = bytes[1] as number
  return first < 0x80 ? 2 : 2 + (first & 0x7f)
}

/** Ed25519 in PKCS#8, the shortest in use, has 48. */
const keyBytesMin = 40
const sequenceTag = 0x30
const integerTag = 0x02
const pgp = { form: 'PGP', isEncrypted: false } as const

/** Lines of base64 after header lines; in JSON line ends are written `\n`. */
function decoded(body: string): { headers: string; bytes: Uint8Array } {
  const lines = body.replaceAll('\\r', '').replaceAll('\\n', '\n').split('\n')
  const headers = lines.filter((line) => line.includes(':'))
  // The line of a PGP checksum begins with `=`.
  const rest = lines
    .map((line) => line.trim())
    .filter((line) => !line.includes(':') && !/^=[A-Za-z0-9+/]{4}$/.test(line))
  const text = rest.join('')
  const isBase64 = /^[A-Za-z0-9+/]{40,}={0,2}$/.test(text)
  return { headers: headers.join('\n'), bytes: isBase64 ? Buffer.from(text, 'base64') : new Uint8Array(0) }
}

/** A sequence of exactly these bytes, whose first member has that tag. */
function isDerSequence(bytes: Uint8Array, member: number): boolean {
  if (bytes.length < keyBytesMin || bytes[0] !== sequenceTag) return false
  const first = bytes[1] as number
  const wide = first & 0x7f
  if (first >= 0x80 && (wide < 1 || wide > 3)) return false
  const start = first < 0x80 ? 2 : 2 + wide
  let length = first < 0x80 ? first : 0
  for (let at = 2; at < start; at++) length = length * 256 + (bytes[at] as number)
  return start + length === bytes.length && bytes[start] === member
}

const openSshMagic = 'openssh-key-v1\0'

function openSshKey(bytes: Uint8Array, length: number): PrivateKey | undefined {
  const text = Buffer.from(bytes.subarray(0, 64)).toString('latin1')
  if (!text.startsWith(openSshMagic) || bytes.length < 100) return undefined
  const at = openSshMagic.length
  const isPlain = text.slice(at, at + 8) === '\0\0\0\x04none'
  return { length, form: 'OPENSSH', isEncrypted: !isPlain }
}

/** The first packet is a secret key (tag 5), in the old or the new form. */
function isPgpSecret(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0
  const tag = (first & 0x40) === 0 ? (first >> 2) & 15 : first & 63
  return bytes.length >= keyBytesMin && (first & 0x80) !== 0 && tag === 5
}
