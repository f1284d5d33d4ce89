/**
 * Starts the server on the loopback address, and the only file here that knows sockets, timers and the clock.
 *
 * Nothing outside 127.0.0.1 can reach it. A port in use is passed over for the next one.
 */
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { FoundryError } from '../base/errors.ts'
import { SeriesReader } from '../read/series.ts'
import { proofOf, refusedPlace, refusedSocket } from './access.ts'
import { AnswerCache } from './answer-cache.ts'
import { askedBy, createApp } from './app.ts'
import { parsePosition } from './feed-position.ts'
import { type FeedSockets, openFeed, socketsMax } from './feed-socket.ts'
import { BrickFindings } from './findings.ts'
import type { Control, Foundry, RunningServer, ServerPorts } from './foundry.ts'
import { defaultHeaders } from './headers.ts'
import { IndexCache } from './index-cache.ts'
import { errorAnswer, type RefusalReason } from './refusal.ts'
import { Searches } from './search.ts'
import { makeSecrets, type SecretKeeper } from './session.ts'
import { readMapFiles } from './static.ts'

const address = '127.0.0.1'
const portMax = 65_535
const connectionsMax = 512
/** Of a request's head, and of all of it. */
const headTimeoutMs = 10_000
const requestTimeoutMs = 20_000
/** Answers under way at the end have this long. */
const closeGraceMs = 1_000

export interface ServerOptions {
  /** `any`: one that the system chooses. */
  readonly port: number | 'any'
  /** How many ports from there on are tried; at least one. */
  readonly portsTried: number
  /** Built dist/map. */
  readonly mapFolder: string
  /** Closes the server. */
  readonly signal?: AbortSignal
  readonly control?: Control
  /** Errors that nobody expected; without it they are only counted as INTERNAL answers. */
  readonly report?: (error: unknown) => void
}

/** Errors: DAEMON_FAILED where no port is free. */
export async function startServer(foundry: Foundry, options: ServerOptions): Promise<RunningServer> {
  const { mapFolder, control, report = () => undefined, signal } = options
  const files = readMapFiles(mapFolder)
  const secrets = makeSecrets({ ...foundrySecrets(foundry), monotonicMs: ports.monotonicMs })
  const server = createServer({ headersTimeout: headTimeoutMs, requestTimeout: requestTimeoutMs })
  server.maxConnections = connectionsMax
  await listen(server, options)
  const { port } = server.address() as AddressInfo
  const searches = new Searches(ports)
  const app = createApp({
    foundry,
    secrets,
    indexes: new IndexCache(ports.pause),
    answers: new AnswerCache(ports.pause),
    findings: new BrickFindings(ports.pause),
    searches,
    series: new SeriesReader(),
    files,
    port,
    control,
    report,
  })
  const feed = openFeed(foundry, ports)
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false, errorHandler: () => malformed() })
  server.on('request', (incoming, outgoing) => void answer(incoming, outgoing))
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const refused = refusedUpgrade(request, { port, secrets, isFull: feed.count >= socketsMax })
    if (refused === undefined) feed.accept(request, socket, head)
    else refuseUpgrade(socket, refused)
  })
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= Promise.all([closeServer(server, feed), searches.close()]).then(() => undefined)
    return closing
  }
  signal?.addEventListener('abort', () => void close(), { once: true })
  if (signal?.aborted) await close()
  return { url: `http://${address}:${port}`, port, close }
}

const ports: ServerPorts = {
  monotonicMs: () => performance.now(),
  pause: () => new Promise((resolve) => setImmediate(resolve)),
  every(periodMs, run) {
    const timer = setInterval(run, periodMs).unref()
    return () => clearInterval(timer)
  },
}

function foundrySecrets({ token, stateId }: Foundry): { token: string; stateId: string } {
  return { token, stateId }
}

async function listen(server: Server, { port, portsTried }: ServerOptions): Promise<void> {
  if (port === 'any') return listenOn(server, 0)
  const last = Math.min(portMax, port + Math.max(1, portsTried) - 1)
  for (let next = port; ; next++) {
    try {
      return await listenOn(server, next)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE' && next < last) continue
      const tried = next === port ? `Port ${port}` : `Every port from ${port} to ${next}`
      const why =
        (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${String(error)})`
      throw new FoundryError('DAEMON_FAILED', `${tried} ${why}; choose another with --port.`, error)
    }
  }
}

function listenOn(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host: address }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function refusedUpgrade(
  request: IncomingMessage,
  { port, secrets, isFull }: { port: number; secrets: SecretKeeper; isFull: boolean },
): RefusalReason | undefined {
  const asked = askedBy(request.method ?? '', (name) => {
    const value = request.headers[name]
    return typeof value === 'string' ? value : undefined
  })
  const proof = proofOf(asked, secrets)
  const refused = refusedPlace(asked, port) ?? refusedSocket(asked, proof)
  if (refused !== undefined) return proof === 'wrong' ? secrets.countFailure(refused) : refused
  if (request.url?.split('?')[0] !== '/feed') {
    return { status: 404, code: 'NOT_FOUND', message: 'There is no WebSocket at that address.' }
  }
  if (parsePosition(request.url) === undefined) {
    return {
      status: 400,
      code: 'REQUEST_INVALID',
      message: 'since is the number of a message, epoch the one of its hello.',
    }
  }
  if (!isFull) return undefined
  return { status: 503, code: 'TOO_MANY_REQUESTS', message: `At most ${socketsMax} clients may follow the feed.` }
}

function refuseUpgrade(socket: Duplex, reason: RefusalReason): void {
  const body = JSON.stringify(errorAnswer(reason))
  const headers = {
    ...defaultHeaders,
    ...reason.headers,
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${reason.status} ${STATUS_CODES[reason.status]}\r\n${lines.join('')}\r\n${body}`)
}

/** A request that does not even become one: a Host or an address that no URL has. */
function malformed(): Response {
  const reason = {
    status: 400,
    code: 'REQUEST_INVALID',
    message: 'That is not a request this server understands.',
  } as const
  return Response.json(errorAnswer(reason), { status: reason.status, headers: defaultHeaders })
}

function closeServer(server: Server, feed: FeedSockets): Promise<void> {
  feed.close()
  return new Promise((resolve) => {
    const grace = setTimeout(() => {
      feed.cut()
      server.closeAllConnections()
    }, closeGraceMs)
    server.close(() => {
      clearTimeout(grace)
      resolve()
    })
  })
}
