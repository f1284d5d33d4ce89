/**
 * Whether a state database can be believed: its pages, the checksum of every record, the chain of the newest messages.
 * Older messages are checked when they are read: a daemon must not start the slower the more it has to tell.
 */
import { DatabaseSync } from 'node:sqlite'
import { equalBytes } from '../base/bytes.ts'
import { chainOf, chainStart, migrate, sumOf } from './state-schema.ts'

const rowsChecked = 10_000

/** What is wrong with it, or undefined. Errors: those of SQLite. */
export function faultOf(sql: DatabaseSync): string | undefined {
  const [first] = sql.prepare('pragma quick_check(1)').all()
  const said = String(Object.values(first ?? {})[0])
  if (said !== 'ok') return said
  return faultOfSchema(sql) ?? faultOfRecords(sql) ?? faultOfFeed(sql)
}

/** SQLite takes whatever a damaged page says that the tables are. */
function faultOfSchema(sql: DatabaseSync): string | undefined {
  ourSchema ??= makeOurSchema()
  return schemaOf(sql) === ourSchema ? undefined : 'its tables are not those of this program'
}

let ourSchema: string | undefined

function makeOurSchema(): string {
  const ours = new DatabaseSync(':memory:')
  try {
    migrate(ours)
    return schemaOf(ours)
  } finally {
    ours.close()
  }
}

function schemaOf(sql: DatabaseSync): string {
  return JSON.stringify(sql.prepare('select type, name, tbl_name, sql from sqlite_schema order by name').all())
}

function faultOfRecords(sql: DatabaseSync): string | undefined {
  for (const row of sql.prepare('select kind, key, value, sum from record').iterate()) {
    const { kind, key, value, sum } = row as { kind: string; key: string; value: string; sum: Uint8Array }
    if (typeof value !== 'string' || !(sum instanceof Uint8Array)) return 'a record is of another kind'
    if (!equalBytes(sumOf(kind, key, value), sum)) return `the record ${kind} ${key} does not have its checksum`
  }
  return undefined
}

/** Behind a hole (it has a gap's meaning) and at the beginning there is nothing to follow from. */
function faultOfFeed(sql: DatabaseSync): string | undefined {
  let before: { sequence: number; chain: Uint8Array } | undefined
  const newest = Number(sql.prepare('select max(sequence) as newest from feed').get()?.['newest'] ?? 0)
  const rows = sql.prepare('select sequence, text, chain from feed where sequence > ? order by sequence')
  for (const raw of rows.iterate(newest - rowsChecked)) {
    const row = raw as { sequence: number; text: string; chain: Uint8Array }
    if (typeof row.text !== 'string' || !(row.chain instanceof Uint8Array)) return 'a feed message is of another kind'
    const isNext = row.sequence === (before?.sequence ?? 0) + 1
    if (isNext && !equalBytes(chainOf(before?.chain ?? chainStart, row), row.chain))
      return `feed message ${row.sequence} does not follow from the one before it`
    before = row
  }
  return undefined
}
