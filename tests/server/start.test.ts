import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { type TestContext, test } from 'node:test'
import { FoundryError } from '../../src/base/errors.ts'
import { startServer } from '../../src/server/start.ts'
import { BrickFoundry } from './brick-foundry.ts'
import { ask } from './client.ts'

const options = { portsTried: 1, mapFolder: '' }

/** A port that something else listens on. */
async function takenPort(t: TestContext): Promise<number> {
  const other = createServer()
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.after(() => other.close())
  return (other.address() as AddressInfo).port
}

test('a port in use is passed over for the next free one', async (t) => {
  const port = await takenPort(t)
  const server = await startServer(new BrickFoundry(), { ...options, port, portsTried: 20 })
  t.after(() => server.close())
  assert.ok(server.port > port && server.port < port + 20, `${server.port} after ${port}`)
  assert.equal(server.url, `http://127.0.0.1:${server.port}`)
  assert.equal((await ask(server, '/')).status, 200)
})

test('without a free port the server says which were tried', async (t) => {
  const port = await takenPort(t)
  await assert.rejects(
    startServer(new BrickFoundry(), { ...options, port }),
    (error) => error instanceof FoundryError && error.code === 'DAEMON_FAILED' && error.message.includes(`${port}`),
  )
})

test('nothing but the loopback address is listened on', async (t) => {
  const server = await startServer(new BrickFoundry(), { ...options, port: 'any' })
  t.after(() => server.close())
  const others = Object.values(networkInterfaces()).flatMap((items) => items ?? [])
  for (const { address, internal, family } of others) {
    if (internal && family === 'IPv4') continue
    if (address.startsWith('fe80:')) continue
    const socket = connect(server.port, address)
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
    assert.equal(error.code, 'ECONNREFUSED', address)
  }
})

test('a signal closes the server, closing twice is closing once, and the port is free then', async (t) => {
  const controller = new AbortController()
  const server = await startServer(new BrickFoundry(), { ...options, port: 'any', signal: controller.signal })
  controller.abort()
  await server.close()
  await server.close()
  const again = await startServer(new BrickFoundry(), { ...options, port: server.port })
  t.after(() => again.close())
  assert.equal(again.port, server.port)
})

test('a client that says nothing does not hold up the end', async () => {
  const server = await startServer(new BrickFoundry(), { ...options, port: 'any' })
  const silent = connect(server.port, '127.0.0.1')
  await once(silent, 'connect')
  silent.write('GET / HTTP/1.1\r\n')
  silent.on('error', () => undefined)
  const closed = once(silent, 'close')
  await server.close()
  await closed
})
