/**
 * The catalog: what bricks and sources can give back and is only worth keeping because it took time. One SQLite file,
 * `catalog.db`, shared by the daemon, commands and their threads.
 *
 * It may be lost at any time and nobody minds: a damaged file, or one of another schema, is thrown away and made anew; a
 * disk that refuses makes it forget, never fail. Who asks gets `undefined` and does the work again.
 */
import { chmodSync, closeSync, constants, openSync, unlinkSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { displayPath, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { reportTables } from './report-cache-schema.ts'
import { searchTables } from './search-schema.ts'

/** Of all who keep something in it; another text is another schema, and what was kept is gone. */
const schema: readonly string[] = [reportTables, searchTables]

/**
 * Errors: none but defects. Where the file cannot be had, a catalog that keeps nothing; `onTrouble` is told once, and again
 * where it was had in between.
 */
export function openCatalog(path: string, onTrouble: (error: FoundryError) => void = () => undefined): Catalog {
  return new Catalog(path, onTrouble)
}

/** One that is forgotten with the process. */
export function temporaryCatalog(): Catalog {
  return new Catalog(':memory:')
}

export class Catalog {
  readonly #path: string
  #sql: DatabaseSync | undefined
  #generation = 0
  #isClosed = false
  readonly #onTrouble: (error: FoundryError) => void
  #isTroubled = false

  constructor(path: string, onTrouble: (error: FoundryError) => void = () => undefined) {
    this.#path = path
    this.#onTrouble = onTrouble
    this.#open()
  }

  /** Raised when all that was kept is gone: prepared statements of before are of no use. */
  get generation(): number {
    return this.#generation
  }

  /** The connection, for statements that are prepared once; undefined where there is none. */
  get sql(): DatabaseSync | undefined {
    return this.#sql
  }

  /** What `work` gives; undefined where the disk refuses, or what lies there is damaged, which is then gone. */
  run<T>(work: (sql: DatabaseSync) => T): T | undefined {
    if (this.#sql === undefined) return undefined
    try {
      return work(this.#sql)
    } catch (error) {
      const code = (error as { errcode?: unknown }).errcode
      if (typeof code !== 'number') throw error
      this.#recover(code & 0xff)
      if (!damageCodes.has(code & 0xff) && (code & 0xff) !== busyCode) this.#troubled(error)
      return undefined
    }
  }

  /** All of it or nothing. */
  transaction<T>(work: (sql: DatabaseSync) => T): T | undefined {
    return this.run((sql) => {
      if (sql.isTransaction) return work(sql)
      sql.exec('begin immediate')
      try {
        const result = work(sql)
        sql.exec('commit')
        return result
      } catch (error) {
        if (sql.isTransaction) sql.exec('rollback')
        throw error
      }
    })
  }

  /**
   * What was taken out is in none of the files any more: room that is free is given back, the log is emptied. Nothing is
   * left of it in free room, which is always overwritten. False where that cannot be: somebody reads an older state.
   */
  purge(): boolean {
    const rest = this.run((sql) => {
      sql.exec('pragma incremental_vacuum')
      return Number(sql.prepare('pragma wal_checkpoint(truncate)').get()?.['busy'] ?? 1)
    })
    return rest === 0
  }

  close(): void {
    this.#isClosed = true
    this.#drop()
  }

  /** Where it could not be had: perhaps it can by now. */
  retry(): void {
    if (this.#sql === undefined && !this.#isClosed) this.#open()
  }

  #troubled(error: unknown): void {
    if (this.#isTroubled) return
    this.#isTroubled = true
    const why = error instanceof Error ? error.message : String(error)
    const text = `${displayPath(utf8(this.#path))} keeps nothing for now (${why}): what is in it is found out anew each time`
    this.#onTrouble(new FoundryError('DISK_FAILED', `${text}. It may be removed at any time.`, error))
  }

  #open(): void {
    let failure: unknown
    for (const attempt of ['as it is', 'anew'] as const) {
      try {
        if (attempt === 'anew') removeFiles(this.#path)
        this.#sql = connected(this.#path)
        this.#generation++
        this.#isTroubled = false
        return
      } catch (error) {
        failure = error
        if (typeof (error as { errcode?: unknown }).errcode !== 'number' && !isRefusal(error)) throw error
      }
    }
    this.#troubled(failure)
  }

  #recover(primaryCode: number): void {
    if (!damageCodes.has(primaryCode) || this.#isClosed) return
    this.#drop()
    removeFiles(this.#path)
    this.#open()
  }

  #drop(): void {
    try {
      this.#sql?.close()
    } catch {
      // What it kept is not needed.
    }
    this.#sql = undefined
  }
}

/** 'SFDc', so that no other program's database is taken for ours. */
const applicationId = 0x53464463
/** SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_SCHEMA-like surprises of a file that another program wrote: SQLITE_ERROR is none. */
const damageCodes: ReadonlySet<number> = new Set([11, 26])
/** SQLITE_BUSY: another one writes; that passes. */
const busyCode = 5
const busyMs = 5_000
const walBytesMax = 16 * 2 ** 20

/** Of what this build keeps; positive and of 31 bits, as `user_version` is. */
const schemaVersion = (crc32(schema.join('\n')) & 0x7fffffff) | 1

function connected(path: string): DatabaseSync {
  if (path !== ':memory:') makePrivate(path)
  const sql = new DatabaseSync(path, { timeout: busyMs, defensive: true })
  try {
    sql.exec(`pragma auto_vacuum = incremental; pragma journal_mode = wal; pragma synchronous = normal;
      pragma journal_size_limit = ${walBytesMax}; pragma trusted_schema = off; pragma cell_size_check = on;
      pragma secure_delete = on`)
    if (number(sql, 'user_version') !== schemaVersion || number(sql, 'application_id') !== applicationId) refill(sql)
    return sql
  } catch (error) {
    sql.close()
    throw error
  }
}

/** In one transaction, so that two who find an old one do not undo each other's work. */
function refill(sql: DatabaseSync): void {
  sql.exec('begin immediate')
  try {
    if (number(sql, 'user_version') !== schemaVersion) {
      // Virtual ones first: they take the tables that they are made of along.
      const tables = sql
        .prepare(`select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\'
          order by sql like 'create virtual%' desc`)
        .all()
      for (const { name } of tables) sql.exec(`drop table if exists "${String(name).replaceAll('"', '""')}"`)
      for (const part of schema) sql.exec(part)
      sql.exec(`pragma application_id = ${applicationId}; pragma user_version = ${schemaVersion}`)
    }
    sql.exec('commit')
  } catch (error) {
    if (sql.isTransaction) sql.exec('rollback')
    throw error
  }
}

function number(sql: DatabaseSync, pragma: string): number {
  return Number(Object.values(sql.prepare(`pragma ${pragma}`).get() ?? {})[0] ?? 0)
}

function makePrivate(path: string): void {
  closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600))
  chmodSync(path, 0o600)
}

function removeFiles(path: string): void {
  if (path === ':memory:') return
  for (const end of ['', '-wal', '-shm', '-journal']) {
    try {
      unlinkSync(path + end)
    } catch {
      // Not there, or not to be removed: opening says it.
    }
  }
}

/** The system's errors, which have an errno's name. */
function isRefusal(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).code === 'string'
}
