/** What is recorded of every question that was sent: enough to see what left, what came back, and to ask it again. */
import type { ChatQuestion } from './chat.ts'

export interface Exchange {
  /** Such as `20261122-223014-3f9a`: ascends with time. */
  readonly id: string
  /** RFC 3339 UTC. */
  readonly time: string
  readonly brick: string | null
  /** Of the entry, for display. */
  readonly path: string | null
  readonly offset: number
  readonly length: number
  readonly prompt: string
  readonly schema: string
  readonly server: string
  readonly serverKind: string
  readonly contextTokens: number | null
  readonly question: ChatQuestion
  /** What came, as it came, cut at 64 KiB. */
  readonly answer: string
  /** `described`, or how it failed. */
  readonly outcome: string
  readonly reason: string
  readonly modelReported: string | null
  readonly tokensIn: number
  readonly tokensOut: number
  readonly milliseconds: number
}

/** Ids have 4 digits of chance, so that two programs do not give the same one. */
export function exchangeId(time: string, chance: Uint8Array): string {
  const digits = time.slice(0, 19).replace(/[-:]/g, '').replace('T', '-')
  return `${digits}-${Buffer.from(chance.subarray(0, 2)).toString('hex')}`
}
