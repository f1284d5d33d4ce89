import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../../base/bytes.ts'
import { makeElf } from '../../binary/testing/make-elf.ts'
import { contentAnalyzers } from '../analyzers.ts'
import { log } from '../logs/log.ts'
import { elfOf, regionsOf } from '../policy/testing/said.ts'
import { hideText } from './hide-text.ts'

const alphabet = [...'ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz23456789']
const drawn = (minLength: number, maxLength = minLength) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength })
/** What a person puts into a password; it begins with a letter, as one in quotes or not does. */
const password = fc
  .tuple(drawn(4, 6), fc.string({ unit: fc.constantFrom(...alphabet, ...'!#%^*-_+.'), minLength: 8, maxLength: 20 }))
  .map(([first, rest]) => `${first}${rest}7k`)

const settings: readonly ((secret: string) => string)[] = [
  (secret) => `login failed: user=bob password=${secret} from 10.0.0.1`,
  (secret) => `{"user":"bob","password":"${secret}","n":1}`,
  (secret) => `api_key: '${secret}'`,
  (secret) => `DB_PASSWORD_MAIN = ${secret}`,
  (secret) => `the password is ${secret}`,
  (secret) => `curl -s -u admin:${secret} https://host.internal/x`,
  (secret) => `curl --user admin:${secret}`,
  (secret) => `postgres://app:${secret}@db.internal/app`,
  (secret) => `mysql -u root -p${secret} shop`,
  (secret) => `sshpass -p ${secret} ssh host`,
  (secret) => `Authorization: Bearer ${secret}`,
  (secret) => `authorization: Basic ${secret}`,
  (secret) => `passphrase: ${secret}`,
  (secret) => `define('DB_PASSWORD', '${secret}');`,
  (secret) => `GET /x?token=${secret}&y=1`,
]
const tokens: readonly fc.Arbitrary<string>[] = [
  drawn(36).map((rest) => `ghp_${rest}`),
  drawn(36).map((rest) => `npm_${rest}`),
  drawn(24).map((rest) => `sk_live_${rest}`),
  drawn(20).map((rest) => `glpat-${rest}`),
  drawn(16).map((rest) => `AKIA${rest.toUpperCase().replaceAll(/[89]/g, 'Q')}`),
]

/** More of it than a mask shows. */
function isTold(said: string, secret: string): boolean {
  for (let at = 0; at + tellingLength <= secret.length; at++) {
    if (said.includes(secret.slice(at, at + tellingLength))) return true
  }
  return false
}

const tellingLength = 7

test('a password in any of these surroundings is hidden, once and for all', () => {
  const cases = fc.tuple(fc.constantFrom(...settings), password)
  fc.assert(
    fc.property(cases, ([around, secret]) => {
      const hidden = hideText(around(secret))
      assert.ok(!isTold(hidden, secret), hidden)
      assert.equal(hideText(hidden), hidden)
    }),
  )
})

test('a token is hidden whatever stands around it, and where its end is cut off', () => {
  fc.assert(
    fc.property(fc.oneof(...tokens), fc.integer({ min: 16, max: 60 }), (token, length) => {
      for (const text of [`f_${token}_x`, `/opt/${token}/lib`, `x ${token.slice(0, length)}…`]) {
        const isWhole = text.includes(token)
        if (isWhole || /[0-9]/.test(token.slice(5, length))) assert.ok(!isTold(hideText(text), token), text)
      }
    }),
  )
})

const plain = [
  'NOPASSWD: ALL',
  'bob ALL=(root) NOPASSWD: /usr/bin/less',
  'Failed password for root from 10.0.0.1 port 22 ssh2',
  'password field is empty',
  'pam_unix(sshd:auth): authentication failure',
  'no package brought it (dpkg -S finds none)',
  'mode 0644, owner root:root: readable by all',
  'U+202E at byte 21, line 2, is not closed on its line',
  'https://www.debian.org/x?y=1',
  'crypt_gensalt_ra@@XCRYPT_2.0',
  'docker run -u 1000:1000 image',
  'ghp_… (40 characters) in line 3',
]
for (const text of plain) test(`nothing is hidden in: ${text}`, () => assert.equal(hideText(text), text))

test('a tool that is called in a check still is after hiding', () => {
  for (const check of [
    "awk -F: '$3 == 0' FILE",
    "stat -c '%a %U:%G %n' FILE",
    "grep -nE '(Failed|Accepted) .* from ' FILE",
  ]) {
    assert.equal(hideText(check), check)
  }
})

/** Everything that analyzers say of it, as it is stored. */
async function said(bytes: Uint8Array | string, path: string): Promise<string> {
  return JSON.stringify(await regionsOf({ path, bytes, content: path.endsWith('.log') ? [log] : contentAnalyzers }))
}

test('secrets in logs, strings, symbols, sections and search paths are in nothing that is said', async () => {
  const cases = fc.tuple(fc.constantFrom(...settings), password, fc.oneof(...tokens))
  await fc.assert(
    fc.asyncProperty(cases, async ([around, secret, token]) => {
      const lines = `2026-11-22 10:00:00 ERROR ${around(secret)}\n2026-11-22 10:00:01 ERROR f_${token}_x\n`
      const sections = [
        { name: `.s_${token}`, type: 1, flags: 2, address: 4_096, content: utf8(`x\0${around(secret)}\0f_${token}\0`) },
      ]
      const program = makeElf({ bits: 64, byteOrder: 'little', type: 2, machine: 62, sections })
      for (const [bytes, path] of [
        [lines, '/var/log/app.log'],
        [lines, '/srv/app.txt'],
        [program, '/srv/app'],
        [elfOf(lines), '/srv/app2'],
        [`/opt/f_${token}/lib.so\n`, '/etc/ld.so.preload'],
      ] as const) {
        const text = await said(bytes, path)
        assert.ok(!isTold(text, secret) && !isTold(text, token.slice(4)), `${path} ${around(secret)} ${token}`)
      }
    }),
    { numRuns: process.env['SFD_TEST_LONG'] === '1' ? 300 : 15 },
  )
})
