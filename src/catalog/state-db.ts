/**
 * The state database: what bricks cannot give back (feed, hook queue, task generations), in one SQLite file.
 *
 * Invariants. What `changed` reports as durable survives a crash and a power cut. The truth is in memory, in the tables
 * attached; a disk that refuses (full, read-only, failing, gone) makes changes `pending`, never an error for callers,
 * and they are written when it takes them again. Whenever numbers that were given may not be kept, the epoch changes.
 * A damaged file is moved aside, never repaired in place and never believed; after a failed flush the file is written
 * anew under another name. Never writes into a folder that is not the one it was opened in.
 */
import type { DatabaseSync } from 'node:sqlite'
import { toHex } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock, Random } from '../base/ports.ts'
import { StateConnection } from './state-connection.ts'
import { undo } from './state-opening.ts'
import { clearTables } from './state-schema.ts'
import { type Outcome, putRecord, type StateTable } from './state-table.ts'
import { judgeError, type StateTrouble } from './state-trouble.ts'
import { Witness } from './witness.ts'

export interface StateParts {
  readonly random: Random
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** What a person should know: a file that was moved aside, a disk that refuses, and that it takes writes again. */
  readonly report?: (message: string) => void
}

/** Error: STATE_NEWER. All other trouble is in the value: `found`, `trouble`. */
export function openStateDb(path: string, parts: StateParts): StateDb {
  return new StateDb(path, parts)
}

/** `replaced`: there was one that could not be believed. `rolled-back`: it had lost what it once held. */
export type StateFound = 'new' | 'kept' | 'replaced' | 'rolled-back' | 'unreadable'

const retryMsFirst = 1_000
const retryMsMax = 60_000
const epochBytes = 8

export class StateDb {
  readonly path: string
  readonly #parts: StateParts
  readonly #witness: Witness
  readonly #connection: StateConnection
  readonly #tables: StateTable[] = []
  #found: StateFound = 'unreadable'
  #epoch: string
  #trouble: StateTrouble | undefined
  #failures = 0
  #retryAtMs = Number.NEGATIVE_INFINITY
  #depth = 0
  #isDirty = false
  #isClosed = false
  #waiting: ((outcome: Outcome) => void)[] = []

  constructor(path: string, parts: StateParts) {
    this.path = path
    this.#parts = parts
    this.#witness = new Witness(`${path}.witness`)
    this.#connection = new StateConnection(path, { witness: this.#witness, say: this.#say })
    this.#epoch = this.#freshEpoch()
    try {
      this.#open()
    } catch (error) {
      this.#note(error)
    }
  }

  /** What lay there when it was opened. */
  get found(): StateFound {
    return this.#found
  }

  /** Numbers of different epochs cannot be compared. May change with every change that is reported `pending`. */
  get epoch(): string {
    return this.#epoch
  }

  /** Why nothing can be written for now. */
  get trouble(): StateTrouble | undefined {
    return this.#trouble
  }

  /** Loads the table, and keeps it saved from now on. */
  attach(table: StateTable): void {
    this.#tables.push(table)
    this.read((sql) => table.load(sql))
    if (this.#found === 'rolled-back') table.rolledBack?.()
  }

  /** A table has changed; it is saved now, or with the others at the end of `together`. */
  changed(then: (outcome: Outcome) => void = () => undefined): void {
    this.#isDirty = true
    this.#waiting.push(then)
    if (this.#depth === 0) this.#settle()
  }

  /** All that changes within `work` is saved in one transaction. */
  together<T>(work: () => T): T {
    this.#depth++
    try {
      return work()
    } finally {
      this.#depth--
      if (this.#depth === 0 && this.#isDirty) this.#settle()
    }
  }

  /** Tries to write what is pending, where it is time to. */
  retry(): void {
    if (this.#trouble !== undefined && this.#depth === 0) this.#flush()
  }

  /** When `retry` has a chance; monotonic milliseconds. */
  get retryAtMs(): number {
    return this.#retryAtMs
  }

  /** Undefined where the file cannot be read for now. */
  read<T>(look: (sql: DatabaseSync) => T): T | undefined {
    const { sql } = this.#connection
    if (sql === undefined) return undefined
    try {
      return look(sql)
    } catch (error) {
      this.#note(error)
      return undefined
    }
  }

  /** Writes what it can. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#retryAtMs = Number.NEGATIVE_INFINITY
    if (this.#isDirty || this.#trouble !== undefined) this.#flush()
    this.#witness.close()
    this.#connection.close()
  }

  #settle(): void {
    const outcome = this.#flush()
    for (const then of this.#waiting.splice(0)) then(outcome)
  }

  #flush(): Outcome {
    if (this.#trouble !== undefined && this.#parts.clock.monotonicMs() < this.#retryAtMs) return 'pending'
    try {
      this.#write()
    } catch (error) {
      this.#note(error)
      return 'pending'
    }
    for (const table of this.#tables) table.saved()
    this.#isDirty = false
    if (this.#trouble !== undefined) this.#say(`${this.path} is written again.`)
    this.#trouble = undefined
    this.#failures = 0
    return 'durable'
  }

  #open(): void {
    const { found, recalled } = this.#connection.open()
    this.#found = found
    if (found === 'kept' && recalled !== undefined) this.#epoch = recalled.epoch
    if (found !== 'rolled-back') return
    this.#isDirty = true
    this.#say(`${this.path} is not as it was left: a backup was put back, or something was lost. The feed begins anew.`)
  }

  /** A transaction, and the testimony of it. */
  #write(): void {
    const { sql, filling } = this.#connection.ready()
    if (filling === 'late') for (const table of this.#tables) table.load(sql)
    if (filling !== 'changes') this.#epoch = this.#freshEpoch()
    const commits = this.#connection.nextCommit
    let sequence = 0
    sql.exec('begin immediate')
    try {
      if (filling !== 'changes') clearTables(sql)
      for (const table of this.#tables) table.save(sql, filling === 'changes' ? 'changes' : 'all')
      const state = { epoch: this.#epoch, commits, inode: this.#connection.inode }
      putRecord(sql, { kind: 'state', key: 'state', value: JSON.stringify(state) })
      sequence = Number(sql.prepare('select max(sequence) as newest from feed').get()?.['newest'] ?? 0)
      sql.exec('commit')
    } catch (error) {
      undo(sql)
      throw error
    }
    this.#connection.wrote()
    this.#witness.write({ epoch: this.#epoch, sequence, commits })
  }

  /** Rethrows what is no trouble of the disk or the file. */
  #note(error: unknown): void {
    const verdict = error instanceof FoundryError ? undefined : judgeError(error)
    if (verdict === undefined) throw error
    const { message } = verdict
    const code = verdict.kind === 'trouble' ? verdict.code : 'DISK_FAILED'
    this.#connection.failed(verdict)
    if (this.#trouble === undefined) {
      this.#epoch = this.#freshEpoch()
      this.#say(
        `${this.path} cannot be written (${code}: ${message}). Feed and hook queue go on in memory; until it can be ` +
          'written again, what is new in them would not survive a crash.',
      )
    }
    this.#trouble = { code, message }
    this.#retryAtMs = this.#parts.clock.monotonicMs() + Math.min(retryMsMax, retryMsFirst * 2 ** this.#failures)
    this.#failures++
  }

  #freshEpoch(): string {
    return toHex(this.#parts.random.bytes(epochBytes))
  }

  readonly #say = (message: string): void => this.#parts.report?.(message)
}
