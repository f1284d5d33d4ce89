/** Kernel modules for tests: small ELF files with what a module says of itself, and a signature made with openssl. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { concatBytes, utf8 } from '../../src/base/bytes.ts'
import { makeElf, makeSymbols } from '../../src/binary/testing/make-elf.ts'

export const hasXz = spawnSync('xz', ['--version']).status === 0
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0

export interface MadeModule {
  /** Texts of .modinfo: `license=GPL`. */
  readonly info: readonly string[]
  readonly codeBytes?: number
  readonly retpoline?: 'yes' | 'no'
}

export function makeModule({ info, codeBytes = 500, retpoline = 'yes' }: MadeModule): Uint8Array {
  const layout = { bits: 64, byteOrder: 'little' } as const
  const symbols = makeSymbols(layout, [
    { name: 'init_module', value: 0, size: 40, info: 0x12, section: 1 },
    { name: 'work', value: 40, size: 60, info: 0x02, section: 1 },
  ])
  const code = new Uint8Array(codeBytes).map((_, at) => (at * 7 + (at >> 8)) & 0xff)
  const sites = retpoline === 'yes' ? [{ name: '.return_sites', type: 1, content: new Uint8Array(8).fill(1) }] : []
  return makeElf({
    ...layout,
    type: 1,
    machine: 62,
    sections: [
      { name: '.text', type: 1, flags: 6, content: code },
      { name: '.modinfo', type: 1, flags: 2, content: utf8(info.map((text) => `${text}\0`).join('')) },
      { name: '.symtab', type: 2, link: 4, info: 1, content: symbols.table, entryBytes: symbols.entryBytes },
      { name: '.strtab', type: 3, content: symbols.names },
      ...sites,
    ],
  })
}

/** As the distributions pack modules: with CRC32 and a dictionary of 1 MiB by xz, with a checksum by zstd. */
export function pack(bytes: Uint8Array, form: 'gzip' | 'xz' | 'zstd'): Uint8Array {
  if (form === 'gzip') return gzipSync(bytes)
  if (form === 'zstd') return zstdCompressSync(bytes, { params: { [201]: 1 } })
  const options = ['-c', '-T1', '--check=crc32', '--lzma2=preset=0,dict=1MiB']
  const { stdout, status } = spawnSync('xz', options, { input: bytes, maxBuffer: 1 << 30 })
  assert.equal(status, 0)
  return Uint8Array.from(stdout)
}

/** Signs as the kernel's sign-file does: PKCS#7 without attributes and certificates, appended. */
export function signModule(
  module: Uint8Array,
  { folder, signer, key }: { readonly folder: string; readonly signer: string; readonly key: 'rsa' | 'ec' },
): Uint8Array {
  const [file, cert, secret] = ['module', 'cert.pem', 'key.pem'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(file, module)
  const kind = key === 'rsa' ? ['rsa:2048'] : ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
  const subject = ['-subj', `/O=Test Organisation/CN=${signer}`, '-set_serial', '0x0a1b2c3d4e5f']
  openssl([
    'req',
    '-utf8',
    '-x509',
    '-newkey',
    ...kind,
    '-nodes',
    '-keyout',
    secret,
    '-out',
    cert,
    '-days',
    '2',
    ...subject,
  ])
  const how = ['-sign', '-binary', '-noattr', '-nocerts', '-nosmimecap', '-md', 'sha256', '-outform', 'DER']
  const signature = openssl(['cms', ...how, '-in', file, '-signer', cert, '-inkey', secret])
  return appendSignature(module, signature)
}

/** The trailer of a PKCS#7 signature. */
export function appendSignature(module: Uint8Array, signature: Uint8Array): Uint8Array {
  const trailer = new Uint8Array(12)
  trailer[2] = 2
  new DataView(trailer.buffer).setUint32(8, signature.length)
  return concatBytes([module, signature, trailer, utf8('~Module signature appended~\n')])
}

function openssl(args: readonly string[]): Uint8Array {
  const { stdout, stderr, status } = spawnSync('openssl', args)
  assert.equal(status, 0, stderr.toString())
  return Uint8Array.from(stdout)
}
