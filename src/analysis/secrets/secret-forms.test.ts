/** Forms of secrets that words around them tell, source code, and keys in other clothes than PEM; each with what is none. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { regionsOf } from '../policy/testing/said.ts'
import { secrets } from './secrets.ts'
import { alphanumeric, drawn } from './testing/drawn.ts'

/** Text, and the kind that it is; undefined: none. */
const forms: readonly (readonly [string, string | undefined])[] = [
  ['  password: "vB8#kq2LwPz1"', 'password-setting'],
  ["  password: 'a{b%2kq2LwPz1$'", 'password-setting'],
  ['  password: "{{ vault_password_1 }}"', undefined],
  ['  password: "$${DB_PASSWORD_1}"'.replace('$$', '$'), undefined],
  ["define('DB_PASSWORD', 'Zx9#kq2LwPz1');", 'password-setting'],
  ["define('DB_PASSWORD', 'password_here');", undefined],
  ["$db['password'] = 'x';", undefined],
  ['passphrase: Zx9kq2LwPz1', 'password-setting'],
  ['passphrase: your passphrase', undefined],
  ['pwd=Zx9kq2LwPz1', 'password-setting'],
  ['pwd=/srv/app/current1', undefined],
  ['sshpass -p Zx9kq2LwPz1 ssh host', 'password-in-command'],
  ['sshpass -p "$SSH_PASSWORD1" ssh host', undefined],
  ['sshpass -f /root/pass1 ssh host', undefined],
  ['mysql -u root -pZx9kq2LwPz1 shop', 'password-in-command'],
  ['mysqldump --password=Zx9kq2LwPz1 shop', 'password-in-command'],
  ['mysql -u root -p shop_2024', undefined],
  ['mysql -u root -p"$MYSQL_PWD1" shop', undefined],
  ['curl -s -u admin:Zx9kq2LwPz1 https://host/', 'password-in-command'],
  ['curl -u admin:$PASSWORD1 https://host/', undefined],
  [`Authorization: Bearer ${drawn(40, alphanumeric)}`, 'authorization-header'],
  ['Authorization: Bearer <your-token-here-1>', undefined],
  [`session: ${jwt({ alg: 'HS256', typ: 'JWT' })}`, 'jwt'],
  [
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV',
    undefined,
  ],
]

function jwt(header: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part(header)}.${part({ sub: 'me', iat: 1_763_800_000 })}.${drawn(43, alphanumeric)}`
}

for (const [text, kind] of forms) {
  test(`${kind ?? 'no secret'}: ${text.slice(0, 60)}`, async () => {
    const found = await regionsOf({ path: '/srv/app.conf', bytes: `# x\n${text}\n`, content: [secrets] })
    assert.deepEqual(
      found.map(({ attributes }) => attributes?.['kind']),
      kind === undefined ? [] : [kind],
    )
    assert.ok(!JSON.stringify(found).includes('kq2LwPz1'))
  })
}

/** What source code says of passwords, and what it holds of them. */
const codes: readonly (readonly [string, boolean])[] = [
  ['    password = this.#password1', false],
  ['    password: options.password1,', false],
  ['    token: nextToken2,', false],
  ["  token: 'access_token2',", false],
  ["  secret: 'oauth2-client-secret',", false],
  ['  token = `bearer-token-id1`', false],
  ["    password = 'Zx9-kq2LwPz1'", true],
  ['  "password": "Zx9#kq2LwPz1",', true],
]
for (const name of ['app.ts', 'app.py', 'App.java', 'main.go', 'main.rs']) {
  test(`in ${name} only a literal is a value`, async () => {
    for (const [text, isSecret] of codes) {
      const found = await regionsOf({ path: `/srv/${name}`, bytes: `x = 1\n${text}\n`, content: [secrets] })
      assert.equal(found.length, Number(isSecret), text)
    }
  })
}

test('a private key is found in base64 once more, in two bytes a character and without armour', async () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const pem = pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString().trimEnd()
  const open = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString()
  const little = (text: string) => Buffer.from(`\ufeff${text}\n`, 'utf16le')
  const base64 = (text: string) => `kind: Secret\ndata:\n  tls.key: ${Buffer.from(text).toString('base64')}\n`
  const der = (type: 'pkcs1' | 'pkcs8') => pair.privateKey.export({ format: 'der', type })
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const locked = pair.privateKey.export({ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' })
  const files: readonly (readonly [Uint8Array | string, number, number])[] = [
    [little(pem), 2, 2 * pem.length],
    [little(pem).swap16(), 2, 2 * pem.length],
    [base64(pem), 30, Buffer.from(pem).toString('base64').length],
    [der('pkcs1'), 0, der('pkcs1').length],
    [der('pkcs8'), 0, der('pkcs8').length],
    [ec.export({ format: 'der', type: 'sec1' }), 0, ec.export({ format: 'der', type: 'sec1' }).length],
    [locked, 0, locked.length],
    [little(open), -1, 0],
    [base64(open), -1, 0],
    [pair.publicKey.export({ format: 'der', type: 'spki' }), -1, 0],
    [pair.publicKey.export({ format: 'der', type: 'pkcs1' }), -1, 0],
    [der('pkcs8').subarray(0, -1), -1, 0],
  ]
  for (const [bytes, offset, length] of files) {
    const found = await regionsOf({ path: '/srv/x', bytes, content: [secrets] })
    assert.deepEqual(
      found.map((one) => [one.offset, one.length]),
      offset < 0 ? [] : [[offset, length]],
    )
  }
})
