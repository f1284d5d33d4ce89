import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import WebSocket from 'ws'
import type { FeedMessage } from '../../src/wire/api.ts'
import { infoOf } from './brick-foundry.ts'
import { ask } from './client.ts'
import { type Fixture, fixture } from './fixture.ts'

interface Listener {
  readonly socket: WebSocket
  /** The next message, in order. */
  next(): Promise<FeedMessage>
}

/** `headers` instead of the token. */
function listen(t: TestContext, { server, foundry }: Fixture, headers?: Record<string, string>): Listener {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/feed`, {
    headers: headers ?? { Authorization: `Bearer ${foundry.token}` },
  })
  t.after(() => socket.terminate())
  const arrived: FeedMessage[] = []
  const waiting: ((message: FeedMessage) => void)[] = []
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as FeedMessage
    const first = waiting.shift()
    if (first === undefined) arrived.push(message)
    else first(message)
  })
  return {
    socket,
    next() {
      const message = arrived.shift()
      if (message !== undefined) return Promise.resolve(message)
      return new Promise((resolve) => waiting.push(resolve))
    },
  }
}

/** Status of the refusal of an upgrade. */
function refusal({ server }: Fixture, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers })
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0)
      response.resume()
    })
    socket.on('open', () => reject(new Error(`${path} was opened`)))
    socket.on('error', () => undefined)
  })
}

test('a reader hears where the feed stands, then every message in order', async (t) => {
  const f = await fixture(t)
  f.foundry.sequence = 7
  const [first, second] = [listen(t, f), listen(t, f)]
  const hello = { kind: 'hello', epoch: 'epoch-1', sequence: 7 }
  assert.deepEqual([await first.next(), await second.next()], [hello, hello])
  const brick = infoOf(f.view)
  const messages: FeedMessage[] = [
    { kind: 'brick', sequence: 8, brick },
    { kind: 'commit', sequence: 9, brick, fromGeneration: 1, dirtyTiles: [[0, 2]] },
    { kind: 'removed', sequence: 10, uuid: f.uuid },
  ]
  for (const message of messages) f.foundry.send(message)
  for (const reader of [first, second]) {
    for (const message of messages) assert.deepEqual(await reader.next(), message)
  }
  assert.deepEqual(await listen(t, f).next(), { ...hello, sequence: 10 })
})

test('the feed needs the right Host, Origin and token', async (t) => {
  const f = await fixture(t)
  const token = { Authorization: `Bearer ${f.foundry.token}` }
  const origin = `http://127.0.0.1:${f.server.port}`
  const body = JSON.stringify({ token: f.foundry.token })
  const session = await ask(f.server, '/session', {
    method: 'POST',
    headers: { Origin: origin, 'Content-Type': 'application/json' },
    body,
  })
  const cookie = { Cookie: String(session.headers['set-cookie']?.[0]).split(';')[0] ?? '' }
  assert.equal(await refusal(f, '/feed', {}), 401)
  assert.equal(await refusal(f, '/feed', { Authorization: 'Bearer wrong' }), 403)
  assert.equal(await refusal(f, '/feed', { ...token, Origin: 'http://evil.example' }), 403)
  assert.equal(await refusal(f, '/feed', { ...token, Host: 'evil.example' }), 403)
  assert.equal(await refusal(f, '/feed', cookie), 403)
  assert.equal(await refusal(f, '/feed', { ...cookie, Origin: `http://localhost:${f.server.port}` }), 403)
  assert.equal(await refusal(f, '/other', token), 404)
  assert.equal((await listen(t, f, { ...cookie, Origin: origin }).next()).kind, 'hello')
})

test('a reader that is too slow is told to come back, the others hear on', async (t) => {
  const f = await fixture(t)
  const [slow, quick] = [listen(t, f), listen(t, f)]
  await Promise.all([slow.next(), quick.next()])
  const tcp = (slow.socket as unknown as { _socket: Socket })._socket
  tcp.pause()
  const closed = once(slow.socket, 'close')
  const brick = { ...infoOf(f.view), message: 'x'.repeat(256 * 1024) }
  const last = 100
  for (let sequence = 1; sequence <= last; sequence++) {
    f.foundry.send({ kind: 'brick', sequence, brick })
    assert.equal(((await quick.next()) as { sequence: number }).sequence, sequence)
  }
  tcp.resume()
  const heardAll = async () => {
    while (((await slow.next()) as { sequence: number }).sequence < last);
    return 'heard everything'
  }
  const end = await Promise.race([closed.then(([code]) => code as number), heardAll()])
  assert.equal(end, 1013)
})

test('what a reader says is not listened to, and a long word ends it', async (t) => {
  const f = await fixture(t)
  const reader = listen(t, f)
  await reader.next()
  reader.socket.send('{"kind":"stop"}')
  f.foundry.send({ kind: 'removed', sequence: 1, uuid: f.uuid })
  assert.equal((await reader.next()).kind, 'removed')
  const closed = once(reader.socket, 'close')
  reader.socket.send('x'.repeat(2000))
  assert.equal((await closed)[0], 1009)
  assert.deepEqual(await listen(t, f).next(), { kind: 'hello', epoch: 'epoch-1', sequence: 1 })
})

test('readers are told when the server stops, and it leaves nobody listening to the foundry', async (t) => {
  const f = await fixture(t)
  const reader = listen(t, f)
  await reader.next()
  const closed = once(reader.socket, 'close')
  await f.server.close()
  assert.equal((await closed)[0], 1001)
  assert.equal(f.foundry.listeners.size, 0)
})

test('a reader that does not answer does not hold up the end', { timeout: 20_000 }, async (t) => {
  const f = await fixture(t)
  const reader = listen(t, f)
  await reader.next()
  ;(reader.socket as unknown as { _socket: Socket })._socket.pause()
  await f.server.close()
})
