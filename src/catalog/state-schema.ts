/**
 * The schema of the state database and its migrations. `user_version` counts them; a file with more than we know is
 * never touched. Long texts are JSON; each has a checksum, because SQLite's pages have none.
 */
import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'

/** 'SFDs', so that no other program's database is taken for ours. */
export const applicationId = 0x53464473

/** Index = the version that it starts from. Never changed, only added to. */
const migrations: readonly string[] = [
  `create table record(kind text not null, key text not null, value text not null, sum blob not null,
     primary key(kind, key)) strict, without rowid;
   create table feed(sequence integer primary key, text text not null, chain blob not null) strict;`,
]

export const schemaVersion = migrations.length

/** Brings an older file up to date in one transaction, and into the main file: its header tells the version. */
export function migrate(sql: DatabaseSync): void {
  const from = userVersion(sql)
  if (from >= schemaVersion) return
  sql.exec('begin immediate')
  for (const step of migrations.slice(from)) sql.exec(step)
  sql.exec(`pragma application_id = ${applicationId}; pragma user_version = ${schemaVersion}; commit`)
  sql.exec('pragma wal_checkpoint(truncate)')
}

export function userVersion(sql: DatabaseSync): number {
  return Number(Object.values(sql.prepare('pragma user_version').get() ?? {})[0] ?? 0)
}

export function clearTables(sql: DatabaseSync): void {
  sql.exec('delete from record; delete from feed')
}

/** 16 bytes over texts in order; no two lists of texts share the bytes it hashes. */
export function sumOf(...texts: readonly string[]): Uint8Array {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(`${text.length}:`).update(text)
  return hash.digest().subarray(0, sumBytes)
}

/** Of a feed row: over the one before it and its own text, so that no row can be lost or changed unseen. */
export function chainOf(previous: Uint8Array, row: { readonly sequence: number; readonly text: string }): Uint8Array {
  return createHash('sha256')
    .update(previous)
    .update(`${row.sequence}:`)
    .update(row.text)
    .digest()
    .subarray(0, sumBytes)
}

export const chainStart: Uint8Array = new Uint8Array(16)
const sumBytes = 16
