import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Asked,
  bearerOf,
  cookieNamed,
  proofOf,
  refusedCaller,
  refusedPlace,
  refusedSession,
  refusedSocket,
} from './access.ts'

const asked = (more: Partial<Asked> = {}): Asked => ({
  method: 'GET',
  host: '127.0.0.1:7070',
  origin: undefined,
  fetchSite: undefined,
  authorization: undefined,
  cookie: undefined,
  ...more,
})

const secrets = {
  cookieName: 'sfd-12345678',
  isToken: (text: string) => text === 'right',
  isSession: (text: string) => text === 'session',
}

function checkPlace(more: Partial<Asked>, expected: string | undefined): void {
  assert.equal(refusedPlace(asked(more), 7070)?.code, expected, JSON.stringify(more))
}

test('only the three names of this machine with this port are a Host', () => {
  for (const host of ['127.0.0.1:7070', 'localhost:7070', 'LOCALHOST:7070', '[::1]:7070'])
    checkPlace({ host }, undefined)
  for (const host of [
    undefined,
    '',
    '127.0.0.1',
    'localhost',
    '127.0.0.1:7071',
    '127.0.0.2:7070',
    'evil.example:7070',
    'localhost.evil.example:7070',
    '127.0.0.1:7070.evil.example',
    '127.0.0.1:7070, evil.example',
    '0.0.0.0:7070',
  ]) {
    checkPlace({ host }, 'HOST_REFUSED')
  }
})

test('on port 80 browsers leave the port out of Host', () => {
  assert.equal(refusedPlace(asked({ host: 'localhost' }), 80), undefined)
  assert.equal(refusedPlace(asked({ host: 'localhost:80' }), 80), undefined)
  assert.equal(refusedPlace(asked({ host: 'evil.example' }), 80)?.status, 403)
})

test('an Origin must be the very host that is asked', () => {
  checkPlace({ origin: 'http://127.0.0.1:7070' }, undefined)
  checkPlace({ host: 'localhost:7070', origin: 'http://localhost:7070' }, undefined)
  for (const origin of [
    '',
    'null',
    'http://localhost:7070',
    'http://127.0.0.1:7071',
    'https://127.0.0.1:7070',
    'http://127.0.0.1:7070/',
    'http://evil.example',
  ]) {
    checkPlace({ origin }, 'ORIGIN_REFUSED')
  }
})

test('a bearer token is one word after Bearer, in any case of that', () => {
  assert.equal(bearerOf('Bearer right'), 'right')
  assert.equal(bearerOf('bearer  right-_9'), 'right-_9')
  for (const text of [
    '',
    'right',
    'Basic right',
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer a,b',
    `Bearer ${'a'.repeat(129)}`,
  ]) {
    assert.equal(bearerOf(text), undefined, text)
  }
})

test('a cookie is found by its whole name among others', () => {
  assert.equal(cookieNamed('a=1; sfd-12345678=session; b=2', 'sfd-12345678'), 'session')
  assert.equal(cookieNamed('xsfd-12345678=no', 'sfd-12345678'), undefined)
  assert.equal(cookieNamed('sfd-12345678', 'sfd-12345678'), '')
  assert.equal(cookieNamed('sfd-12345678=a=b', 'sfd-12345678'), 'a=b')
  assert.equal(cookieNamed(undefined, 'sfd-12345678'), undefined)
})

test('a bearer token that is there decides, the cookie only without one', () => {
  const cookie = 'sfd-12345678=session'
  assert.equal(proofOf({ authorization: 'Bearer right', cookie: undefined }, secrets), 'bearer')
  assert.equal(proofOf({ authorization: 'Bearer wrong', cookie }, secrets), 'wrong')
  assert.equal(proofOf({ authorization: undefined, cookie }, secrets), 'cookie')
  assert.equal(proofOf({ authorization: undefined, cookie: 'sfd-12345678=right' }, secrets), 'none')
  assert.equal(proofOf({ authorization: undefined, cookie: undefined }, secrets), 'none')
})

test('a cookie reads, and only for our own page; changes need the token', () => {
  assert.equal(refusedCaller(asked(), 'cookie'), undefined)
  assert.equal(refusedCaller(asked({ fetchSite: 'same-origin' }), 'cookie'), undefined)
  assert.equal(refusedCaller(asked({ fetchSite: 'none' }), 'cookie'), undefined)
  assert.equal(refusedCaller(asked({ fetchSite: 'same-site' }), 'cookie')?.status, 403)
  assert.equal(refusedCaller(asked({ fetchSite: 'cross-site' }), 'cookie')?.status, 403)
  assert.equal(refusedCaller(asked({ method: 'POST' }), 'cookie')?.status, 403)
  assert.equal(refusedCaller(asked({ method: 'POST' }), 'bearer'), undefined)
  assert.equal(refusedCaller(asked(), 'none')?.status, 401)
  assert.equal(refusedCaller(asked(), 'wrong')?.status, 403)
})

test('a session is opened by our own page or with the token, not by who hides where it comes from', () => {
  const post = asked({ method: 'POST' })
  assert.equal(refusedSession(post, 'none')?.code, 'ORIGIN_REFUSED')
  assert.equal(refusedSession(post, 'bearer'), undefined)
  assert.equal(refusedSession(post, 'wrong')?.code, 'TOKEN_WRONG')
  assert.equal(refusedSession({ ...post, origin: 'http://127.0.0.1:7070' }, 'none'), undefined)
  assert.equal(
    refusedSession({ ...post, origin: 'http://127.0.0.1:7070', fetchSite: 'same-site' }, 'none')?.status,
    403,
  )
})

test('a feed with a cookie says its origin', () => {
  assert.equal(refusedSocket(asked(), 'cookie')?.code, 'ORIGIN_REFUSED')
  assert.equal(refusedSocket(asked({ origin: 'http://127.0.0.1:7070' }), 'cookie'), undefined)
  assert.equal(refusedSocket(asked(), 'bearer'), undefined)
  assert.equal(refusedSocket(asked({ origin: 'http://127.0.0.1:7070' }), 'none')?.status, 401)
})
