/**
 * Opening the state database: what lies under its name is believed only where all of it checks out, and moved aside
 * where it does not. Every connection that writes is made here, with the same settings.
 */
import { lstatSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { faultOf } from './state-check.ts'
import {
  identityOf,
  inspectFile,
  makePrivate,
  moveAside,
  putInPlace,
  refuseNewer,
  removeDatabase,
} from './state-file.ts'
import { migrate, schemaVersion, userVersion } from './state-schema.ts'
import { getRecord } from './state-table.ts'
import { judgeError } from './state-trouble.ts'
import type { Witness } from './witness.ts'

/** For a person. */
export type Say = (message: string) => void

const settings = { timeout: 1_000, defensive: true } as const
const walBytesMax = 4 * 1024 * 1024

/** `read`: it cannot be written for now. */
export interface Connected {
  readonly sql: DatabaseSync
  readonly access: 'write' | 'read'
}

/**
 * Makes the file where there is none. On a full disk there may be no room for the file that connections share: then the
 * connection is the only one. On one that is read-only a file that was closed in order can be read.
 * Errors: STATE_NEWER; those of SQLite and the system.
 */
export function connect(path: string): Connected {
  try {
    makePrivate(path)
    return { sql: prepared(new DatabaseSync(path, settings), path), access: 'write' }
  } catch (error) {
    if (judgeError(error)?.kind !== 'trouble') throw error
    const other = connectAlone(path) ?? connectForReading(path)
    if (other === undefined) throw error
    return other
  }
}

/** `replaced`: what was there is aside now. Errors: STATE_NEWER with nothing touched; those of the system. */
export function openChecked(path: string, say: Say): Connected & { readonly found: 'new' | 'kept' | 'replaced' } {
  const inspected = inspectFile(path)
  if (inspected.kind === 'absent') return { ...connect(path), found: 'new' }
  if (inspected.kind === 'ours') {
    const checked = connectChecked(path)
    if (typeof checked !== 'string') return { ...checked, found: 'kept' }
    setAside(path, { why: checked, say })
  } else {
    setAside(path, { why: inspected.why, say })
  }
  return { ...connect(path), found: 'replaced' }
}

export function setAside(path: string, { why, say }: { readonly why: string; readonly say: Say }): void {
  const aside = moveAside(path)
  say(`${path} cannot be used: ${why}. It is now ${aside}; a new one is made.`)
}

/**
 * Writes the content to another file and puts that in the place of `was`: what the system says it wrote to that is not
 * believed. Closes `sql`; returns the new connection.
 */
export function writeAnew(
  path: string,
  { sql, was, say }: { readonly sql: DatabaseSync; readonly was: string | undefined; readonly say: Say },
): DatabaseSync {
  const rescue = `${path}.rescue`
  removeDatabase(rescue)
  makePrivate(rescue)
  sql.prepare('vacuum into ?').run(rescue)
  const here = identityOf(path)
  sql.close()
  if (here !== undefined && here !== was) setAside(path, { why: 'it was put there while the daemon ran', say })
  putInPlace({ from: rescue, to: path })
  return connect(path).sql
}

export interface Recalled {
  readonly epoch: string
  readonly commits: number
}

/** What the file says of itself; `rolled-back` where it is not as it was left. Undefined: it has never been written. */
export function recall(
  sql: DatabaseSync,
  { witness, inode }: { readonly witness: Witness; readonly inode: string },
): ({ readonly kind: 'kept' | 'rolled-back' } & Recalled) | undefined {
  const state = stateIn(sql)
  if (state === undefined) return undefined
  const testimony = witness.read()
  const commits = Math.max(state.commits, testimony?.commits ?? 0)
  const isWhole = testimony?.epoch === state.epoch && testimony.commits <= state.commits && state.inode === inode
  return { kind: isWhole ? 'kept' : 'rolled-back', epoch: state.epoch, commits }
}

/** Ends a transaction that failed. */
export function undo(sql: DatabaseSync): void {
  try {
    if (sql.isTransaction) sql.exec('rollback')
  } catch {
    // The connection is given up by whoever sees the first error.
  }
}

/** Transactions that the file holds; 0 where it has never been written. */
export function commitsIn(sql: DatabaseSync): number {
  return stateIn(sql)?.commits ?? 0
}

function stateIn(sql: DatabaseSync): (Recalled & { readonly inode: string }) | undefined {
  const text = getRecord(sql, { kind: 'state', key: 'state' })
  return text === undefined ? undefined : (JSON.parse(text) as Recalled & { readonly inode: string })
}

function connectAlone(path: string): Connected | undefined {
  try {
    const sql = new DatabaseSync(path, settings)
    sql.exec('pragma locking_mode = exclusive')
    return { sql: prepared(sql, path), access: 'write' }
  } catch {
    return undefined
  }
}

function connectForReading(path: string): Connected | undefined {
  if ((lstatSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) return undefined
  try {
    const sql = new DatabaseSync(`${pathToFileURL(path)}?immutable=1`, { ...settings, readOnly: true })
    if (userVersion(sql) === schemaVersion) return { sql, access: 'read' }
    sql.close()
  } catch {
    // The first error says it.
  }
  return undefined
}

function prepared(sql: DatabaseSync, path: string): DatabaseSync {
  try {
    sql.exec(`pragma journal_mode = wal; pragma synchronous = full; pragma journal_size_limit = ${walBytesMax};
      pragma wal_autocheckpoint = 1000; pragma trusted_schema = off; pragma cell_size_check = on`)
    refuseNewer(path, userVersion(sql))
    migrate(sql)
    return sql
  } catch (error) {
    sql.close()
    throw error
  }
}

/** Its fault as text. */
function connectChecked(path: string): Connected | string {
  let connected: Connected | undefined
  try {
    connected = connect(path)
    const fault = faultOf(connected.sql)
    if (fault === undefined) return connected
    connected.sql.close()
    return fault
  } catch (error) {
    connected?.sql.close()
    const verdict = judgeError(error)
    if (verdict?.kind !== 'damage') throw error
    return verdict.message
  }
}
