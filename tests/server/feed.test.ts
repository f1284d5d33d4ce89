import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import WebSocket from 'ws'
import type { FeedMessage } from '../../src/wire/api.ts'
import { infoOf } from './brick-foundry.ts'
import { ask } from './client.ts'
import { type Fixture, fixture } from './fixture.ts'

const time = '2026-03-01T12:00:00.000000000Z'

interface Listener {
  readonly socket: WebSocket
  /** The next message, in order. */
  next(): Promise<FeedMessage>
}

/** `headers` instead of the token. */
function listen(t: TestContext, { server, foundry }: Fixture, headers?: Record<string, string>, query = ''): Listener {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/feed${query}`, {
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
  const hello = { kind: 'hello', epoch: 'epoch-1', sequence: 7, oldest: 1, fresh: false }
  assert.deepEqual([await first.next(), await second.next()], [hello, hello])
  const brick = infoOf(f.view)
  const messages: FeedMessage[] = [
    { kind: 'brick', sequence: 8, time, brick },
    { kind: 'commit', sequence: 9, time, brick, fromGeneration: 1, dirtyTiles: [[0, 2]] },
    { kind: 'removed', sequence: 10, time, uuid: f.uuid },
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
    f.foundry.send({ kind: 'brick', sequence, time, brick })
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
  f.foundry.send({ kind: 'removed', sequence: 1, time, uuid: f.uuid })
  assert.equal((await reader.next()).kind, 'removed')
  const closed = once(reader.socket, 'close')
  reader.socket.send('x'.repeat(2000))
  assert.equal((await closed)[0], 1009)
  assert.deepEqual(await listen(t, f).next(), {
    kind: 'hello',
    epoch: 'epoch-1',
    sequence: 1,
    oldest: 1,
    fresh: false,
  })
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

/** `count` removals, numbered from 1. */
function fill(f: Fixture, count: number): void {
  for (let sequence = 1; sequence <= count; sequence++) {
    f.foundry.kept.push({ kind: 'removed', sequence, time, uuid: `${sequence}` })
  }
  f.foundry.sequence = count
}

async function numbersOf(reader: Listener, count: number): Promise<number[]> {
  const numbers: number[] = []
  while (numbers.length < count) numbers.push(((await reader.next()) as { sequence: number }).sequence)
  return numbers
}

test('a reader with a number gets what is kept after it, then what happens, without a hole', async (t) => {
  const f = await fixture(t)
  fill(f, 1_000)
  const reader = listen(t, f, undefined, '?since=40&epoch=epoch-1')
  const hello = await reader.next()
  assert.deepEqual(hello, { kind: 'hello', epoch: 'epoch-1', sequence: 1_000, oldest: 1, fresh: false })
  for (let sequence = 1_001; sequence <= 1_200; sequence++) {
    const message = { kind: 'removed', sequence, time, uuid: `${sequence}` } as const
    f.foundry.kept.push(message)
    f.foundry.send(message)
  }
  const expected = Array.from({ length: 1_160 }, (_, i) => 41 + i)
  assert.deepEqual(await numbersOf(reader, 1_160), expected)
  f.foundry.send({ kind: 'removed', sequence: 1_201, time, uuid: 'u' })
  assert.deepEqual(await numbersOf(reader, 1), [1_201])
})

test('what is not kept any more is named; another epoch and a number never given cannot be continued', async (t) => {
  const f = await fixture(t)
  fill(f, 20)
  f.foundry.kept.splice(0, 10)
  f.foundry.oldest = 11
  const late = listen(t, f, undefined, '?since=3')
  assert.equal((await late.next()).kind, 'hello')
  assert.deepEqual(await late.next(), { kind: 'gap', from: 4, to: 10 })
  assert.deepEqual(
    await numbersOf(late, 10),
    Array.from({ length: 10 }, (_, i) => 11 + i),
  )
  for (const query of ['?since=3&epoch=epoch-0', '?since=21', '?since=21&epoch=epoch-1']) {
    const reader = listen(t, f, undefined, query)
    const hello = await reader.next()
    assert.ok(hello.kind === 'hello' && hello.fresh, query)
    f.foundry.send({ kind: 'progress', uuid: query, progress: null })
    assert.deepEqual(await reader.next(), { kind: 'progress', uuid: query, progress: null }, 'it hears what happens')
  }
  const token = { Authorization: `Bearer ${f.foundry.token}` }
  for (const query of ['?since=x', '?since=-1', '?since=1e3', '?since=99999999999999999', '?epoch=%00']) {
    assert.equal(await refusal(f, `/feed${query}`, token), 400, query)
  }
})

test('a reader that stops reading in the middle of a long backlog costs no memory, and goes on where it was', async (t) => {
  const f = await fixture(t)
  const long = 'x'.repeat(2_000)
  let asked = 0
  const since = f.foundry.since.bind(f.foundry)
  f.foundry.since = (wish) => {
    asked++
    return since(wish)
  }
  for (let sequence = 1; sequence <= 20_000; sequence++) {
    f.foundry.kept.push({ kind: 'removed', sequence, time, uuid: long })
  }
  f.foundry.sequence = 20_000
  const reader = listen(t, f, undefined, '?since=0')
  await reader.next()
  const tcp = (reader.socket as unknown as { _socket: Socket })._socket
  tcp.pause()
  const quick = listen(t, f)
  await quick.next()
  let before = -1
  while (asked !== before) {
    before = asked
    for (let n = 0; n < 20; n++) {
      f.foundry.send({ kind: 'progress', uuid: 'u', progress: null })
      await quick.next()
    }
  }
  assert.ok(asked < 40, `${asked} batches of 79 were read for nobody`)
  tcp.resume()
  assert.deepEqual((await numbersOf(reader, 20_000)).at(-1), 20_000)
})

test('readers hear of a new epoch, in the middle of a backlog, too', async (t) => {
  const f = await fixture(t)
  fill(f, 2_000)
  const live = listen(t, f)
  const behind = listen(t, f, undefined, '?since=0&epoch=epoch-1')
  await Promise.all([live.next(), behind.next()])
  f.foundry.epoch = 'epoch-2'
  f.foundry.send({ kind: 'hello', epoch: 'epoch-2', sequence: 2_000, oldest: 1, fresh: true })
  assert.equal(((await live.next()) as { epoch?: string }).epoch, 'epoch-2')
  let message = await behind.next()
  while (message.kind !== 'hello') message = await behind.next()
  assert.deepEqual([message.epoch, message.fresh], ['epoch-2', true])
})
