/**
 * The feed: WebSockets that hear `hello` and then every message of the foundry, in order.
 *
 * Nobody is waited for: a reader that has fallen `bufferedBytesMax` behind is told to come back (1013) and fetches
 * everything anew. What clients say is not listened to. One that does not answer two pings in a row is cut off.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { FeedMessage } from '../wire/api.ts'
import type { Foundry, ServerPorts } from './foundry.ts'

const payloadBytesMax = 1024
const bufferedBytesMax = 1024 * 1024
const pingEveryMs = 30_000
export const socketsMax = 64

const tryAgainLater = 1013
const goingAway = 1001

export interface FeedSockets {
  /** Open sockets, those included that are being closed. */
  readonly count: number
  /** Of a request that was allowed. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Says goodbye to everyone. */
  close(): void
  /** Does not wait for anyone to say it back. */
  cut(): void
}

export function openFeed(foundry: Foundry, ports: Pick<ServerPorts, 'every'>): FeedSockets {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: payloadBytesMax,
    perMessageDeflate: false,
  })
  const sockets = new Set<WebSocket>()
  /** Those that hear messages; value: has answered the last ping. */
  const readers = new Map<WebSocket, boolean>()

  const send = (reader: WebSocket, text: string): void => {
    if (reader.bufferedAmount > bufferedBytesMax) {
      readers.delete(reader)
      reader.close(tryAgainLater, 'too slow')
    } else reader.send(text)
  }
  const unsubscribe = foundry.subscribe((message) => {
    const text = JSON.stringify(message)
    for (const reader of [...readers.keys()]) send(reader, text)
  })
  const stopPings = ports.every(pingEveryMs, () => {
    for (const [reader, isAlive] of [...readers]) {
      if (isAlive) {
        readers.set(reader, false)
        reader.ping()
      } else {
        readers.delete(reader)
        reader.terminate()
      }
    }
  })

  return {
    get count() {
      return sockets.size
    },
    accept(request, socket, head) {
      server.handleUpgrade(request, socket, head, (reader) => {
        sockets.add(reader)
        readers.set(reader, true)
        reader.on('pong', () => readers.has(reader) && readers.set(reader, true))
        reader.on('error', () => reader.terminate())
        reader.on('close', () => {
          readers.delete(reader)
          sockets.delete(reader)
        })
        const hello: FeedMessage = { kind: 'hello', epoch: foundry.epoch, sequence: foundry.sequence }
        reader.send(JSON.stringify(hello))
      })
    },
    close() {
      unsubscribe()
      stopPings()
      for (const reader of readers.keys()) reader.close(goingAway, 'the server stops')
      readers.clear()
      server.close()
    },
    cut() {
      for (const socket of sockets) socket.terminate()
    },
  }
}
