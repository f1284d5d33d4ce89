/**
 * Where `sfd feed` gets its messages: the state database where no daemon runs, else the daemon's WebSocket.
 *
 * A generator ends when its source does; nothing is kept but a bounded queue of what the reader has not taken yet.
 */
import { type FeedReader, openFeedReader } from '../catalog/feed-reader.ts'
import { type FeedStart, startOf } from '../catalog/feed-start.ts'
import type { DaemonClient } from '../daemon/client.ts'
import type { FeedHello, FeedMessage } from '../wire/api.ts'

const batch = { rows: 1_000, bytes: 1024 * 1024 }
/** A reader that falls that far behind comes again with the last number it has. */
const queuedMax = 10_000
export const comeAgain = 1013

/** What is kept, a `hello` first; nothing at all where there is no state database. Errors: STATE_*. */
export function* storedMessages(databasePath: string, start: FeedStart): Generator<FeedMessage> {
  const reader = openFeedReader(databasePath)
  if (reader === undefined) return
  try {
    yield* messagesOf(reader, start)
  } finally {
    reader.close()
  }
}

/** What the daemon says, until the socket is closed; returns the code of that. */
export async function* daemonMessages(
  { note, token }: Pick<DaemonClient, 'note' | 'token'>,
  { start, signal }: { readonly start: FeedStart; readonly signal: AbortSignal },
): AsyncGenerator<FeedMessage, number> {
  const url = new URL('/feed', note.url.replace(/^http/, 'ws'))
  if (start.since !== undefined) url.searchParams.set('since', `${start.since}`)
  if (start.epoch !== undefined) url.searchParams.set('epoch', start.epoch)
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } })
  const queue: FeedMessage[] = []
  let code: number | undefined
  let wake = Promise.withResolvers<void>()
  socket.onmessage = ({ data }) => {
    queue.push(JSON.parse(String(data)) as FeedMessage)
    if (queue.length >= queuedMax) end(comeAgain)
    wake.resolve()
  }
  const end = (why: number): void => {
    code ??= why
    socket.onmessage = null
    socket.close()
    wake.resolve()
  }
  socket.onclose = (event) => end(event.code)
  const stop = (): void => end(goingAway)
  signal.addEventListener('abort', stop)
  try {
    for (;;) {
      yield* queue.splice(0)
      if (code !== undefined && queue.length === 0) return code
      await wake.promise
      wake = Promise.withResolvers<void>()
    }
  } finally {
    signal.removeEventListener('abort', stop)
    end(goingAway)
  }
}

const goingAway = 1001

function* messagesOf(reader: FeedReader, start: FeedStart): Generator<FeedMessage> {
  const { epoch, sequence, oldest } = reader
  let { after, fresh } = startOf(start, { epoch, sequence })
  const hello: FeedHello = { kind: 'hello', epoch, sequence, oldest, fresh }
  yield hello
  while (after < sequence) {
    const parts = reader.since({ after, limit: batch })
    if (parts.length === 0) yield { kind: 'gap', from: after + 1, to: sequence }
    for (const part of parts) yield part.kind === 'row' ? (JSON.parse(part.text) as FeedMessage) : part
    const last = parts.at(-1)
    after = last === undefined ? sequence : last.kind === 'row' ? last.sequence : last.to
  }
}
