/**
 * The feed: one WebSocket, opened again with growing pauses, and the rule for a gap.
 *
 * A new connection asks for what was missed. Whenever it cannot be sure to get every message since the last full answer (a
 * new epoch, a gap, a jump in the numbers), or that would be a long story, it asks for a resync instead.
 */

import type { FeedMessage, NumberedMessage } from '../../wire/api.ts'
import { after, type Timer } from '../clock.ts'

const pauseMsFirst = 500
const pauseMsMax = 15_000
const shareOfChance = 0.3
/** More missed messages than these take longer to tell than everything anew. */
const missedCountMax = 500

export interface FeedPosition {
  readonly epoch: string
  readonly sequence: number
}

export type FeedVerdict = 'deliver' | 'ignore' | 'resync'

/** What to do with `message` for a client that stands at `position`. Pure. */
export function judgeMessage(position: FeedPosition, message: FeedMessage): FeedVerdict {
  if (message.kind === 'hello') {
    const missed = message.sequence - position.sequence
    return message.epoch !== position.epoch || message.fresh || missed > missedCountMax ? 'resync' : 'ignore'
  }
  if (message.kind === 'gap') return message.to > position.sequence ? 'resync' : 'ignore'
  if (message.kind === 'progress') return 'deliver'
  if (message.sequence <= position.sequence) return 'ignore'
  return message.sequence === position.sequence + 1 ? 'deliver' : 'resync'
}

export type FeedProgress = Extract<FeedMessage, { kind: 'progress' }>

export interface FeedHandlers {
  position(): FeedPosition
  deliver(message: NumberedMessage | FeedProgress): void
  /** Fetch everything anew. */
  resync(): void
  connected(): void
  disconnected(): void
}

export interface Feed {
  /** Connects again at once instead of after the pause. */
  retryNow(): void
}

export function connectFeed(handlers: FeedHandlers): Feed {
  let failures = 0
  let timer: Timer | undefined
  let open = false

  const connect = (): void => {
    timer?.cancel()
    timer = undefined
    const { epoch, sequence } = handlers.position()
    const asked = `/feed?since=${sequence}&epoch=${encodeURIComponent(epoch)}`
    const socket = new WebSocket(new URL(asked, location.href.replace(/^http/, 'ws')))
    socket.onmessage = ({ data }) => {
      const message = parseMessage(data)
      if (message === undefined) return
      if (!open) {
        open = true
        failures = 0
        handlers.connected()
      }
      const verdict = judgeMessage(handlers.position(), message)
      if (verdict === 'resync') handlers.resync()
      else if (verdict === 'deliver' && message.kind !== 'hello' && message.kind !== 'gap') handlers.deliver(message)
    }
    socket.onclose = () => {
      open = false
      handlers.disconnected()
      failures++
      const pause = Math.min(pauseMsMax, pauseMsFirst * 2 ** (failures - 1))
      timer = after(pause * (1 - shareOfChance * Math.random()), connect)
    }
  }
  connect()
  return {
    retryNow() {
      if (timer !== undefined) connect()
    },
  }
}

function parseMessage(data: unknown): FeedMessage | undefined {
  if (typeof data !== 'string') return undefined
  try {
    const value = JSON.parse(data) as FeedMessage
    return typeof value === 'object' && value !== null && typeof value.kind === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
