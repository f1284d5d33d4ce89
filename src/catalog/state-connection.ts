/**
 * The connection to the state database and what has to be made good before it is written to again.
 *
 * After a failed flush the content is written to a new file; a damaged file, or one that is not ours any more, is moved
 * aside and an empty one made; what could not be opened is opened. Never writes into a folder that is not the one it
 * was opened in. Errors are thrown as they come; `failed` is told which of them happened.
 */
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { assert } from '../base/assert.ts'
import { identityOf } from './state-file.ts'
import {
  commitsIn,
  connect,
  openChecked,
  type Recalled,
  recall,
  type Say,
  setAside,
  writeAnew,
} from './state-opening.ts'
import type { Verdict } from './state-trouble.ts'
import type { Witness } from './witness.ts'

/**
 * `first`: nothing has been opened yet. `reopen`: the handle is of no use for writing. `rescue`: what was written last is
 * not believed. `replace`: the file is not believed. `fill`: it is empty, and memory has to be written to it.
 */
type Repair = 'none' | 'first' | 'reopen' | 'rescue' | 'replace' | 'fill'

/** What the tables have to write: what changed, or everything; `late`: they load before. */
export type Filling = 'changes' | 'all' | 'late'

export interface Opened {
  readonly found: 'new' | 'kept' | 'replaced' | 'rolled-back'
  readonly recalled: Recalled | undefined
}

export class StateConnection {
  readonly #path: string
  readonly #witness: Witness
  readonly #say: Say
  #sql: DatabaseSync | undefined
  #repair: Repair = 'first'
  #folder: string | undefined
  #file: string | undefined
  /** Transactions of the file, as far as we know them. */
  #commits = 0
  /** It could not be opened at the start; the tables have not seen what it holds. */
  #isLate = false

  constructor(path: string, { witness, say }: { readonly witness: Witness; readonly say: Say }) {
    this.#path = path
    this.#witness = witness
    this.#say = say
    this.#folder = identityOf(dirname(path))
  }

  /** For reading; undefined where that is not possible for now. */
  get sql(): DatabaseSync | undefined {
    return this.#sql
  }

  /** Changes when the file is a copy. */
  get inode(): string {
    return this.#file?.split(':')[1] ?? ''
  }

  /** Takes what lies there, or makes it. */
  open(): Opened {
    const { sql, found, access } = openChecked(this.#path, this.#say)
    this.#use(sql)
    this.#repair = access === 'write' ? 'none' : 'reopen'
    const recalled = found === 'kept' ? recall(sql, { witness: this.#witness, inode: this.inode }) : undefined
    this.#commits = recalled?.commits ?? 0
    return { found: found === 'replaced' ? found : (recalled?.kind ?? 'new'), recalled }
  }

  /** A connection that may be written to, the file made good before. */
  ready(): { readonly sql: DatabaseSync; readonly filling: Filling } {
    this.#folder ??= identityOf(dirname(this.#path))
    if (this.#folder === undefined || identityOf(dirname(this.#path)) !== this.#folder) {
      throw Object.assign(new Error('the state folder is not the one that was opened'), { code: 'ENOENT' })
    }
    if (this.#repair === 'none' && identityOf(this.#path) !== this.#file) {
      this.#say(`${this.#path} was removed or replaced; it is written anew.`)
      this.#repair = 'rescue'
    }
    if (this.#repair === 'first') {
      this.#isLate = true
      this.open()
    }
    if (this.#repair === 'reopen') this.#reopen()
    if (this.#repair === 'rescue') this.#rescue()
    if (this.#repair === 'replace') this.#replace()
    assert(this.#sql !== undefined, 'the state database is not open')
    if (this.#isLate) return { sql: this.#sql, filling: 'late' }
    return { sql: this.#sql, filling: this.#repair === 'fill' ? 'all' : 'changes' }
  }

  /** The number of the transaction that comes next. */
  get nextCommit(): number {
    return this.#commits + 1
  }

  /** The transaction is durable. */
  wrote(): void {
    this.#commits++
    this.#repair = 'none'
    this.#isLate = false
  }

  /** Decides what has to be made good. */
  failed(verdict: Verdict): void {
    if (verdict.kind === 'damage') this.#repair = 'replace'
    else if (this.#repair === 'none' && verdict.code === 'DISK_FAILED') this.#repair = 'rescue'
    else if (this.#repair === 'none' && verdict.code === 'READ_ONLY') this.#repair = 'reopen'
  }

  close(): void {
    try {
      this.#sql?.close()
    } catch {
      // It is left to the next opening, which recovers it.
    }
    this.#sql = undefined
  }

  /** The file may be writable again, or be another mount's; it has to be where we left it. */
  #reopen(): void {
    this.close()
    const { sql, access } = connect(this.#path)
    this.#sql = sql
    if (access === 'read') throw Object.assign(new Error('it can be read only'), { code: 'EROFS' })
    this.#use(sql)
    this.#repair = commitsIn(sql) === this.#commits ? 'none' : 'replace'
  }

  #rescue(): void {
    if (this.#sql === undefined && identityOf(this.#path) !== this.#file) {
      this.#repair = 'replace'
      return
    }
    const sql = this.#sql ?? connect(this.#path).sql
    this.#sql = sql
    try {
      this.#use(writeAnew(this.#path, { sql, was: this.#file, say: this.#say }))
      this.#repair = 'none'
    } finally {
      if (!this.#sql.isOpen) this.#sql = undefined
    }
  }

  #replace(): void {
    this.close()
    if (identityOf(this.#path) !== undefined) {
      setAside(this.#path, { why: 'it is damaged, or not as it was left', say: this.#say })
    }
    this.#use(connect(this.#path).sql)
    this.#repair = 'fill'
  }

  #use(sql: DatabaseSync): void {
    this.#sql = sql
    this.#file = identityOf(this.#path)
  }
}
