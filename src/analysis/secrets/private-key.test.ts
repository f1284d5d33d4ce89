import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { privateKeyAt } from './private-key.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const ed25519 = generateKeyPairSync('ed25519').privateKey
const passphrase = 'of the test'
const cipher = 'aes-256-cbc'

function pem(key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1'): string {
  return key.export({ format: 'pem', type }).toString()
}

const cases: readonly (readonly [string, string, string, boolean])[] = [
  ['an RSA key', pem(rsa, 'pkcs1'), 'RSA', false],
  ['a key of elliptic curves', pem(ec, 'sec1'), 'EC', false],
  ['a PKCS#8 key', pem(rsa, 'pkcs8'), 'PKCS#8', false],
  ['the shortest key in use', pem(ed25519, 'pkcs8'), 'PKCS#8', false],
  [
    'an encrypted PKCS#8 key',
    rsa.export({ format: 'pem', type: 'pkcs8', cipher, passphrase }).toString(),
    'PKCS#8',
    true,
  ],
  ['an encrypted RSA key', rsa.export({ format: 'pem', type: 'pkcs1', cipher, passphrase }).toString(), 'RSA', true],
  ['an OpenSSH key', openSsh('none'), 'OPENSSH', false],
  ['an encrypted OpenSSH key', openSsh('aes256-ctr'), 'OPENSSH', true],
  ['an OpenPGP key', pgp(), 'PGP', false],
  ['a key in a JSON string', pem(rsa, 'pkcs8').replaceAll('\n', '\\n'), 'PKCS#8', false],
  ['a key with line ends of Windows', pem(rsa, 'pkcs8').replaceAll('\n', '\r\n'), 'PKCS#8', false],
  ['a key that is indented', pem(rsa, 'pkcs8').replaceAll('\n', '\n    '), 'PKCS#8', false],
]

for (const [name, text, form, isEncrypted] of cases) {
  test(`${name} is a private key`, () => {
    const length = text.trimEnd().replace(/(?:\\n|\\r)+$/, '').length
    assert.deepEqual(privateKeyAt(`${text}what follows`), { length, form, isEncrypted })
  })
}

const body = pem(rsa, 'pkcs8').split('\n').slice(1, -2)
const others: readonly (readonly [string, string])[] = [
  ['a marker line in a program', '-----BEGIN RSA PRIVATE KEY-----\n\0-----END RSA PRIVATE KEY-----\n'],
  ['a document with dots for the key', '-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n'],
  ['a key without an end', pem(rsa, 'pkcs8').split('-----END')[0] ?? ''],
  [
    'a key whose half is missing',
    ['-----BEGIN PRIVATE KEY-----', ...body.slice(0, 4), '-----END PRIVATE KEY-----'].join('\n'),
  ],
  [
    'base64 of something else',
    `-----BEGIN PRIVATE KEY-----\n${Buffer.alloc(600, 'text').toString('base64')}\n-----END PRIVATE KEY-----`,
  ],
  ['a public key', rsa.export({ format: 'pem', type: 'pkcs8' }).toString().replaceAll('PRIVATE', 'PUBLIC')],
]

for (const [name, text] of others) {
  test(`${name} is no private key`, () => {
    assert.equal(privateKeyAt(text), undefined)
  })
}

function armour(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

function openSsh(cipherName: string): string {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(cipherName.length)
  return armour(
    'OPENSSH PRIVATE KEY',
    Buffer.concat([Buffer.from('openssh-key-v1\0'), length, Buffer.from(cipherName), Buffer.alloc(300, 7)]),
  )
}

/** The first packet has tag 5 in the old form; a checksum line ends it. */
function pgp(): string {
  const text = armour('PGP PRIVATE KEY BLOCK', Buffer.concat([Buffer.from([0x95, 1, 0]), Buffer.alloc(256, 9)]))
  return text.replace('BLOCK-----\n', 'BLOCK-----\nComment: made by a test\n\n').replace('-----END', '=aB3d\n-----END')
}
