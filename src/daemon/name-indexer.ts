/**
 * Keeps the index of names true to the newest commits: a while after a brick's last commit its names are brought up to it, one
 * brick at a time, on a thread of its own. Nothing waits for it, and its trouble is nobody else's.
 */

import { displayPath } from '../base/bytes.ts'
import type { Clock } from '../base/ports.ts'
import { indexBrickApart } from '../catalog/search-index-thread.ts'
import type { BrickView } from '../store/brick-view.ts'
import type { FeedMessage } from '../wire/api.ts'

export interface NameIndexerParts {
  readonly catalogPath: string
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly bricks: () => readonly { readonly uuid: string }[]
  readonly newest: (uuid: string) => BrickView | undefined
  readonly subscribe: (listener: (message: FeedMessage) => void) => () => void
  readonly warn: (message: string) => void
  /** Milliseconds. Left out: `namePace`. */
  readonly pace?: NamePace
}

export interface NamePace {
  /** After the last commit. */
  readonly quietMs: number
  /** After the first that is not indexed. */
  readonly waitMsMax: number
}

const namePace: NamePace = { quietMs: 5_000, waitMsMax: 30_000 }

interface Due {
  readonly sinceMs: number
  lastMs: number
}

export class NameIndexer {
  readonly #parts: NameIndexerParts
  readonly #pace: NamePace
  readonly #due = new Map<string, Due>()
  readonly #stop = new AbortController()
  #unsubscribe: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(parts: NameIndexerParts) {
    this.#parts = parts
    this.#pace = parts.pace ?? namePace
  }

  /** All bricks are looked at; those whose names are known cost nothing more. */
  start(): void {
    this.#unsubscribe = this.#parts.subscribe((message) => {
      if (message.kind === 'commit') this.#changed(message.brick.uuid)
    })
    for (const { uuid } of this.#parts.bricks()) this.#changed(uuid)
  }

  async close(): Promise<void> {
    this.#unsubscribe?.()
    this.#stop.abort()
    clearTimeout(this.#timer)
    await this.#running
  }

  #changed(uuid: string): void {
    const nowMs = this.#parts.clock.monotonicMs()
    const due = this.#due.get(uuid)
    if (due === undefined) this.#due.set(uuid, { sinceMs: nowMs, lastMs: nowMs })
    else due.lastMs = nowMs
    this.#arm()
  }

  #arm(): void {
    if (this.#running !== undefined || this.#due.size === 0 || this.#stop.signal.aborted) return
    const atMs = Math.min(...[...this.#due.values()].map((due) => this.#dueMs(due)))
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#begin(), Math.max(0, atMs - this.#parts.clock.monotonicMs()))
    this.#timer.unref()
  }

  #begin(): void {
    this.#running = this.#run().finally(() => {
      this.#running = undefined
      this.#arm()
    })
  }

  async #run(): Promise<void> {
    const { catalogPath, clock, bricks, newest, warn } = this.#parts
    const { signal } = this.#stop
    for (const [uuid, due] of [...this.#due]) {
      if (signal.aborted || this.#dueMs(due) > clock.monotonicMs()) continue
      this.#due.delete(uuid)
      const view = newest(uuid)
      if (view === undefined) continue
      try {
        await indexBrickApart({ view, catalogPath, signal, kept: bricks().map((brick) => brick.uuid) })
      } catch (error) {
        if (!signal.aborted)
          warn(`${displayPath(view.file.path)}: its names are not searchable: ${(error as Error).message}`)
      }
    }
  }

  #dueMs({ sinceMs, lastMs }: Due): number {
    return Math.min(lastMs + this.#pace.quietMs, sinceMs + this.#pace.waitMsMax)
  }
}
