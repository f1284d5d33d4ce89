/**
 * The feed as it is kept: numbered texts, the newest `rowsMax` of them, and up to which generation each brick was told.
 *
 * Invariants. A number is given once in an epoch. What is not written yet (the disk refuses) is kept in memory, a
 * bounded part of it; whatever is not kept shows as a gap. Knows nothing of what the messages mean.
 */
import type { DatabaseSync } from 'node:sqlite'
import { type FeedLimit, type FeedPart, feedEdges, feedRows, type StoredRow } from './feed-rows.ts'
import type { StateDb } from './state-db.ts'
import { chainOf, chainStart } from './state-schema.ts'
import { type Outcome, Records, type StateTable } from './state-table.ts'

/** Kept at least; a few more before they are cut. */
export const feedRowsMax = 100_000
/** Of texts: with long messages fewer are kept. */
export const feedBytesMax = 64 * 1024 * 1024

export interface JournalBounds {
  readonly rows: number
  readonly bytes: number
  /** Rows that are cut at once. */
  readonly cut: number
  /** Messages that wait in memory for a disk that refuses. */
  readonly unwritten: number
}

const boundsDefault: JournalBounds = { rows: feedRowsMax, bytes: feedBytesMax, cut: 1_000, unwritten: 10_000 }

/** What of a brick is known to have been told with this message. */
export type Told =
  | { readonly kind: 'generation'; readonly uuid: string; readonly generation: number }
  | { readonly kind: 'removed'; readonly uuid: string }

export class FeedJournal implements StateTable {
  readonly #db: StateDb
  readonly #bounds: JournalBounds
  readonly #told = new Records<number>('told')
  #sequence = 0
  #oldest = 1
  #newestChain: Uint8Array = chainStart
  #rows = 0
  #bytes = 0
  #unwritten: StoredRow[] = []
  /** What will be so once the transaction that is being written is durable. */
  #pending: { rows: number; bytes: number; oldest: number } | undefined

  constructor(db: StateDb, bounds: JournalBounds = boundsDefault) {
    this.#db = db
    this.#bounds = bounds
    db.attach(this.#told)
    db.attach(this)
  }

  get sequence(): number {
    return this.#sequence
  }

  /** Number of the oldest message that is kept. */
  get oldest(): number {
    return this.#oldest
  }

  /** Newest generation of that brick that the feed has told of. */
  lastGeneration(uuid: string): number | undefined {
    return this.#told.get(uuid)
  }

  /** Gives the next number; `then` is called once it is durable, or pending. */
  append(text: (sequence: number) => string, told: Told | undefined, then: (outcome: Outcome) => void): void {
    const sequence = this.#sequence + 1
    const row = { sequence, text: text(sequence) }
    const chain = chainOf(this.#newestChain, row)
    this.#sequence = sequence
    this.#newestChain = chain
    this.#unwritten.push({ ...row, chain })
    if (told?.kind === 'generation') this.#told.set(told.uuid, told.generation)
    if (told?.kind === 'removed') this.#told.delete(told.uuid)
    this.#db.changed(then)
    if (this.#unwritten.length > this.#bounds.unwritten) this.#unwritten.splice(0, this.#bounds.cut)
  }

  /** Kept messages after number `after`; empty: there are none. A gap is named before what follows it. */
  since({ after, limit }: { readonly after: number; readonly limit: FeedLimit }): readonly FeedPart[] {
    const written = this.#db.read((sql) => feedRows(sql, { after, limit })) ?? []
    const last = written.at(-1)
    const reached = last?.kind === 'row' ? last.sequence : after
    const isFull = written.length >= limit.rows || (last !== undefined && reached < this.#newestWritten)
    const parts = isFull ? written : [...written, ...this.#waiting(reached, limit)]
    if (parts.length > 0 || after >= this.#sequence) return parts
    return [{ kind: 'gap', from: after + 1, to: this.#sequence }]
  }

  load(sql: DatabaseSync): void {
    if (this.#sequence > 0) return
    const { newest, oldest } = feedEdges(sql)
    const sums = sql.prepare('select count(*) as rows, total(length(text)) as bytes from feed').get()
    const row = sql.prepare('select chain from feed where sequence = ?').get(newest)
    this.#sequence = newest
    this.#oldest = oldest
    this.#newestChain = (row?.['chain'] as Uint8Array | undefined) ?? chainStart
    this.#rows = Number(sums?.['rows'])
    this.#bytes = Number(sums?.['bytes'])
  }

  save(sql: DatabaseSync, what: 'changes' | 'all'): void {
    let rows = what === 'all' ? 0 : this.#rows
    let bytes = what === 'all' ? 0 : this.#bytes
    const insert = sql.prepare('insert or replace into feed(sequence, text, chain) values(?, ?, ?)')
    for (const { sequence, text, chain } of this.#unwritten) {
      insert.run(sequence, text, chain)
      rows++
      bytes += text.length
    }
    while (rows > this.#bounds.rows + this.#bounds.cut || (bytes > this.#bounds.bytes && rows > 1)) {
      const cut = cutOldest(sql, Math.min(this.#bounds.cut, rows - 1))
      rows -= cut.rows
      bytes -= cut.bytes
    }
    this.#pending = { rows, bytes, oldest: feedEdges(sql).oldest }
  }

  saved(): void {
    if (this.#pending !== undefined) {
      this.#rows = this.#pending.rows
      this.#bytes = this.#pending.bytes
      this.#oldest = Math.min(this.#pending.oldest, this.#sequence + 1)
    }
    this.#pending = undefined
    this.#unwritten = []
  }

  /** The file had lost transactions: what it says was told may have been followed by more. All is told anew. */
  rolledBack(): void {
    this.#told.clear()
  }

  get #newestWritten(): number {
    return (this.#unwritten[0]?.sequence ?? this.#sequence + 1) - 1
  }

  #waiting(after: number, limit: FeedLimit): FeedPart[] {
    const parts: FeedPart[] = []
    let expected = after + 1
    let bytes = 0
    for (const { sequence, text } of this.#unwritten) {
      if (sequence <= after) continue
      if (sequence > expected) parts.push({ kind: 'gap', from: expected, to: sequence - 1 })
      parts.push({ kind: 'row', sequence, text })
      expected = sequence + 1
      bytes += text.length
      if (parts.length >= limit.rows || bytes >= limit.bytes) break
    }
    return parts
  }
}

function cutOldest(sql: DatabaseSync, count: number): { rows: number; bytes: number } {
  const { oldest } = feedEdges(sql)
  const edge = sql.prepare('select sequence from feed order by sequence limit 1 offset ?').get(count)
  const below = Number(edge?.['sequence'] ?? oldest + count)
  const sums = sql.prepare('select total(length(text)) as bytes from feed where sequence < ?').get(below)
  const { changes } = sql.prepare('delete from feed where sequence < ?').run(below)
  return { rows: Number(changes), bytes: Number(sums?.['bytes']) }
}
