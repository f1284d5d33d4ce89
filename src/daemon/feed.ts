/** The numbered stream of what happened, in memory: every message one number higher than the one before. */
import type { FeedMessage } from '../wire/api.ts'

type Numbered = Exclude<FeedMessage, { kind: 'hello' }>
/** A message before it has its number. */
export type FeedNews = Numbered extends infer Message
  ? Message extends Numbered
    ? Omit<Message, 'sequence'>
    : never
  : never

export class Feed {
  /** Random, new with each start of the daemon: numbers of different epochs cannot be compared. */
  readonly epoch: string
  readonly #listeners = new Set<(message: FeedMessage) => void>()
  #sequence = 0

  constructor(epoch: string) {
    this.epoch = epoch
  }

  get sequence(): number {
    return this.#sequence
  }

  publish(news: FeedNews): void {
    this.#sequence++
    const message = { ...news, sequence: this.#sequence } as FeedMessage
    for (const listener of this.#listeners) listener(message)
  }

  subscribe(listener: (message: FeedMessage) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
