import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { utf8 } from '../../base/bytes.ts'
import type { Report } from '../analyzer.ts'
import { elfOf, findingsOf, packagesOf, regionsOf } from '../policy/testing/said.ts'
import type { Subject } from '../subject.ts'
import { exposure } from './exposure.ts'
import { maskSecret } from './mask.ts'
import { secrets } from './secrets.ts'
import { alphanumeric, digits, drawn, upper } from './testing/drawn.ts'

const base32 = `${upper}234567`
const hex = `${digits}abcdef`

const made: Readonly<Record<string, string>> = {
  'aws-access-key': `AKIA${drawn(16, base32)}`,
  'github-token': `ghp_${drawn(36, alphanumeric)}`,
  'gitlab-token': `glpat-${drawn(20, alphanumeric)}`,
  'slack-token': `xoxb-${drawn(12, digits)}-${drawn(24, alphanumeric)}`,
  'stripe-key': `sk_live_${drawn(24, alphanumeric)}`,
  'google-api-key': `AIza${drawn(35, alphanumeric)}`,
  'google-oauth-secret': `GOCSPX-${drawn(28, alphanumeric)}`,
  'openai-key': `sk-${drawn(20, alphanumeric)}T3BlbkFJ${drawn(20, alphanumeric, 2)}`,
  'anthropic-key': `sk-ant-api03-${drawn(93, alphanumeric)}`,
  'huggingface-token': `hf_${drawn(34, upper)}`,
  'sendgrid-key': `SG.${drawn(22, alphanumeric)}.${drawn(43, alphanumeric, 2)}`,
  'npm-token': `npm_${drawn(36, alphanumeric)}`,
  'pypi-token': `pypi-AgEIc${drawn(100, alphanumeric)}`,
  'rubygems-key': `rubygems_${drawn(48, hex)}`,
  'docker-token': `dckr_pat_${drawn(27, alphanumeric)}`,
  'digitalocean-token': `dop_v1_${drawn(64, hex)}`,
  'vault-token': `hvs.${drawn(95, alphanumeric)}`,
  'databricks-token': `dapi${drawn(32, hex)}`,
  'grafana-token': `glsa_${drawn(32, alphanumeric)}_${drawn(8, hex)}`,
  'shopify-token': `shpat_${drawn(32, hex)}`,
  'telegram-token': `${drawn(9, digits)}:AA${drawn(33, alphanumeric)}`,
  'age-key': `AGE-SECRET-KEY-1${drawn(58, 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L')}`,
  'tailscale-key': `tskey-auth-${drawn(12, alphanumeric)}-${drawn(32, alphanumeric, 2)}`,
  'linear-key': `lin_api_${drawn(40, alphanumeric)}`,
  'atlassian-token': `ATATT3${drawn(186, alphanumeric)}`,
  'newrelic-key': `NRAK-${drawn(27, base32)}`,
}
/** Before, the secret, after. */
const surrounded: Readonly<Record<string, readonly [string, string, string]>> = {
  'aws-secret-key': ['aws_secret_access_key = ', drawn(40, alphanumeric), '\n'],
  'azure-storage-key': ['AccountName=a;AccountKey=', `${drawn(86, alphanumeric)}==`, ';'],
  'slack-webhook': [
    'https://hooks.slack.com/services/',
    `T${drawn(8, upper)}/B${drawn(8, upper)}/${drawn(24, alphanumeric)}`,
    '',
  ],
  'discord-webhook': [`https://discord.com/api/webhooks/${drawn(18, digits)}/`, drawn(68, alphanumeric), ''],
  'password-in-url': ['postgres://app:', 'c0rrect-h0rse', '@db.internal:5432/app'],
  'netrc-password': ['machine host.internal login me password ', 'c0rrect-h0rse', '\n'],
  'wireguard-key': ['PrivateKey = ', `${drawn(43, alphanumeric)}=`, '\n'],
  'password-setting': ['DB_PASSWORD="', 'c0rrect-h0rse-9', '"\n'],
}
const all = {
  ...surrounded,
  ...Object.fromEntries(Object.entries(made).map(([id, token]) => [id, ['key: ', token, '\n'] as const])),
}

for (const [id, [before, secret, after]] of Object.entries(all)) {
  test(`a secret of the form ${id} is found where it is, and shown masked`, async () => {
    const bytes = `# settings\n\n${before}${secret}${after}`
    const found = await regionsOf({ path: '/srv/app.conf', bytes, content: [secrets] })
    assert.deepEqual(
      found.map(({ class: kind, attributes, offset, length }) => ({ kind, id: attributes?.['kind'], offset, length })),
      [{ kind: 'secret', id, offset: 12 + before.length, length: secret.length }],
    )
    assert.equal(found[0]?.attributes?.['line'], 3)
    assert.equal(found[0]?.attributes?.['masked'], maskSecret(secret))
    assert.ok(!JSON.stringify(found).includes(secret.slice(0, 17)), 'more than its first characters are shown')
  })
}

const harmless = [
  'AKIAIOSFODNN7EXAMPLE',
  'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  `password = $${'{DB_PASSWORD_1}'}`,
  'password: changeme123',
  'password: mypassword12',
  'password [success=1 default=ignore] pam_unix.so obscure yescrypt',
  'password = /run/credentials/app.service/password',
  'token = getenv("TOKEN_NAME_1")',
  'secret: <your-secret-1>',
  'api_key = xxxxxxxxxxxxxxxxxxxx1',
  'http://user:password@host/',
  'ssh://git@github.com:22/me/x1.git',
  `AKIA${drawn(16, base32)}${drawn(30, alphanumeric)}`,
  `github_pat_${'a'.repeat(22)}_${'a'.repeat(59)}`,
]

for (const text of harmless) {
  test(`no secret: ${text.slice(0, 60)}`, async () => {
    assert.deepEqual(await regionsOf({ path: '/srv/app.conf', bytes: `${text}\n`, content: [secrets] }), [])
  })
}

test('a secret across the border of two windows is found once', async () => {
  const window = 8 * 2 ** 20
  const token = made['github-token'] as string
  for (const shift of [-40, -3, 0, 1]) {
    const bytes = Buffer.alloc(window + 500, '. ')
    bytes.write(token, window + shift, 'latin1')
    const found = await regionsOf({ path: '/srv/app.conf', bytes, content: [secrets] })
    assert.deepEqual(
      found.map(({ offset }) => offset),
      [window + shift],
    )
  }
})

test('loose forms are believed in scripts and not in programs', async () => {
  const bytes = `#!/bin/sh\nPASSWORD=c0rrect-h0rse-9\nexport KEY=${made['npm-token']}\n`
  const kinds = async (content: Uint8Array | string) => {
    const found = await regionsOf({ path: '/srv/run', bytes: content, content: [secrets] })
    return found.map(({ attributes }) => attributes?.['kind'])
  }
  assert.deepEqual(await kinds(bytes), ['password-setting', 'npm-token'])
  assert.deepEqual(await kinds(elfOf(bytes)), ['npm-token'])
})

test('of many different secrets of one kind a part is told, and a private key behind them all the same', async () => {
  const tokens = Array.from({ length: 500 }, (_, seed) => `npm_${drawn(36, alphanumeric, seed + 3)}`).join('\n')
  await assert.rejects(
    regionsOf({ path: '/srv/all', bytes: tokens, content: [secrets] }),
    /too much looks like a secret/,
  )
  const kinds: unknown[] = []
  const report = { region: (one: { attributes?: object }) => kinds.push(one.attributes), finding() {}, problem() {} }
  const bytes = utf8(`${tokens}\n${key}`)
  const content = { size: bytes.length, read: (at: number, length: number) => bytes.subarray(at, at + length) }
  const type = { kind: 'text', description: '', mimeType: 'text/plain', encoding: 'ascii' }
  secrets.analyze({ content, type, nameClass: 'other' } as unknown as Subject, report as unknown as Report)
  assert.equal(kinds.length, 51)
  assert.equal((kinds.at(-1) as { kind: string }).kind, 'private-key')
})

test('the same secret again and again is one finding with a count and the next lines', async () => {
  const bytes = `password=c0rrect-h0rse-9\n`.repeat(200)
  const found = await regionsOf({ path: '/srv/app.conf', bytes, content: [secrets], entry: [exposure] })
  const findings = found.flatMap(({ finding }) => finding ?? [])
  assert.equal(findings.length, 1)
  assert.deepEqual(findings[0]?.evidence.slice(0, 2), [
    'c0rr… (15 characters) in line 1'.replace('c0rr', 'c0r'),
    'and 199 more of the same in lines 2, 3, 4, 5, …',
  ])
})

const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
const encrypted = generateKeyPairSync('ed25519')
  .privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'of the test' })
  .toString()
const token = `token=${made['github-token']}\n`
const weak = 'password=c0rrect-h0rse-9\n'

const keyOfTests = [
  ['in a folder of tests that all can read', 0o644, key, ['medium secret-private-key']],
  ['in a folder of tests, encrypted', 0o644, encrypted, ['low secret-private-key']],
  ['in a folder of tests that its owner alone can read', 0o600, key, ['low secret-private-key']],
] as const
const judged: readonly (readonly [string, string, number, string, readonly string[]])[] = [
  ['a key that all can read', '/etc/app/app.conf', 0o644, key, ['critical secret-private-key']],
  ['an encrypted key that all can read', '/etc/app/app.conf', 0o644, encrypted, ['medium secret-private-key']],
  ['a key that its owner alone can read', '/etc/app/app.conf', 0o600, key, ['info secret-private-key']],
  ['a key where keys belong', '/etc/ssh/ssh_host_ed25519_key', 0o600, key, []],
  ['a key of a group where keys belong', '/etc/ssl/private/ssl-cert-snakeoil.key', 0o640, key, []],
  [
    'a key where keys belong that all can read',
    '/etc/ssh/ssh_host_ed25519_key',
    0o644,
    key,
    ['critical secret-private-key'],
  ],
  ['a token that all can read', '/etc/app/app.conf', 0o644, token, ['high secret-github-token']],
  ['a token that its owner alone can read', '/etc/app/app.conf', 0o600, token, ['medium secret-github-token']],
  ['a password that all can read', '/etc/app/app.conf', 0o644, weak, ['medium secret-password-setting']],
  ['a password that its owner alone can read', '/etc/app/app.conf', 0o600, weak, ['info secret-password-setting']],
  ...keyOfTests.map(([name, ...rest]) => [`a key ${name}`, '/srv/app/tests/x.pem', ...rest] as const),
  ['a token in an example', '/usr/share/doc/app/examples/app.conf', 0o644, token, ['low secret-github-token']],
]

for (const [name, path, mode, bytes, expected] of judged) {
  test(`${name}: ${expected[0] ?? 'nothing'}`, async () => {
    assert.deepEqual(await findingsOf({ path, bytes, meta: { mode }, content: [secrets], entry: [exposure] }), expected)
  })
}

test('what a package brought as it is is no secret any more', async () => {
  const path = '/etc/app/app.conf'
  const { createHash } = await import('node:crypto')
  const md5 = createHash('md5').update(key).digest('hex')
  const file = { path, bytes: key, content: [secrets], entry: [exposure] }
  assert.deepEqual(await findingsOf({ ...file, packages: packagesOf({ [path]: { md5 } }) }), [])
  const other = packagesOf({ [path]: { md5: md5.replace(/^./, 'x') } })
  assert.deepEqual(await findingsOf({ ...file, packages: other }), ['critical secret-private-key'])
})

test('the check shows as much of a secret as its mask does', async () => {
  const shown = async (bytes: string) => {
    const [, found] = await regionsOf({ path: '/srv/app.conf', bytes, content: [secrets], entry: [exposure] })
    const check = found?.finding?.check ?? ''
    return spawnSync('sh', ['-c', check.replace('FILE', '-')], { input: bytes, encoding: 'utf8' }).stdout
  }
  assert.equal(await shown('DB_PASSWORD="Xk9-mQ2z"\n'), 'Xk')
  assert.equal(await shown(token), 'ghp_')
  const labelled = key.replaceAll('PRIVATE KEY', 'X25519 PRIVATE KEY')
  for (const text of [key, labelled, `{"key": "${key.replaceAll('\n', '\\n')}"}\n`]) {
    const label = text === labelled ? 'X25519 PRIVATE KEY' : 'PRIVATE KEY'
    assert.match(await shown(text), new RegExp(`^1:\\d+:-----BEGIN ${label}\n$`))
  }
})

test('of a secret a quarter is shown, at least one character and at most four', () => {
  assert.equal(maskSecret('0123456789abcdef0123'), '0123… (20 characters)')
  assert.equal(maskSecret('01234567'), '01… (8 characters)')
  assert.equal(maskSecret('abc'), 'a… (3 characters)')
})
