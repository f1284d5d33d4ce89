import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeSecrets } from './session.ts'

const token = 'T'.repeat(43)
const reason = { status: 403, code: 'TOKEN_WRONG', message: 'no' } as const
const cookieValue = (setCookie: string) => setCookie.slice(setCookie.indexOf('=') + 1, setCookie.indexOf(';'))

test('the session outlives a restart, never holds the token, and ends with it', () => {
  const options = { token, stateId: '0123456789abcdef', monotonicMs: () => 0 }
  const [first, again] = [makeSecrets(options), makeSecrets(options)]
  const session = cookieValue(first.setCookie)
  assert.match(first.setCookie, /^sfd-01234567=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
  assert.ok(again.isSession(session))
  assert.ok(!session.includes(token) && !first.isToken(session) && !first.isSession(token))
  assert.ok(!makeSecrets({ ...options, token: 'U'.repeat(43) }).isSession(session))
  assert.ok(!makeSecrets({ ...options, stateId: '0123456700000000' }).isSession(session))
})

test('only the whole token is the token', () => {
  const secrets = makeSecrets({ token, stateId: 'a'.repeat(16), monotonicMs: () => 0 })
  assert.ok(secrets.isToken(token))
  for (const text of ['', 'T', token.slice(1), `${token}T`, `${token.slice(1)}U`, token.toLowerCase()]) {
    assert.ok(!secrets.isToken(text), text)
  }
})

test('wrong tokens are soon told to wait, in time they are heard again, and the right one is never kept out', () => {
  let nowMs = 0
  const secrets = makeSecrets({ token, stateId: 'a'.repeat(16), monotonicMs: () => nowMs })
  const statuses = Array.from({ length: 20 }, () => secrets.countFailure(reason).status)
  assert.deepEqual([...new Set(statuses)], [403, 429])
  assert.equal(statuses.lastIndexOf(403) + 1, statuses.indexOf(429))
  assert.ok(secrets.isToken(token))
  nowMs += 10_000
  assert.equal(secrets.countFailure(reason).status, 403)
})
