/**
 * The numbered stream of what happened: durable first, then told to everyone who listens, in order.
 *
 * While the state database cannot be written, it goes on in memory under another epoch; listeners hear a `hello` with
 * it. `progress` is told and forgotten: no number, no row.
 */
import { timestampOf } from '../base/entry.ts'
import { rfc3339 } from '../base/entry-text.ts'
import type { Clock } from '../base/ports.ts'
import { FeedJournal, type Told } from '../catalog/feed-journal.ts'
import type { FeedLimit, FeedPart } from '../catalog/feed-rows.ts'
import type { StateDb } from '../catalog/state-db.ts'
import type { StateTrouble } from '../catalog/state-trouble.ts'
import type { FeedBody, FeedHello, FeedMessage, NumberedMessage } from '../wire/api.ts'

/** A message before it has its number and time. */
export type FeedNews = FeedBody | Extract<FeedMessage, { kind: 'progress' }>

/** Longer lists of dirty tiles are told, and kept as "all". */
const dirtyRunsKeptMax = 512

export class Feed {
  readonly #db: StateDb
  readonly #clock: Clock
  readonly #journal: FeedJournal
  readonly #listeners = new Set<(message: FeedMessage) => void>()
  #toldEpoch: string
  #retry: NodeJS.Timeout | undefined

  constructor({ db, clock }: { readonly db: StateDb; readonly clock: Clock }) {
    this.#db = db
    this.#clock = clock
    this.#journal = new FeedJournal(db)
    this.#toldEpoch = db.epoch
    this.#retryLater()
  }

  /** Numbers of different epochs cannot be compared. */
  get epoch(): string {
    return this.#db.epoch
  }

  /** Number of the newest message. */
  get sequence(): number {
    return this.#journal.sequence
  }

  /** Number of the oldest message that is kept. */
  get oldest(): number {
    return this.#journal.oldest
  }

  /** Why it is kept in memory only, for now. */
  get trouble(): StateTrouble | undefined {
    return this.#db.trouble
  }

  publish(news: FeedNews): void {
    if (news.kind === 'progress') this.#tell(news)
    else this.#number(news)
  }

  /** All that is published within is durable together, with whatever else of the state changes in it, or not at all. */
  together<T>(work: () => T): T {
    return this.#db.together(work)
  }

  subscribe(listener: (message: FeedMessage) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Kept messages after number `after` as JSON texts, with gaps named; empty: there are none. */
  since(asked: { readonly after: number; readonly limit: FeedLimit }): readonly FeedPart[] {
    return this.#journal.since(asked)
  }

  /** Newest generation of a brick that was told; a brick that is ahead of it was committed and not told. */
  lastGeneration(uuid: string): number | undefined {
    return this.#journal.lastGeneration(uuid)
  }

  close(): void {
    clearTimeout(this.#retry)
    this.#listeners.clear()
  }

  #number(body: FeedBody): void {
    const time = rfc3339(timestampOf(this.#clock.nowNs())) ?? ''
    let message: NumberedMessage | undefined
    const text = (sequence: number): string => {
      message = { ...body, sequence, time }
      return JSON.stringify(kept(message))
    }
    this.#journal.append(text, toldBy(body), () => {
      this.#tellEpoch()
      if (message !== undefined) this.#tell(message)
      this.#retryLater()
    })
  }

  #tellEpoch(): void {
    if (this.#db.epoch === this.#toldEpoch) return
    this.#toldEpoch = this.#db.epoch
    const { epoch, sequence, oldest } = this
    const hello: FeedHello = { kind: 'hello', epoch, sequence, oldest, fresh: true }
    this.#tell(hello)
  }

  #tell(message: FeedMessage): void {
    for (const listener of [...this.#listeners]) listener(message)
  }

  #retryLater(): void {
    if (this.#db.trouble === undefined || this.#retry !== undefined) return
    const delayMs = Math.max(0, this.#db.retryAtMs - this.#clock.monotonicMs())
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.#db.retry()
      this.#tellEpoch()
      this.#retryLater()
    }, delayMs + 1).unref()
  }
}

function kept(message: NumberedMessage): NumberedMessage {
  if (message.kind !== 'commit' || (message.dirtyTiles?.length ?? 0) <= dirtyRunsKeptMax) return message
  return { ...message, dirtyTiles: null }
}

function toldBy(body: FeedBody): Told | undefined {
  if (body.kind === 'removed') return { kind: 'removed', uuid: body.uuid }
  if (body.kind !== 'commit') return undefined
  return { kind: 'generation', uuid: body.brick.uuid, generation: body.brick.generation }
}
