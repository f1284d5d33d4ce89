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
