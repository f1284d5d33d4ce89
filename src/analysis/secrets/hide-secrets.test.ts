import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { utf8 } from '../../base/bytes.ts'
import type { Region } from '../../base/region.ts'
import { log } from '../logs/log.ts'
import { regionsOf } from '../policy/testing/said.ts'
import { hideSecrets } from './hide-secrets.ts'
import { secrets } from './secrets.ts'

const token = `npm_${'aB3dE5gH7j'.repeat(4).slice(0, 36)}`.replace('aB3dE5gH7jaB', 'Qz81LmX4kTrV')
const text = `2026-11-22 10:00:00 ERROR cannot publish with ${token} today\n`

function regions(name: string): Region[] {
  const secret = { offset: text.indexOf(token), length: token.length, layer: 127, class: 'secret', name: 'npm token' }
  const line = {
    offset: 0,
    length: text.length,
    layer: 1,
    class: 'string',
    name,
    attributes: { all: [{ text: name }] },
  }
  const finding = { severity: 'low', rule: 'r', evidence: [name], origin: 'rule', confidence: 1 } as const
  return [secret, { ...line, finding }]
}

function hide(name: string): Region {
  const content = { size: text.length, read: (at: number, length: number) => utf8(text).subarray(at, at + length) }
  return hideSecrets(regions(name), content)[1] as Region
}

test('a secret in a name, an attribute or evidence of another region is masked', () => {
  assert.equal(JSON.stringify(hide(text)).includes(token.slice(0, 6)), false)
  assert.equal(hide(text).name, text.replace(token, 'npm_… (40 characters)'))
})

test('so is the beginning of one that was cut', () => {
  assert.equal(hide(`with ${token.slice(0, 20)}…`).name, 'with npm_… (40 characters)')
  assert.equal(hide('with npm_ alone').name, 'with npm_ alone')
})

test('a line of a log does not tell the secret that it holds', async () => {
  const said = await regionsOf({ path: '/var/log/made.log', bytes: text, content: [secrets, log] })
  assert.ok(said.some((region) => region.class === 'secret') && said.some((region) => region.class === 'log-error'))
  assert.equal(JSON.stringify(said).includes(token.slice(0, 8)), false)
})

test('neither do strings tell the body of a private key', () => {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  const body = pem.split('\n')[1] as string
  const key: Region = { offset: 0, length: pem.length, layer: 127, class: 'secret', name: 'Private key' }
  const string: Region = { offset: 0, length: pem.length, layer: 1, class: 'string', name: `x ${body}` }
  const content = { size: pem.length, read: (at: number, length: number) => utf8(pem).subarray(at, at + length) }
  assert.equal(JSON.stringify(hideSecrets([key, string], content)).includes(body.slice(0, 8)), false)
})
