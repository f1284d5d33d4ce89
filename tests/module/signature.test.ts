/** Signatures that openssl made, older ones, and damaged ones. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { concatBytes, utf8 } from '../../src/base/bytes.ts'
import { readModuleSignature } from '../../src/binary/module-signature.ts'
import { chanceOf, seedsOf } from '../fold/chance.ts'
import { appendSignature, hasOpenssl, makeModule, signModule } from './make-module.ts'

const module = makeModule({ info: ['license=GPL'] })
const withOpenssl = { skip: !hasOpenssl && 'there is no openssl' }

test('a signed module says who signed it, with which key and hash', withOpenssl, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-module-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [key, algorithm] of [
    ['rsa', 'rsa'],
    ['ec', 'ecdsa-sha256'],
  ] as const) {
    const signed = signModule(module, { folder, signer: 'Größe & Co kernel key', key })
    const { length, ...said } = readModuleSignature(signed) ?? assert.fail('no signature was found')
    assert.deepEqual(said, {
      offset: module.length,
      form: 'PKCS#7',
      signer: 'Größe & Co kernel key',
      key: '0a1b2c3d4e5f',
      hash: 'sha256',
      algorithm,
    })
    assert.equal(length, signed.length - module.length)
  }
})

test('a module without the line at its end is not signed', () => {
  assert.equal(readModuleSignature(module), undefined)
  assert.equal(readModuleSignature(new Uint8Array(0)), undefined)
  assert.equal(readModuleSignature(utf8('~Module signature appended~\n')), undefined)
})

test('an older signature has its signer and key beside it', () => {
  const trailer = Uint8Array.of(1, 4, 1, 6, 3, 0, 0, 0, 0, 0, 0, 5)
  const end = utf8('~Module signature appended~\n')
  const signed = concatBytes([module, utf8('Magrat'), Uint8Array.of(1, 2, 0xff), new Uint8Array(5), trailer, end])
  assert.deepEqual(readModuleSignature(signed), {
    offset: module.length,
    length: signed.length - module.length,
    form: 'X509',
    signer: 'Magrat',
    key: '0102ff',
    hash: 'sha256',
  })
})

test('a signature that claims more than the file is a problem, not a crash', () => {
  const signed = appendSignature(module, new Uint8Array(4))
  new DataView(signed.buffer).setUint32(signed.length - 32, 0xffffffff)
  assert.match(readModuleSignature(signed)?.problem ?? '', /4294967295 bytes/)
  assert.match(readModuleSignature(appendSignature(module, new Uint8Array(100_000)))?.problem ?? '', /100000 bytes/)
  assert.match(readModuleSignature(appendSignature(module, new Uint8Array(9)))?.problem ?? '', /no signed data/)
})

test('damaged signatures are read to an end', withOpenssl, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-module-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const signed = signModule(module, { folder, signer: 'x', key: 'ec' })
  for (const seed of seedsOf(2_000)) {
    const chance = chanceOf(seed)
    const bad = Uint8Array.from(signed)
    for (let count = 1 + chance.below(3); count > 0; count--) {
      bad[module.length + chance.below(signed.length - module.length - 28)] = chance.pick([
        0, 1, 0x30, 0x7f, 0x84, 0xff,
      ])
    }
    const said = readModuleSignature(bad)
    assert.ok(said !== undefined && said.offset >= 0 && said.offset + said.length === bad.length, `seed ${seed}`)
  }
})
