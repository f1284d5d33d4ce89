/** The kept messages of the feed as rows of a state database: reading them in order, with every hole named. */
import type { DatabaseSync } from 'node:sqlite'
import { equalBytes } from '../base/bytes.ts'
import { chainOf, chainStart } from './state-schema.ts'

export interface FeedRow {
  readonly kind: 'row'
  readonly sequence: number
  /** The message as JSON, `sequence` and `time` in it. */
  readonly text: string
}

/** A message, or numbers `from` .. `to` (inclusive) that are not kept. */
export type FeedPart = FeedRow | { readonly kind: 'gap'; readonly from: number; readonly to: number }

export interface FeedEdges {
  /** Newest number in the file; 0: none. */
  readonly newest: number
  /** Oldest that is kept; `newest` + 1: none is. */
  readonly oldest: number
}

/** At most `rows` messages and about `bytes` of text, at least one. */
export interface FeedLimit {
  readonly rows: number
  readonly bytes: number
}

export interface StoredRow {
  readonly sequence: number
  readonly text: string
  readonly chain: Uint8Array
}

export function feedEdges(sql: DatabaseSync): FeedEdges {
  const row = sql
    .prepare('select (select min(sequence) from feed) as oldest, (select max(sequence) from feed) as newest')
    .get()
  const newest = Number(row?.['newest'] ?? 0)
  return { newest, oldest: Number(row?.['oldest'] ?? newest + 1) }
}

/**
 * What is kept after number `after`, ascending. A row that does not follow from the one before it is left out, and so
 * becomes part of a gap. Nothing is said of numbers beyond the newest row.
 */
export function feedRows(sql: DatabaseSync, { after, limit }: { after: number; limit: FeedLimit }): FeedPart[] {
  const parts: FeedPart[] = []
  let bytes = 0
  let before = sql.prepare('select sequence, text, chain from feed where sequence = ?').get(after) as unknown as
    | StoredRow
    | undefined
  let expected = after + 1
  const rows = sql.prepare('select sequence, text, chain from feed where sequence > ? order by sequence limit ?')
  for (const raw of rows.iterate(after, limit.rows)) {
    const row = raw as unknown as StoredRow
    const isSound = follows(before, row)
    before = row
    if (!isSound) continue
    if (row.sequence > expected) parts.push({ kind: 'gap', from: expected, to: row.sequence - 1 })
    parts.push({ kind: 'row', sequence: row.sequence, text: row.text })
    expected = row.sequence + 1
    bytes += row.text.length
    if (bytes >= limit.bytes) break
  }
  return parts
}

/** Where the row before it is not kept, nothing can be said against it. */
function follows(before: StoredRow | undefined, row: StoredRow): boolean {
  const previous = before?.sequence === row.sequence - 1 ? before.chain : row.sequence === 1 ? chainStart : undefined
  return previous === undefined || equalBytes(chainOf(previous, row), row.chain)
}
