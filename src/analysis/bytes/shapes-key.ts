/** Checks of embedded certificates and keys, and of PEM text: a block with content, or only the words that a program writes. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { bytesAt, type Shape, wholeThing } from './shape.ts'

const sizeMax = 65_536

/** Parsed, not guessed. Of who it is for, the first line that says it. */
export const certificateShape: Shape = (content, at) => {
  const bytes = derAt(content, at)
  const owner = bytes && subjectOf(bytes)
  if (bytes === undefined || owner === undefined) return undefined
  return wholeThing(content, at, bytes.length, owner === '' ? undefined : `X.509 certificate (DER) of ${owner}`)
}

/** Undefined: no certificate. */
function subjectOf(bytes: Buffer): string | undefined {
  try {
    const { subject } = new X509Certificate(bytes)
    return subject?.split('\n').at(-1)?.slice(0, 80) ?? ''
  } catch {
    return undefined
  }
}

/** A key that can be used, and of which kind; never what it is. */
export const pkcs8Shape: Shape = (content, at) => {
  const bytes = derAt(content, at)
  if (bytes === undefined) return undefined
  try {
    const key = createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })
    return wholeThing(
      content,
      at,
      bytes.length,
      `private key (PKCS #8, DER), ${key.asymmetricKeyType ?? 'unknown kind'}`,
    )
  } catch {
    return undefined
  }
}

/** The whole value that begins there, of a length in up to two bytes. */
function derAt(content: Parameters<Shape>[0], at: number): Buffer | undefined {
  const head = bytesAt(content, at, 4)
  if (head === undefined) return undefined
  const first = head[1] as number
  const length = first < 0x80 ? 2 + first : first === 0x81 ? 3 + (head[2] as number) : 4 + head.readUInt16BE(2)
  return length > sizeMax ? undefined : bytesAt(content, at, length)
}

/**
 * A block has a line end, at least 64 characters of base64 and its END line. Without them it is what a program writes or looks for:
 * `-----BEGIN %s-----`, or a list of such lines.
 */
export const pemShape: Shape = (content, at) => {
  const text = bytesAt(content, at, sizeMax, beginBytesMin)?.toString('latin1')
  if (text === undefined) return undefined
  const label = /^-----BEGIN ([A-Z0-9][A-Z0-9 #.]{0,63})-----/.exec(text)
  if (label === null) return { length: '-----BEGIN '.length, extent: 'marker', name: 'PEM marker (format text)' }
  const [begin, words = ''] = label
  const end = text.indexOf(`-----END ${words}-----`, begin.length)
  const body = end < 0 ? undefined : text.slice(begin.length, end)
  const isBlock = body !== undefined && /^[ \t]*\r?\n/.test(body) && base64Length(body) >= base64LengthMin
  if (!isBlock) return { length: begin.length, extent: 'marker', name: `PEM marker ${words} (format text)` }
  const length = end + `-----END ${words}-----`.length
  const owner = words === 'CERTIFICATE' ? subjectOf(Buffer.from(text.slice(0, length), 'latin1')) : undefined
  return wholeThing(content, at, length, owner ? `X.509 certificate (PEM) of ${owner}` : `PEM ${words}`)
}

const beginBytesMin = 16
const base64LengthMin = 64

/** 0 where there is anything but headers (`Proc-Type: ...`), base64 and line ends. */
function base64Length(body: string): number {
  const material = body.replace(/^[\w-]+: .*$/gm, '').replace(/\s/g, '')
  return /^[A-Za-z0-9+/]+={0,2}(?:=[A-Za-z0-9+/]{4})?$/.test(material) ? material.length : 0
}

export const keyShapes = { certificate: certificateShape, pkcs8: pkcs8Shape, pem: pemShape }
