/**
 * Which numbers the inspector plots: asks for those of the entry that it shows, again after each commit of its brick, and
 * keeps what a person chose for entries of the same name. What was shown stays until what replaces it is there.
 */
import type { SeriesAnswer } from '../wire/api.ts'
import { after, nowMs, type Timer } from './clock.ts'
import { getSeries } from './link/api-client.ts'

/** The entry must be looked at for so long, and is asked about no more often. */
const restMs = 180
const againMs = 1500
const sizeMax = 1_048_576

export interface WatchedEntry {
  readonly uuid: string
  /** Of the newest commit: what is plotted ends there, whatever instant is shown. */
  readonly commit: string
  readonly path?: string
  readonly pathHex?: string
  readonly size: number
}

interface Asked {
  /** Entry and number. */
  readonly key: string
  readonly commit: string
  readonly controller: AbortController
  readonly timer: Timer
}

export class SeriesWatch {
  readonly #changed: () => void
  /** By the last part of the path. */
  readonly #chosen = new Map<string, string>()
  #asked: Asked | undefined
  #answer: { key: string; commit: string; atMs: number; value: SeriesAnswer } | undefined

  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** What there is of this entry; asks for what is missing. */
  of(entry: WatchedEntry | undefined): SeriesAnswer | undefined {
    const key = entry === undefined || entry.size > sizeMax ? '' : keyOf(entry, this.#chosen.get(nameOf(entry)))
    if (key === '' || entry === undefined) {
      this.#drop()
      return undefined
    }
    const known = this.#answer?.key === key ? this.#answer : undefined
    if (known?.commit !== entry.commit)
      this.#ask(entry, { key, waitMs: known === undefined ? restMs : waitAfter(known) })
    const same = this.#answer !== undefined && entryOf(this.#answer.key) === entryOf(key)
    return same ? this.#answer?.value : undefined
  }

  choose(entry: WatchedEntry, name: string): void {
    this.#chosen.set(nameOf(entry), name)
    this.#changed()
  }

  #ask(entry: WatchedEntry, { key, waitMs }: { key: string; waitMs: number }): void {
    if (this.#asked?.key === key) return
    this.#drop()
    const controller = new AbortController()
    const name = this.#chosen.get(nameOf(entry))
    const ask = async (): Promise<void> => {
      const answer = await getSeries({ ...entry, ...(name !== undefined && { names: [name] }) }, controller.signal)
      if (controller.signal.aborted) return
      this.#asked = undefined
      const value = answer.kind === 'ok' ? answer.value : { names: [], times: [], series: [], truncated: false }
      // The number that was chosen may not be there any more: those that matter first are.
      if (name !== undefined && value.series.length === 0) this.#chosen.delete(nameOf(entry))
      this.#answer = { key, commit: entry.commit, atMs: nowMs(), value }
      this.#changed()
    }
    this.#asked = { key, commit: entry.commit, controller, timer: after(waitMs, () => void ask()) }
  }

  #drop(): void {
    this.#asked?.timer.cancel()
    this.#asked?.controller.abort()
    this.#asked = undefined
  }
}

function waitAfter({ atMs }: { atMs: number }): number {
  return Math.max(0, atMs + againMs - nowMs())
}

function keyOf(entry: WatchedEntry, name: string | undefined): string {
  return `${entry.uuid} ${entry.path ?? entry.pathHex}\0${name ?? ''}`
}

function entryOf(key: string): string {
  return key.slice(0, key.indexOf('\0'))
}

function nameOf({ path, pathHex }: WatchedEntry): string {
  const text = path ?? pathHex ?? ''
  return text.slice(text.lastIndexOf('/') + 1)
}
