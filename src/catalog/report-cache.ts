/**
 * What was said of contents, by key: any plain value, packed. Bounded: what was not asked for the longest goes first.
 *
 * A value that is only part of the answer (an analyzer was ended) is given back only after it came out so twice: once
 * more is tried. Writes are gathered and done together; `flush` and `close` do them at once.
 */
import type { StatementSync } from 'node:sqlite'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { assert } from '../base/assert.ts'
import { bytesKey } from '../base/bytes.ts'
import type { Catalog } from './catalog-db.ts'
import { groupOfKey, keysOfContent } from './content-key.ts'

export interface ReportCache {
  /** Undefined where nothing is kept, or what is kept is only part of the answer and worth another try. */
  get(key: Uint8Array): unknown
  /** `value`: what JSON can hold. `part`: something is missing in it that another try may give. */
  put(key: Uint8Array, value: unknown, completeness?: 'whole' | 'part'): void
  /** All that was said of these contents goes, and what is about no known content; nothing of them is taken again. */
  forget(contents: Iterable<Uint8Array>): void
  /** Writes what is gathered. */
  flush(): void
  /** Does not close the catalog. */
  close(): void
}

export interface ReportCacheOptions {
  /** Of all values as they are packed; bytes. */
  readonly bytesMax?: number
}

export function openReportCache(catalog: Catalog, options: ReportCacheOptions = {}): ReportCache {
  return new CatalogReports(catalog, options)
}

export const reportBytesMaxDefault = 512 * 2 ** 20
/** Packed; a larger one is not kept. */
const valueBytesMax = 16 * 2 ** 20
const unpackedBytesMax = 256 * 2 ** 20
const gatheredMax = 64
const touchedMax = 4_096
const gatheredBytesMax = 4 * 2 ** 20
/** A part is as good as it gets after so many tries. */
const triesMax = 2
/** After an eviction, so that the next value does not need another one. */
const keptShare = 0.9
const evictedAtOnce = 1_000
const vacuumPages = 4_096
const levelFast = 1

interface Statements {
  readonly generation: number
  readonly get: StatementSync
  readonly tries: StatementSync
  readonly put: StatementSync
  readonly use: StatementSync
  readonly total: StatementSync
  readonly oldest: StatementSync
  readonly drop: StatementSync
}

interface Gathered {
  readonly key: Uint8Array
  readonly packed: Uint8Array
  readonly isPart: boolean
}

class CatalogReports implements ReportCache {
  readonly #catalog: Catalog
  readonly #bytesMax: number
  readonly #gathered = new Map<string, Gathered>()
  #gatheredBytes = 0
  /** Keys that were asked for since the last flush. */
  readonly #touched = new Map<string, Uint8Array>()
  /** Groups of keys; an analysis that was under way may still bring a report of them. */
  readonly #forgotten = new Set<string>()
  #statements: Statements | undefined
  /** The age of what is used now: one more than anything had when the cache was opened. */
  #age = 0
  #totalBytes = 0

  constructor(catalog: Catalog, { bytesMax = reportBytesMaxDefault }: ReportCacheOptions) {
    this.#catalog = catalog
    this.#bytesMax = bytesMax
  }

  get(key: Uint8Array): unknown {
    const name = bytesKey(key)
    const waiting = this.#gathered.get(name)
    if (waiting !== undefined) return waiting.isPart ? undefined : unpacked(waiting.packed)
    const row = this.#run(({ get }) => get.get(key))
    if (row === undefined) return undefined
    const { value, tries, used } = row as { value: Uint8Array; tries: number; used: number }
    if (tries > 0 && tries < triesMax) return undefined
    const found = unpacked(value)
    if (found === undefined) this.#run(({ drop }) => drop.run(key))
    else if (used !== this.#age) this.#touch(name, key)
    return found
  }

  put(key: Uint8Array, value: unknown, completeness: 'whole' | 'part' = 'whole'): void {
    assert(key.length === keyBytes, `a key had ${key.length} bytes`)
    if (this.#forgotten.has(groupOfKey(key))) return
    const packed = pack(value)
    if (packed.length > Math.min(valueBytesMax, this.#bytesMax)) return
    this.#gathered.set(bytesKey(key), { key, packed, isPart: completeness === 'part' })
    this.#gatheredBytes += packed.length
    if (this.#gathered.size >= gatheredMax || this.#gatheredBytes >= gatheredBytesMax) this.flush()
  }

  forget(contents: Iterable<Uint8Array>): void {
    const all = [...contents].map(keysOfContent)
    const unknown = keysOfContent(undefined)
    for (const { from } of all) this.#forgotten.add(groupOfKey(from))
    const gone = new Set([...this.#forgotten, groupOfKey(unknown.from)])
    for (const [name, { key, packed }] of this.#gathered) {
      if (!gone.has(groupOfKey(key))) continue
      this.#gathered.delete(name)
      this.#gatheredBytes -= packed.length
    }
    if (this.#prepared() === undefined) return
    this.#catalog.transaction((sql) => {
      const drop = sql.prepare('delete from report where key between ? and ?')
      for (const { from, to } of [...all, unknown]) drop.run(from, to)
    })
    this.#statements = undefined
  }

  flush(): void {
    if (this.#gathered.size === 0 && this.#touched.size === 0) return
    const gathered = [...this.#gathered.values()]
    const touched = [...this.#touched.values()]
    this.#gathered.clear()
    this.#touched.clear()
    this.#gatheredBytes = 0
    if (this.#prepared() === undefined) return
    this.#catalog.transaction((sql) => {
      const statements = this.#prepared()
      if (statements === undefined) return
      for (const key of touched) statements.use.run(this.#age, key)
      for (const { key, packed, isPart } of gathered) {
        const before = statements.tries.get(key) as { tries: number; size: number } | undefined
        const tries = isPart ? (before?.tries ?? 0) + 1 : 0
        statements.put.run(key, this.#age, tries, packed.length, packed)
        this.#totalBytes += packed.length - (before?.size ?? 0)
      }
      if (this.#totalBytes > this.#bytesMax) {
        this.#evict(statements)
        sql.exec(`pragma incremental_vacuum(${vacuumPages})`)
      }
    })
  }

  close(): void {
    this.flush()
    this.#statements = undefined
  }

  #touch(name: string, key: Uint8Array): void {
    this.#touched.set(name, key)
    if (this.#touched.size >= touchedMax) this.flush()
  }

  #evict({ total, oldest, drop }: Statements): void {
    // Others write, too: what is there counts, not what we remember.
    this.#totalBytes = totalOf(total)
    while (this.#totalBytes > this.#bytesMax * keptShare) {
      const rows = oldest.all(evictedAtOnce) as { key: Uint8Array; size: number }[]
      if (rows.length === 0) break
      for (const { key, size } of rows) {
        if (this.#totalBytes <= this.#bytesMax * keptShare) break
        drop.run(key)
        this.#totalBytes -= size
      }
    }
  }

  #run<T>(work: (statements: Statements) => T): T | undefined {
    const statements = this.#prepared()
    return statements === undefined ? undefined : this.#catalog.run(() => work(statements))
  }

  /** Anew where the catalog was. */
  #prepared(): Statements | undefined {
    const { generation } = this.#catalog
    if (this.#statements?.generation === generation) return this.#statements
    this.#statements = this.#catalog.run((sql) => ({
      generation,
      get: sql.prepare('select value, tries, used from report where key = ?'),
      tries: sql.prepare('select tries, size from report where key = ?'),
      put: sql.prepare('insert or replace into report(key, used, tries, size, value) values (?, ?, ?, ?, ?)'),
      use: sql.prepare('update report set used = ? where key = ?'),
      total: sql.prepare('select coalesce(sum(size), 0) as bytes from report'),
      oldest: sql.prepare('select key, size from report order by used limit ?'),
      drop: sql.prepare('delete from report where key = ?'),
    }))
    const statements = this.#statements
    if (statements === undefined) return undefined
    this.#catalog.run((sql) => {
      const { age } = sql.prepare('select coalesce(max(used), 0) as age from report').get() as { age: number }
      this.#age = age + 1
      this.#totalBytes = totalOf(statements.total)
    })
    return this.#statements
  }
}

const keyBytes = 32

function totalOf(statement: StatementSync): number {
  return Number((statement.get() as { bytes: number } | undefined)?.bytes ?? 0)
}

/** With a checksum of its own: pages of the database have none. */
function pack(value: unknown): Uint8Array {
  return zstdCompressSync(Buffer.from(JSON.stringify(value)), {
    params: { [constants.ZSTD_c_compressionLevel]: levelFast, [constants.ZSTD_c_checksumFlag]: 1 },
  })
}

/** Undefined where the bytes are not what was packed. */
function unpacked(packed: Uint8Array): unknown {
  try {
    return JSON.parse(zstdDecompressSync(packed, { maxOutputLength: unpackedBytesMax }).toString())
  } catch {
    return undefined
  }
}
