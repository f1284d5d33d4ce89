/**
 * Subtrees that nothing tells about: each is listed every so often, counted from the end of the last time, and at most a
 * part of the time.
 */
import { bytesKey } from '../base/bytes.ts'

interface Poll {
  readonly path: Uint8Array
  readonly everyMs: number
  dueMs: number
  isTaken: boolean
}

export class Polls {
  readonly #polls = new Map<string, Poll>()
  readonly #restPerWork: number

  /** A listing comes again no sooner than after `restPerWork` times its own length. */
  constructor(restPerWork: number) {
    this.#restPerWork = restPerWork
  }

  /** null: it is watched again. */
  set(path: Uint8Array, everyMs: number | null, nowMs: number): void {
    const key = bytesKey(path)
    const known = this.#polls.get(key)
    if (everyMs === null) this.#polls.delete(key)
    else if (known?.everyMs !== everyMs) {
      this.#polls.set(key, { path, everyMs, dueMs: nowMs + everyMs, isTaken: known?.isTaken ?? false })
    }
  }

  get nextMs(): number {
    let nextMs = Number.POSITIVE_INFINITY
    for (const { dueMs } of this.#polls.values()) nextMs = Math.min(nextMs, dueMs)
    return nextMs
  }

  get size(): number {
    return this.#polls.size
  }

  /** Those due at `nowMs`; Infinity: all. */
  take(nowMs: number): Uint8Array[] {
    const due = [...this.#polls.values()].filter(({ dueMs }) => dueMs <= nowMs)
    for (const poll of due) Object.assign(poll, { isTaken: true, dueMs: Number.POSITIVE_INFINITY })
    return due.map(({ path }) => path)
  }

  /** What was taken has been listed within that time. */
  done({ tookMs, nowMs }: { tookMs: number; nowMs: number }): void {
    for (const poll of this.#polls.values()) {
      if (!poll.isTaken) continue
      poll.isTaken = false
      poll.dueMs = nowMs + Math.max(poll.everyMs, this.#restPerWork * tookMs)
    }
  }
}
