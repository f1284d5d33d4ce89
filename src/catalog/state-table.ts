/**
 * What keeps its truth in memory and has it written into the state database: loaded once, saved in the database's own
 * transactions. Small JSON records are `Records`; the feed is its own.
 */
import type { DatabaseSync } from 'node:sqlite'
import { sumOf } from './state-schema.ts'

export interface StateTable {
  /** Takes over what the file holds, beside what is known already. */
  load(sql: DatabaseSync): void
  /** Writes what is not durable yet; `all`: everything, for the tables are empty. May be called again after a failure. */
  save(sql: DatabaseSync, what: 'changes' | 'all'): void
  /** All that was saved is durable. */
  saved(): void
  /** The file had lost what was promised to be in it. */
  rolledBack?(): void
}

/** Calls back when what changed is durable, or `pending`: kept in memory until the disk takes it. */
export type Outcome = 'durable' | 'pending'

/** Map of JSON values by text keys, one kind of record. `changed` of the database has to be called after changes. */
export class Records<Value> implements StateTable {
  readonly #kind: string
  readonly #values = new Map<string, Value>()
  readonly #dirty = new Set<string>()

  constructor(kind: string) {
    this.#kind = kind
  }

  get(key: string): Value | undefined {
    return this.#values.get(key)
  }

  entries(): IterableIterator<[string, Value]> {
    return this.#values.entries()
  }

  set(key: string, value: Value): void {
    this.#values.set(key, value)
    this.#dirty.add(key)
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.#dirty.add(key)
  }

  clear(): void {
    for (const key of [...this.#values.keys()]) this.delete(key)
  }

  load(sql: DatabaseSync): void {
    for (const { key, value } of sql.prepare('select key, value from record where kind = ?').all(this.#kind)) {
      if (!this.#values.has(String(key))) this.#values.set(String(key), JSON.parse(String(value)) as Value)
    }
  }

  save(sql: DatabaseSync, what: 'changes' | 'all'): void {
    const keys = what === 'all' ? this.#values.keys() : this.#dirty
    for (const key of keys) {
      const value = this.#values.get(key)
      if (value === undefined) deleteRecord(sql, { kind: this.#kind, key })
      else putRecord(sql, { kind: this.#kind, key, value: JSON.stringify(value) })
    }
  }

  saved(): void {
    this.#dirty.clear()
  }
}

export interface RecordKey {
  readonly kind: string
  readonly key: string
}

export function putRecord(sql: DatabaseSync, { kind, key, value }: RecordKey & { readonly value: string }): void {
  sql
    .prepare('insert or replace into record(kind, key, value, sum) values(?, ?, ?, ?)')
    .run(kind, key, value, sumOf(kind, key, value))
}

export function getRecord(sql: DatabaseSync, { kind, key }: RecordKey): string | undefined {
  const row = sql.prepare('select value from record where kind = ? and key = ?').get(kind, key)
  return row === undefined ? undefined : String(row['value'])
}

function deleteRecord(sql: DatabaseSync, { kind, key }: RecordKey): void {
  sql.prepare('delete from record where kind = ? and key = ?').run(kind, key)
}
