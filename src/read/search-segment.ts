/**
 * Matches that begin in one segment of a brick (4 MiB of its space): in the contents of entries, across tiles, never across
 * entries, never over bytes that nobody has.
 *
 * A match may end in the next segment; where the last one did, `spill` says it, and the next segment has to be looked through
 * from there. Pure of threads and time.
 */
import type { Run } from '../base/entry.ts'
import { BrickDamage } from '../brick/damage.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { tileBytes } from '../brick/merkle.ts'
import type { BrickView } from '../store/brick-view.ts'
import { isUnread, slotProblem } from './content.ts'
import type { EntryCursor } from './entry-cursor.ts'
import type { Found, Matcher, Pace } from './search-engine.ts'
import type { HitEncoding } from './search-pattern.ts'
import { type Preview, previewBytes, previewOf } from './search-preview.ts'
import { type SegmentWindow, segmentBytes } from './search-window.ts'

export interface SegmentOrder {
  readonly segment: number
  /** Position in the segment: matches begin there or behind it. */
  readonly from: number
  /** Hits to list. */
  readonly listMax: number
  /** What follows when so many are listed. */
  readonly beyond: 'stop' | 'count'
}

export interface SearchHit extends Preview {
  /** Position in the brick's space. */
  readonly start: number
  readonly length: number
  readonly path: Uint8Array
  /** In the content. */
  readonly offset: number
  readonly encoding: HitEncoding
  readonly isCut: boolean
}

export interface SegmentResult {
  readonly hits: SearchHit[]
  hitCount: number
  /** Tile, number of hits that begin in it. */
  readonly tiles: [tile: number, count: number][]
  /** Where the last match ends. */
  spill: number
  /** How far it came: matches that begin before are told. Short of the segment's end where its time was over. */
  reach: number
  /** Content that was not looked through: nobody has the bytes. */
  unknownBytes: number
  /** What is broken. */
  damage?: string
}

export interface SegmentParts {
  readonly view: BrickView
  readonly entries: EntryCursor
  readonly matcher: Matcher
  /** Used again by the next call. */
  readonly window: SegmentWindow
  readonly pace: Pace
}

/** Errors: CANCELLED where the brick was closed; what is damaged is in the result. */
export function scanSegment(parts: SegmentParts, order: SegmentOrder): SegmentResult {
  const { view, window, matcher } = parts
  const result: SegmentResult = { hits: [], hitCount: 0, tiles: [], spill: 0, reach: 0, unknownBytes: 0 }
  window.open(view, order.segment)
  const end = Math.min((order.segment + 1) * segmentBytes, view.record.length)
  result.reach = end
  try {
    const sight = { start: order.from - matcher.before, length: end - order.from + matcher.before + matcher.behind }
    if (window.isEmpty(sight) && !matcher.matchesZeros()) return result
    for (const { slot, path } of view.slots({ start: order.from, length: end - order.from })) {
      if (slot.start > order.from && parts.pace.nowMs() >= parts.pace.untilMs) {
        result.reach = slot.start
        break
      }
      const entry = parts.entries.entry(path)
      if (entry === undefined || !isSlotOf(view, entry, slot)) {
        result.damage ??= `slots: ${slot.start} + ${slot.length} is not the slot of the entry that it names`
      } else if (scanEntry(parts, { order, end, entry, start: slot.start }, result) !== 'more') break
      parts.pace.beat()
    }
  } catch (error) {
    if (!(error instanceof BrickDamage)) throw error
    result.damage ??= error.message
  }
  if (window.damage !== undefined) result.damage ??= window.damage
  return result
}

function isSlotOf(view: BrickView, { kind, size, slot }: EntryRecord, { start, length }: Run): boolean {
  if (kind !== 'file' || slot === undefined || slot.start !== start || slot.length !== length) return false
  return slotProblem(slot, { size, length: view.record.length }) === undefined
}

interface EntryPart {
  readonly order: SegmentOrder
  /** Of the segment. */
  readonly end: number
  readonly entry: EntryRecord
  /** Of its content. */
  readonly start: number
}

function scanEntry(parts: SegmentParts, part: EntryPart, result: SegmentResult): 'enough' | 'more' | 'paused' {
  const { window, matcher, pace } = parts
  const { entry, order, start } = part
  const content = { start, end: start + entry.size }
  const from = Math.max(order.from, content.start)
  const until = Math.min(part.end, content.end)
  if (from >= until) return 'more'
  if (isUnread(entry)) {
    result.unknownBytes += until - from
    return 'more'
  }
  const first = Math.max(content.start, window.base, from - Math.max(matcher.before, previewBytes))
  const last = Math.min(content.end, window.end, until + Math.max(matcher.behind, previewBytes))
  const lost = (entry.unreadableRanges ?? []).map((run) => ({ start: start + run.start, length: run.length }))
  const unknown = [...lost, ...window.read({ start: first, length: last - first })].sort((a, b) => a.start - b.start)
  for (const run of known({ start: first, end: last }, unknown)) {
    const { base } = window
    const sight = { bytes: window.bytes, start: run.start - base, end: run.end - base, offset: base - content.start }
    const starts = { from: Math.max(from, run.start) - base, until: Math.min(until, run.end) - base }
    const matches = matcher.matches(sight, starts, pace)
    let step = matches.next()
    for (; step.done !== true; step = matches.next()) {
      note(result, { found: step.value, sight, base, entry, start, order })
      if (order.beyond === 'stop' && result.hitCount >= order.listMax) return 'enough'
    }
    if (step.value >= starts.until) continue
    result.reach = base + step.value
    break
  }
  const seen = { start: from, end: Math.min(until, result.reach) }
  result.unknownBytes += seen.end - seen.start - lengthOf(known(seen, unknown))
  return result.reach < until ? 'paused' : 'more'
}

interface Noted {
  readonly found: Found
  readonly sight: { readonly bytes: Buffer; readonly start: number; readonly end: number }
  readonly base: number
  readonly entry: EntryRecord
  readonly start: number
  readonly order: SegmentOrder
}

function note(result: SegmentResult, { found, sight, base, entry, start, order }: Noted): void {
  const { at, length, encoding, isCut } = found
  const position = base + at
  const tile = Math.floor(position / tileBytes)
  const last = result.tiles.at(-1)
  if (last?.[0] === tile) last[1]++
  else result.tiles.push([tile, 1])
  result.hitCount++
  result.spill = position + length
  if (result.hits.length >= order.listMax) return
  const preview = previewOf({ ...sight, at, length, encoding })
  result.hits.push({ start: position, length, path: entry.path, offset: position - start, encoding, isCut, ...preview })
}

interface Span {
  readonly start: number
  readonly end: number
}

/** The span without these runs, which ascend by start. */
function known({ start, end }: Span, unknown: readonly Run[]): Span[] {
  const spans: Span[] = []
  let at = start
  for (const run of unknown) {
    if (run.start >= end) break
    if (run.start > at) spans.push({ start: at, end: run.start })
    at = Math.max(at, run.start + run.length)
  }
  if (at < end) spans.push({ start: at, end })
  return spans
}

function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { start, end }) => sum + end - start, 0)
}
