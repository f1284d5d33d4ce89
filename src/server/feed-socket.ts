/**
 * The feed: WebSockets that hear `hello`, the kept messages after the number they have, then every message, in order.
 *
 * What is kept is read a little at a time, when the reader has taken what it was sent: a backlog of any length costs no
 * memory. Of what happens nobody is waited for: a reader that has fallen `bufferedBytesMax` behind is told to come back
 * (1013) with the last number it has. What clients say is not listened to. One that does not answer two pings in a row
 * is cut off.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { startOf } from '../catalog/feed-start.ts'
import type { FeedHello, FeedMessage } from '../wire/api.ts'
import { parsePosition } from './feed-position.ts'
import type { Foundry, ServerPorts } from './foundry.ts'

const payloadBytesMax = 1024
const bufferedBytesMax = 1024 * 1024
/** Of kept messages, at once. */
const replayLimit = { rows: 256, bytes: 256 * 1024 }
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

interface Reader {
  readonly socket: WebSocket
  /** Has answered the last ping. */
  isAlive: boolean
  /** Has all that is kept, and hears what happens. */
  isLive: boolean
}

export function openFeed(foundry: Foundry, ports: Pick<ServerPorts, 'every'>): FeedSockets {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: payloadBytesMax,
    perMessageDeflate: false,
  })
  const sockets = new Set<WebSocket>()
  const readers = new Set<Reader>()
  const unsubscribe = foundry.subscribe((message) => {
    const text = JSON.stringify(message)
    for (const reader of [...readers]) {
      if (!reader.isLive) continue
      if (reader.socket.bufferedAmount > bufferedBytesMax) {
        readers.delete(reader)
        reader.socket.close(tryAgainLater, 'too slow; come again with since')
      } else reader.socket.send(text)
    }
  })
  const stopPings = ports.every(pingEveryMs, () => pingAll(readers))

  return {
    get count() {
      return sockets.size
    },
    accept(request, socket, head) {
      server.handleUpgrade(request, socket, head, (opened) => {
        const reader: Reader = { socket: opened, isAlive: true, isLive: false }
        sockets.add(opened)
        readers.add(reader)
        opened.on('pong', () => {
          reader.isAlive = true
        })
        opened.on('error', () => opened.terminate())
        opened.on('close', () => {
          readers.delete(reader)
          sockets.delete(opened)
        })
        greet(foundry, readers, { reader, url: request.url ?? '' })
      })
    },
    close() {
      unsubscribe()
      stopPings()
      for (const { socket } of readers) socket.close(goingAway, 'the server stops')
      readers.clear()
      server.close()
    },
    cut() {
      for (const socket of sockets) socket.terminate()
    },
  }
}

/** Says where the feed stands, and begins with what is kept. */
function greet(foundry: Foundry, readers: Set<Reader>, { reader, url }: { reader: Reader; url: string }): void {
  const { epoch, sequence, oldest } = foundry
  const { after, fresh } = startOf(parsePosition(url) ?? { since: undefined, epoch: undefined }, { epoch, sequence })
  const hello: FeedHello = { kind: 'hello', epoch, sequence, oldest, fresh }
  reader.socket.send(JSON.stringify(hello))
  replay({ foundry, readers, reader, after, epoch })
}

interface Replay {
  readonly foundry: Foundry
  readonly readers: ReadonlySet<Reader>
  readonly reader: Reader
  readonly after: number
  /** That `after` is a number of. */
  readonly epoch: string
}

/** Sends the next kept messages and goes on when they are taken; with none left the reader is live. */
function replay({ foundry, readers, reader, after, epoch }: Replay): void {
  if (!readers.has(reader)) return
  if (foundry.epoch !== epoch) {
    const { epoch: present, sequence, oldest } = foundry
    const hello: FeedHello = { kind: 'hello', epoch: present, sequence, oldest, fresh: true }
    reader.socket.send(JSON.stringify(hello))
    reader.isLive = true
    return
  }
  const parts = after < foundry.sequence ? foundry.since({ after, limit: replayLimit }) : []
  const last = parts.at(-1)
  if (last === undefined) {
    reader.isLive = true
    return
  }
  const reached = last.kind === 'row' ? last.sequence : last.to
  for (const [index, part] of parts.entries()) {
    const text = part.kind === 'row' ? part.text : JSON.stringify(part satisfies FeedMessage)
    if (index + 1 < parts.length) reader.socket.send(text)
    else reader.socket.send(text, () => replay({ foundry, readers, reader, after: reached, epoch }))
  }
}

function pingAll(readers: Set<Reader>): void {
  for (const reader of [...readers]) {
    if (reader.isAlive) {
      reader.isAlive = false
      reader.socket.ping()
    } else {
      readers.delete(reader)
      reader.socket.terminate()
    }
  }
}
