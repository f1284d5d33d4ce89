/**
 * The signature that is appended to a kernel module: whether there is one, who made it, with which hash.
 *
 * Layout (kernel: include/linux/module_signature.h): module, signature, 12 bytes that describe it, a line of text. It is
 * told what the module says of itself; whether the signature is true only the kernel's keyring could say.
 */
import { toHex, utf8 } from '../base/bytes.ts'
import { type DerValue, derTag, derValues, objectIdText } from './der.ts'

export interface ModuleSignature {
  /** Where the module proper ends, and how many bytes follow. */
  readonly offset: number
  readonly length: number
  readonly form: 'PGP' | 'X509' | 'PKCS#7' | 'unknown'
  /** Common name of who issued the key. */
  readonly signer?: string
  /** The key's serial number or identifier, lower-case hex. */
  readonly key?: string
  /** `sha256`, ... or the dotted object identifier. */
  readonly hash?: string
  readonly algorithm?: string
  /** What of it cannot be read. */
  readonly problem?: string
}

/** Undefined where no signature is appended. */
export function readModuleSignature(module: Uint8Array): ModuleSignature | undefined {
  const trailerAt = module.length - endLine.length - trailerBytes
  if (trailerAt < 0 || endLine.some((byte, at) => module[trailerAt + trailerBytes + at] !== byte)) return undefined
  const trailer = new DataView(module.buffer, module.byteOffset + trailerAt, trailerBytes)
  const [hash, id, signerBytes, keyBytes] = [1, 2, 3, 4].map((at) => trailer.getUint8(at)) as [
    number,
    number,
    number,
    number,
  ]
  const signatureBytes = trailer.getUint32(8)
  const form: ModuleSignature['form'] = forms[id] ?? 'unknown'
  const offset = trailerAt - signatureBytes - signerBytes - keyBytes
  if (offset < 0) {
    const place = { offset: trailerAt, length: module.length - trailerAt, form }
    return { ...place, problem: `it says that it has ${signatureBytes} bytes, more than there are` }
  }
  const common = { offset, length: module.length - offset, form }
  if (form === 'PKCS#7') {
    if (signatureBytes > signatureBytesMax) return { ...common, problem: `it has ${signatureBytes} bytes` }
    return { ...common, ...signedData(module.subarray(trailerAt - signatureBytes, trailerAt)) }
  }
  const keyAt = offset + signerBytes
  return {
    ...common,
    signer: text(module.subarray(offset, keyAt)),
    key: hex(module.subarray(keyAt, keyAt + keyBytes)),
    hash: oldHashes[hash] ?? `number ${hash}`,
  }
}

const endLine = utf8('~Module signature appended~\n')
const trailerBytes = 12
const signatureBytesMax = 65_536
const forms = ['PGP', 'X509', 'PKCS#7'] as const
/** Of enum hash_algo, as the first signed modules had it. */
const oldHashes = ['md4', 'md5', 'sha1', 'rmd160', 'sha256', 'sha384', 'sha512', 'sha224']

const signedDataId = '1.2.840.113549.1.7.2'
const commonNameId = '2.5.4.3'
const hashes: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.5': 'md5',
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.8': 'sha3-256',
  '2.16.840.1.101.3.4.2.9': 'sha3-384',
  '2.16.840.1.101.3.4.2.10': 'sha3-512',
  '1.2.156.10197.1.401': 'sm3',
}
const algorithms: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.1': 'rsa',
  '1.2.840.113549.1.1.11': 'rsa-sha256',
  '1.2.840.113549.1.1.12': 'rsa-sha384',
  '1.2.840.113549.1.1.13': 'rsa-sha512',
  '1.2.840.10045.4.3.2': 'ecdsa-sha256',
  '1.2.840.10045.4.3.3': 'ecdsa-sha384',
  '1.2.840.10045.4.3.4': 'ecdsa-sha512',
}

type Signed = Pick<ModuleSignature, 'signer' | 'key' | 'hash' | 'algorithm' | 'problem'>

/** CMS SignedData (RFC 5652, section 5) of one signer. */
function signedData(bytes: Uint8Array): Signed {
  const [outer] = derValues(bytes) ?? []
  const [kind, wrapped] = inside(outer, derTag.sequence)
  if (kind === undefined || objectIdText(kind.content) !== signedDataId) return { problem: 'it is no signed data' }
  const [data] = inside(wrapped, derTag.context0)
  const signers = inside(data, derTag.sequence).findLast(({ tag }) => tag === derTag.set)
  const [signer] = inside(signers, derTag.set)
  const [, who, hash, ...rest] = inside(signer, derTag.sequence)
  const algorithm = rest.find(({ tag }) => tag === derTag.sequence)
  if (who === undefined || hash === undefined) return { problem: 'it names no signer' }
  return {
    ...identity(who),
    hash: named(hash, hashes),
    ...(algorithm !== undefined && { algorithm: named(algorithm, algorithms) }),
  }
}

/** Issuer and serial number, or [0] the key's identifier. */
function identity(who: DerValue): Pick<ModuleSignature, 'signer' | 'key'> {
  if (who.tag !== derTag.sequence) return { key: hex(who.content) }
  const [issuer, serial] = inside(who, derTag.sequence)
  const parts = inside(issuer, derTag.sequence).flatMap((set) => inside(set, derTag.set))
  const pairs = parts.map((part) => inside(part, derTag.sequence))
  const name = pairs.find(([id]) => id !== undefined && objectIdText(id.content) === commonNameId)?.[1]
  return {
    ...(name !== undefined && { signer: text(name.content) }),
    ...(serial?.tag === derTag.integer && { key: hex(serial.content) }),
  }
}

function named(algorithm: DerValue, names: Readonly<Record<string, string>>): string {
  const [id] = inside(algorithm, derTag.sequence)
  const dotted = id === undefined ? undefined : objectIdText(id.content)
  return dotted === undefined ? 'unreadable' : (names[dotted] ?? dotted)
}

/** Parts of a value of this kind; none of another one, or where they are damaged. */
function inside(value: DerValue | undefined, tag: number): readonly DerValue[] {
  return value?.tag === tag ? (derValues(value.content) ?? []) : []
}

/** Of what is longer than any key's number, the beginning. */
function hex(bytes: Uint8Array): string {
  return toHex(bytes.subarray(0, 64))
}

function text(bytes: Uint8Array): string {
  return new TextDecoder('utf-8').decode(bytes.subarray(0, 256))
}
