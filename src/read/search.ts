/**
 * Searching the bytes of one commit: segment by segment in the order of the brick's space, by several threads, told in that
 * order as it comes.
 *
 * Matches do not overlap; they lie in the content of one entry. Cancel by the signal, or by leaving the loop. The brick's
 * file may be closed or replaced meanwhile: a descriptor of its own is read.
 */
import { closeSync, openSync } from 'node:fs'
import { displayPath } from '../base/bytes.ts'
import type { BrickView } from '../store/brick-view.ts'
import { type SearchCrew, SearchTooSlow } from './search-crew.ts'
import { createMatcher } from './search-engine.ts'
import type { SearchPattern } from './search-pattern.ts'
import { plannedSegments, segmentCount } from './search-plan.ts'
import type { SearchJob } from './search-protocol.ts'
import type { SearchHit, SegmentOrder, SegmentResult } from './search-segment.ts'
import { segmentBytes } from './search-window.ts'

export { SearchCrew, type SearchPorts } from './search-crew.ts'
export { parsePattern, type SearchPattern, type SearchQuery } from './search-pattern.ts'
export type { SearchHit } from './search-segment.ts'

export interface SearchRequest {
  readonly view: BrickView
  readonly pattern: SearchPattern
  readonly crew: SearchCrew
  readonly signal: AbortSignal
  /** Hits to list; at least 1. */
  readonly limit: number
  /** What follows when so many are listed: stop, or go on to count. */
  readonly beyond: 'stop' | 'count'
  /** Position where to begin, rounded down to a segment; what is before follows after the end. */
  readonly from: number
}

export interface SearchDone {
  /** Of the brick's space. */
  readonly bytes: number
  readonly totalBytes: number
  readonly hits: number
}

/** What was found since the last one. */
export interface FoundPart {
  readonly hits: readonly SearchHit[]
  /** Tile, number of hits that begin in it; no tile comes twice. */
  readonly tiles: readonly (readonly [tile: number, count: number])[]
  readonly done: SearchDone
}

export interface FoundEnd {
  /** `slow`: see `message`. */
  readonly reason: 'complete' | 'limit' | 'slow'
  readonly message?: string
  readonly done: SearchDone
  /** Content of which nobody has the bytes. */
  readonly unknownBytes: number
  /** The first thing that is broken. */
  readonly damage?: string
}

/** Parts come with hits, else every 100 ms. Errors: CANCELLED (or the signal's reason), BRICK_*, BrickDamage. */
export async function* searchBytes(request: SearchRequest): AsyncGenerator<FoundPart, FoundEnd> {
  const fd = openSync(`/proc/self/fd/${request.view.file.fd}`, 'r')
  const search = new Search(request, fd)
  try {
    return yield* search.run()
  } finally {
    void search.settled().then(() => closeSync(fd))
  }
}

const quietMs = 100
/** Asked for ahead for each thread. */
const aheadPerThread = 2
/** Nodes opened in vain before others get a turn. */
const looksBetweenPauses = 64
let lastId = 0

interface Ahead {
  readonly order: SegmentOrder
  readonly result: Promise<SegmentResult>
}

class Search {
  readonly #request: SearchRequest
  readonly #job: SearchJob
  readonly #ahead: Ahead[] = []
  readonly #pending = new Set<Promise<unknown>>()
  readonly #segments: Generator<number | undefined>
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  #listed = 0
  #hits = 0
  #doneBytes = 0
  #unknownBytes = 0
  #damage: string | undefined
  #spill = 0
  readonly #aborted: Promise<never>

  constructor(request: SearchRequest, brickFd: number) {
    const { view, pattern, from, signal } = request
    this.#request = request
    this.#signal = AbortSignal.any([signal, this.#stop.signal])
    this.#aborted = new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    this.#aborted.catch(() => undefined)
    this.#job = { id: ++lastId, brickPath: view.file.path, brickFd, record: view.record, pattern }
    const first = Math.min(Math.floor(from / segmentBytes), Math.max(0, segmentCount(view) - 1))
    // What an expression may do on this thread, nobody knows.
    const isStoredOnly = pattern.kind === 'needles' && !createMatcher(pattern).matchesZeros()
    this.#segments = plannedSegments(view, { first, which: isStoredOnly ? 'stored' : 'all' })
  }

  async *run(): AsyncGenerator<FoundPart, FoundEnd> {
    const { crew, limit, beyond, signal } = this.#request
    let toldMs = crew.ports.monotonicMs()
    try {
      for (;;) {
        await this.#fill()
        const head = this.#ahead.shift()
        if (head === undefined) return this.#end('complete')
        signal.throwIfAborted()
        const result = await Promise.race([this.#resultOf(head), this.#aborted])
        if (result === 'slow') return this.#end('slow', this.#slowMessage(head.order.segment))
        const part = this.#take(head.order, result)
        const nowMs = crew.ports.monotonicMs()
        if (part.tiles.length > 0 || nowMs - toldMs >= quietMs) {
          toldMs = nowMs
          yield part
        }
        if (beyond === 'stop' && this.#listed >= limit) return this.#end('limit')
      }
    } finally {
      this.#stop.abort()
    }
  }

  /** Nothing reads the brick for it any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#pending)
  }

  async #fill(): Promise<void> {
    const { crew } = this.#request
    const most = crew.threadCount * aheadPerThread
    for (let looks = 0; this.#ahead.length < most; ) {
      const next = this.#segments.next()
      if (next.done === true) return
      if (next.value !== undefined) {
        this.#ahead.push(this.#ask({ segment: next.value, from: next.value * segmentBytes }))
      } else if (++looks % looksBetweenPauses === 0) {
        await crew.ports.pause()
        this.#signal.throwIfAborted()
      }
    }
  }

  #ask({ segment, from }: Pick<SegmentOrder, 'segment' | 'from'>): Ahead {
    const { crew, limit, beyond } = this.#request
    const order = { segment, from, listMax: Math.max(0, limit - this.#listed), beyond }
    const result = crew.scan(this.#job, order, this.#signal)
    const asked = { order, result }
    const settle = (): void => void this.#pending.delete(result)
    this.#pending.add(result)
    result.then(settle, settle)
    return asked
  }

  /** The last match of the segment before may end in this one: then it is looked through from there. */
  async #resultOf({ order, result }: Ahead): Promise<SegmentResult | 'slow'> {
    const { segment } = order
    const isInside = this.#spill > order.from && this.#spill < (segment + 1) * segmentBytes
    try {
      return await (isInside ? this.#ask({ segment, from: this.#spill }).result : result)
    } catch (error) {
      if (error instanceof SearchTooSlow) return 'slow'
      throw error
    }
  }

  #slowMessage(segment: number): string {
    const start = segment * segmentBytes
    const path = this.#request.view.slots({ start, length: segmentBytes }).next().value?.path
    const place = path === undefined ? `position ${start}` : `${displayPath(path)}, position ${start}`
    return `The expression needs more than ${this.#request.crew.stillMsMax / 1_000} s for 32 KiB at about ${place}. Make it simpler: repeats inside repeats, such as (a+)+, are what takes so long.`
  }

  #take({ segment }: SegmentOrder, result: SegmentResult): FoundPart {
    const { limit } = this.#request
    const hits = result.hits.slice(0, limit - this.#listed)
    this.#listed += hits.length
    this.#hits += result.hitCount
    this.#unknownBytes += result.unknownBytes
    this.#damage ??= result.damage
    this.#spill = result.spill
    this.#doneBytes = this.#doneUpTo(segment)
    return { hits, tiles: result.tiles, done: this.#done() }
  }

  /** Segments that were passed over count as done. */
  #doneUpTo(segment: number): number {
    const { view, from } = this.#request
    const { length } = view.record
    const first = Math.floor(from / segmentBytes) * segmentBytes
    const end = Math.min(length, (segment + 1) * segmentBytes)
    return end > first ? end - first : length - first + end
  }

  #done(): SearchDone {
    return { bytes: this.#doneBytes, totalBytes: this.#request.view.record.length, hits: this.#hits }
  }

  #end(reason: FoundEnd['reason'], message?: string): FoundEnd {
    if (reason === 'complete') this.#doneBytes = this.#request.view.record.length
    return {
      reason,
      ...(message !== undefined && { message }),
      done: this.#done(),
      unknownBytes: this.#unknownBytes,
      ...(this.#damage !== undefined && { damage: this.#damage }),
    }
  }
}
