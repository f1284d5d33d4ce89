import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { FoundryError } from '../../src/base/errors.ts'
import type { RunningServer } from '../../src/server/foundry.ts'
import { startServer } from '../../src/server/start.ts'
import { ask, codeOf, json, type Reply } from './client.ts'
import { fixture } from './fixture.ts'

const originOf = ({ port }: RunningServer) => `http://127.0.0.1:${port}`

function openSession(server: RunningServer, token: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  return ask(server, '/session', {
    method: 'POST',
    headers: { Origin: originOf(server), 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ token }),
  })
}

const cookieOf = (reply: Reply) => String(reply.headers['set-cookie']?.[0]).split(';')[0] ?? ''

test('without the token nothing is told, not even what exists', async (t) => {
  const { server, at } = await fixture(t)
  for (const path of [
    '/api/bricks',
    '/api/find?q=a',
    `${at}/tiles?l=0&i=0`,
    `${at}/bytes?from=0&to=1`,
    '/nothing',
    '/feed',
  ]) {
    const reply = await ask(server, path)
    assert.deepEqual([reply.status, codeOf(reply)], [401, 'TOKEN_MISSING'], path)
    const wrong = await ask(server, path, { headers: { Authorization: 'Bearer nope' } })
    assert.deepEqual([wrong.status, codeOf(wrong)], [403, 'TOKEN_WRONG'], path)
  }
})

test('a request for another Host is refused, with the token, too', async (t) => {
  const { get, server } = await fixture(t)
  for (const host of ['evil.example', `evil.example:${server.port}`, `127.0.0.1:${server.port + 1}`, '127.0.0.1']) {
    const reply = await get('/api/bricks', { Host: host })
    assert.equal(reply.status, 403, host)
    assert.ok(!reply.body.toString().includes('bricks'))
    assert.match(String(reply.headers['content-security-policy']), /default-src 'none'/)
  }
  assert.equal((await get('/', { Host: 'evil.example' })).status, 403)
  assert.equal((await get('/api/bricks', { Host: `localhost:${server.port}` })).status, 200)
})

test('a request of another origin is refused, with the token, too', async (t) => {
  const { get, server } = await fixture(t)
  for (const origin of [
    'http://evil.example',
    'null',
    `http://127.0.0.1:${server.port + 1}`,
    `http://localhost:${server.port}`,
  ]) {
    const reply = await get('/api/bricks', { Origin: origin })
    assert.deepEqual([reply.status, codeOf(reply)], [403, 'ORIGIN_REFUSED'], origin)
  }
  const own = await get('/api/bricks', { Origin: originOf(server) })
  assert.equal(own.status, 200)
  assert.equal(own.headers['access-control-allow-origin'], undefined)
})

test('a page trades the token for a cookie, which reads and changes nothing', async (t) => {
  const { server, foundry, at } = await fixture(t, { control: async () => ({ done: true }) })
  const session = await openSession(server, foundry.token)
  assert.equal(session.status, 204)
  assert.match(String(session.headers['set-cookie']), /; Path=\/; HttpOnly; SameSite=Strict$/)
  const headers = { Cookie: cookieOf(session) }
  assert.equal((await ask(server, '/api/bricks', { headers })).status, 200)
  assert.equal((await ask(server, `${at}/tiles?l=0&i=0`, { headers })).status, 200)
  const crossPort = await ask(server, '/api/bricks', { headers: { ...headers, 'Sec-Fetch-Site': 'same-site' } })
  assert.equal(crossPort.status, 403)
  const change = {
    method: 'POST',
    headers: { ...headers, Origin: originOf(server), 'Content-Type': 'application/json' },
    body: '{}',
  }
  assert.equal((await ask(server, '/api/stop', change)).status, 403)
})

test('the cookie goes on working when the server was started again', async (t) => {
  const { server, foundry } = await fixture(t)
  const session = await openSession(server, foundry.token)
  await server.close()
  const again = await startServer(foundry, { port: server.port, portsTried: 1, mapFolder: '' })
  t.after(() => again.close())
  assert.equal((await ask(again, '/api/bricks', { headers: { Cookie: cookieOf(session) } })).status, 200)
})

test('a session needs the right token, from our own page, in a small body', async (t) => {
  const { server, foundry } = await fixture(t)
  const { token } = foundry
  const cases: [number, Promise<Reply>][] = [
    [403, openSession(server, 'wrong')],
    [403, openSession(server, token.slice(1))],
    [400, openSession(server, 7)],
    [403, openSession(server, token, { Origin: 'http://evil.example' })],
    [403, openSession(server, token, { 'Sec-Fetch-Site': 'cross-site' })],
    [415, openSession(server, token, { 'Content-Type': 'text/plain' })],
    [413, openSession(server, token + ' '.repeat(1024))],
    [
      403,
      ask(server, '/session', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ token }),
      }),
    ],
    [400, ask(server, '/session', { method: 'POST', headers: { Origin: originOf(server) } })],
  ]
  for (const [index, [status, reply]] of cases.entries()) {
    const { status: given, headers } = await reply
    assert.equal(given, status, `case ${index}`)
    assert.equal(headers['set-cookie'], undefined)
  }
  const headers = { Origin: originOf(server), 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' }
  const chunked = await ask(server, '/session', { method: 'POST', headers, body: ' '.repeat(5000) })
  assert.equal(chunked.status, 413)
})

test('many wrong tokens are slowed down, and the right one is let in meanwhile', async (t) => {
  const { server, foundry, get } = await fixture(t)
  const statuses = new Set<number>()
  for (let i = 0; i < 30; i++) statuses.add((await openSession(server, `wrong-${i}`)).status)
  assert.deepEqual([...statuses].sort(), [403, 429])
  assert.equal((await openSession(server, foundry.token)).status, 204)
  assert.equal((await get('/api/bricks')).status, 200)
})

test('only GET reads and only POST changes; everything else is 405', async (t) => {
  const { server, foundry, at } = await fixture(t, { control: async () => ({}) })
  const headers = { Authorization: `Bearer ${foundry.token}` }
  for (const [method, path, allow] of [
    ['HEAD', '/api/bricks', 'GET'],
    ['HEAD', '/', 'GET'],
    ['PUT', '/api/bricks', 'GET'],
    ['DELETE', `${at}/tiles`, 'GET'],
    ['OPTIONS', '/api/bricks', 'GET'],
    ['POST', '/api/bricks', 'GET'],
    ['POST', `${at}/tiles?l=0&i=0`, 'GET'],
    ['POST', '/', 'GET'],
    ['POST', '/feed', 'GET'],
    ['GET', '/session', 'POST'],
    ['GET', '/api/stop', 'POST'],
    ['PROPFIND', '/', 'GET'],
  ] as const) {
    const reply = await ask(server, path, { method, headers })
    assert.deepEqual([reply.status, reply.headers.allow], [405, allow], `${method} ${path}`)
  }
})

test('the feed without an upgrade says what it is', async (t) => {
  const { get } = await fixture(t)
  const reply = await get('/feed')
  assert.deepEqual([reply.status, reply.headers.upgrade], [426, 'websocket'])
})

test('every answer carries the headers that keep a browser in bounds', async (t) => {
  const { server, get, at } = await fixture(t)
  for (const reply of [
    await get('/api/bricks'),
    await get('/'),
    await get('/nothing'),
    await get(`${at}/tiles?l=0&i=0`),
    await get(`${at}/tiles?l=9&i=0`),
    await ask(server, '/api/bricks'),
    await ask(server, '/api/bricks', { method: 'PUT' }),
    await openSession(server, 'wrong'),
  ]) {
    const { headers } = reply
    assert.match(String(headers['content-security-policy']), /default-src 'none'/)
    assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/)
    assert.ok(!/unsafe-inline|unsafe-eval'(?<!wasm-unsafe-eval')/.test(String(headers['content-security-policy'])))
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin')
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
    assert.ok(headers['cache-control'])
  }
})

test('the map needs no token, and no address reaches another file', async (t) => {
  const { folder, foundry } = await fixture(t)
  const mapFolder = join(folder, 'map')
  mkdirSync(join(mapFolder, 'fonts'), { recursive: true })
  writeFileSync(join(mapFolder, 'index.html'), '<!doctype html>')
  writeFileSync(join(mapFolder, 'main.js'), 'export {}')
  writeFileSync(join(mapFolder, '.hidden.js'), 'hidden')
  writeFileSync(join(mapFolder, 'notes.secret'), 'secret')
  writeFileSync(join(mapFolder, 'fonts/a.woff2'), 'font')
  symlinkSync('/etc/passwd', join(mapFolder, 'passwd.txt'))
  const server = await startServer(foundry, { port: 'any', portsTried: 1, mapFolder })
  t.after(() => server.close())
  for (const [path, type, content] of [
    ['/', 'text/html; charset=utf-8', '<!doctype html>'],
    ['/?x=1', 'text/html; charset=utf-8', '<!doctype html>'],
    ['/main.js', 'text/javascript; charset=utf-8', 'export {}'],
    ['/fonts/a.woff2', 'font/woff2', 'font'],
  ] as const) {
    const reply = await ask(server, path)
    assert.deepEqual([reply.status, reply.headers['content-type'], reply.body.toString()], [200, type, content])
    const again = await ask(server, path, { headers: { 'If-None-Match': String(reply.headers.etag) } })
    assert.deepEqual([again.status, again.body.length], [304, 0])
  }
  const headers = { Authorization: `Bearer ${foundry.token}` }
  for (const path of [
    '/index.html',
    '/passwd.txt',
    '/.hidden.js',
    '/notes.secret',
    '/fonts/',
    '/../map/notes.secret',
    '/%2e%2e/map/notes.secret',
    '/..%2fmap%2fnotes.secret',
    '//etc/passwd',
    '/fonts/%2e%2e%2f%2e%2e%2fx.brick',
    '/main.js%00',
  ]) {
    const reply = await ask(server, path, { headers })
    assert.ok([400, 404].includes(reply.status), `${path}: ${reply.status}`)
    assert.match(String(reply.headers['content-type']), /json/)
  }
  writeFileSync(join(mapFolder, 'main.js'), 'changed')
  assert.equal((await ask(server, '/main.js')).body.toString(), 'export {}', 'files are read once')
})

test('without a built map the page says so', async (t) => {
  const { server } = await fixture(t)
  const reply = await ask(server, '/')
  assert.equal(reply.status, 200)
  assert.match(reply.body.toString(), /not built/)
})

test('orders go to the daemon with their body, and its errors come back by their code', async (t) => {
  const seen: unknown[] = []
  const control = async (path: string, body: unknown) => {
    seen.push([path, body])
    if (path === '/api/sync') return undefined
    if (path === '/api/remove') throw new FoundryError('BRICK_MISSING', 'There is no brick x.')
    throw new Error('a secret of the inside')
  }
  const { post, reported } = await fixture(t, { control })
  const sync = await post('/api/sync', { wait: true })
  assert.deepEqual([sync.status, json(sync)], [200, {}])
  const remove = await post('/api/remove', { name: 'x' })
  assert.deepEqual(
    [remove.status, json(remove)],
    [404, { error: { code: 'BRICK_MISSING', message: 'There is no brick x.' } }],
  )
  const stop = await post('/api/stop', undefined)
  assert.deepEqual([stop.status, codeOf(stop)], [500, 'INTERNAL'])
  assert.ok(!stop.body.toString().includes('secret'))
  assert.deepEqual(reported.map(String), ['Error: a secret of the inside'])
  assert.deepEqual(seen, [
    ['/api/sync', { wait: true }],
    ['/api/remove', { name: 'x' }],
    ['/api/stop', undefined],
  ])
  assert.equal((await post('/api/sync', undefined, { body: '{' })).status, 400)
  assert.equal((await post('/api/sync', ' '.repeat(70_000))).status, 413)
})

test('a request with no Host, an empty one, two or an address in its first line is not believed', async (t) => {
  const { server, foundry } = await fixture(t)
  const own = `Host: 127.0.0.1:${server.port}\r\n`
  const rest = `Authorization: Bearer ${foundry.token}\r\nConnection: close\r\n\r\n`
  for (const head of [
    'GET /api/bricks HTTP/1.1\r\n',
    'GET /api/bricks HTTP/1.0\r\n',
    'GET /api/bricks HTTP/1.1\r\nHost:\r\n',
    'GET /api/bricks HTTP/1.1\r\nHost: \r\n',
    'GET /api/bricks HTTP/1.1\r\nHost: evil.example/\r\n',
    `GET /api/bricks HTTP/1.1\r\nHost: evil.example\r\n${own}`,
    `GET http://evil.example/api/bricks HTTP/1.1\r\nHost: evil.example\r\n`,
  ]) {
    const answer = await rawAnswer(server, head + rest)
    assert.match(answer, /^HTTP\/1\.1 (400|403) /, head)
    assert.ok(!answer.includes('bricks'), head)
  }
  assert.match(await rawAnswer(server, `GET /api/bricks HTTP/1.1\r\n${own}${rest}`), /^HTTP\/1\.1 200 /)
})

test('bytes that are no request are answered or cut off, and the server goes on', async (t) => {
  const { server, get } = await fixture(t)
  for (const text of [
    '\0\0\0\0',
    'GET\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: a b\r\n\r\n`,
    `GET /${'a'.repeat(70_000)} HTTP/1.1\r\n\r\n`,
  ]) {
    const answer = await rawAnswer(server, text)
    assert.ok(answer === '' || /^HTTP\/1\.1 4\d\d /.test(answer), answer)
  }
  assert.equal((await get('/api/bricks')).status, 200)
})

function rawAnswer({ port }: RunningServer, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let answer = ''
    socket.on('data', (part) => {
      answer += part
      socket.end()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(answer))
  })
}
