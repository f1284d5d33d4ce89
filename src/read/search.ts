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
  /** Most time to look for it; then it ends as `slow`. Without: as long as it takes. Milliseconds. */
  readonly workMsMax?: number
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

/** Parts come with hits as they are found, else every 100 to 500 ms. Errors: CANCELLED (or the signal's reason), BRICK_*, BrickDamage. */
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
/** How far it is, is told so often even while nothing comes. */
const silentMs = 350
/** Asked for ahead for each thread. */
const aheadPerThread = 2
/** Nodes opened in vain before others get a turn. */
const looksBetweenPauses = 64
let lastId = 0

interface Ahead {
  readonly rank: number
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
  /** The last tile with hits, as long as more may be found in it. */
  #openTile: readonly [tile: number, count: number] | undefined
  #workMs = 0
  #asked = 0
  #tick = Promise.withResolvers<'tick'>()
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
    const { crew } = this.#request
    const stopTicks = crew.ports.every(silentMs, () => {
      this.#tick.resolve('tick')
      this.#tick = Promise.withResolvers()
    })
    try {
      return yield* this.#parts()
    } finally {
      stopTicks()
      this.#stop.abort()
      crew.leave(this.#job)
    }
  }

  async *#parts(): AsyncGenerator<FoundPart, FoundEnd> {
    const { crew, limit, beyond, signal } = this.#request
    let toldMs = crew.ports.monotonicMs()
    for (;;) {
      await this.#fill()
      const head = this.#ahead[0]
      if (head === undefined) return this.#end('complete')
      signal.throwIfAborted()
      const result = yield* this.#resultOf(head)
      if (result === 'slow') return yield* this.#ending('slow', this.#stuckMessage(head.order))
      const part = this.#take(head, result)
      const nowMs = crew.ports.monotonicMs()
      if (part.hits.length > 0 || part.tiles.length > 0 || nowMs - toldMs >= quietMs) {
        toldMs = nowMs
        yield part
      }
      if (beyond === 'stop' && this.#listed >= limit) return yield* this.#ending('limit')
      if (this.#isOverdue()) return yield* this.#ending('slow', this.#overdueMessage())
    }
  }

  #isOverdue(): boolean {
    return this.#ahead.length > 0 && this.#workMs > (this.#request.workMsMax ?? Number.POSITIVE_INFINITY)
  }

  /** Tells what was held back. */
  *#ending(reason: FoundEnd['reason'], message?: string): Generator<FoundPart, FoundEnd> {
    const tiles = this.#openTile === undefined ? [] : [this.#openTile]
    this.#openTile = undefined
    if (tiles.length > 0) yield { hits: [], tiles, done: this.#done() }
    return this.#end(reason, message)
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
        this.#ahead.push(this.#ask({ segment: next.value, from: next.value * segmentBytes, rank: ++this.#asked }))
      } else if (++looks % looksBetweenPauses === 0) {
        await crew.ports.pause()
        this.#signal.throwIfAborted()
      }
    }
  }

  #ask({ segment, from, rank }: Pick<SegmentOrder, 'segment' | 'from'> & Pick<Ahead, 'rank'>): Ahead {
    const { crew, limit, beyond } = this.#request
    const order = { segment, from, listMax: Math.max(0, limit - this.#listed), beyond }
    const result = crew.scan(this.#job, order, { signal: this.#signal, rank })
    const settle = (): void => void this.#pending.delete(result)
    this.#pending.add(result)
    result.then(settle, settle)
    return { rank, order, result }
  }

  /** Tells how far it is as long as it takes. The last match may end in this segment: then it is looked through from there. */
  async *#resultOf({ rank, order, result }: Ahead): AsyncGenerator<FoundPart, SegmentResult | 'slow'> {
    const { ports } = this.#request.crew
    const { segment } = order
    const isInside = this.#spill > order.from && this.#spill < (segment + 1) * segmentBytes
    const outcome = isInside ? this.#ask({ segment, from: this.#spill, rank }).result : result
    for (;;) {
      const startMs = ports.monotonicMs()
      try {
        const next = await Promise.race([outcome, this.#aborted, this.#tick.promise])
        if (next !== 'tick') return next
      } catch (error) {
        if (error instanceof SearchTooSlow) return 'slow'
        throw error
      } finally {
        this.#workMs += ports.monotonicMs() - startMs
      }
      yield { hits: [], tiles: [], done: this.#done() }
    }
  }

  #stuckMessage({ segment, from }: SegmentOrder): string {
    const { view, crew } = this.#request
    const path = view.slots({ start: from, length: (segment + 1) * segmentBytes - from }).next().value?.path
    const place = path === undefined ? `position ${from}` : `${displayPath(path)}, position ${from}`
    return `The expression stood still for ${crew.stillMsMax / 1_000} s at about ${place}. Make it simpler: repeats inside repeats, such as (a+)+, are what takes so long.`
  }

  #overdueMessage(): string {
    const { bytes, totalBytes } = this.#done()
    const percent = Math.floor((100 * bytes) / totalBytes)
    return `It was stopped after ${(this.#request.workMsMax ?? 0) / 1_000} s, ${percent} % looked through. What was found holds; make the expression simpler, or run it by 'sfd search --regex', which takes as long as it needs.`
  }

  #take(head: Ahead, { hits, tiles, ...result }: SegmentResult): FoundPart {
    const { segment } = head.order
    const end = Math.min((segment + 1) * segmentBytes, this.#request.view.record.length)
    const listed = hits.slice(0, this.#request.limit - this.#listed)
    this.#listed += listed.length
    this.#hits += result.hitCount
    this.#unknownBytes += result.unknownBytes
    this.#damage ??= result.damage
    if (result.hitCount > 0) this.#spill = result.spill
    this.#doneBytes = this.#doneUpTo(Math.min(end, result.reach))
    if (result.reach >= end) this.#ahead.shift()
    else this.#ahead[0] = this.#ask({ segment, from: Math.max(result.reach, this.#spillIn(segment)), rank: head.rank })
    return { hits: listed, tiles: this.#wholeTiles(tiles, result.reach >= end ? 'whole' : 'open'), done: this.#done() }
  }

  #spillIn(segment: number): number {
    const isIn = this.#spill > segment * segmentBytes && this.#spill < (segment + 1) * segmentBytes
    return isIn ? this.#spill : 0
  }

  /** The last tile waits until its segment is `whole`, or another one follows: none is told of twice. */
  #wholeTiles(
    tiles: SegmentResult['tiles'],
    segment: 'whole' | 'open',
  ): readonly (readonly [tile: number, count: number])[] {
    const all: (readonly [tile: number, count: number])[] = [...tiles]
    const open = this.#openTile
    if (open !== undefined) {
      if (all[0]?.[0] === open[0]) all[0] = [open[0], open[1] + all[0][1]]
      else all.unshift(open)
    }
    this.#openTile = segment === 'open' ? all.pop() : undefined
    return all
  }

  /** Segments that were passed over count as done. */
  #doneUpTo(position: number): number {
    const { view, from } = this.#request
    const { length } = view.record
    const first = Math.floor(from / segmentBytes) * segmentBytes
    return position > first ? position - first : length - first + position
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
