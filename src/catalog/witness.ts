/**
 * How far the state database had come, written beside it after each of its commits.
 *
 * SQLite drops everything after a damaged frame of its log without a word, and a backup put back in place looks like
 * any other database. A witness that knows more than the database tells both. It is not flushed to the disk each time:
 * after a power cut it may know less, never more, than a database that kept its promise.
 */
import { closeSync, constants, fchmodSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'

export interface Testimony {
  readonly epoch: string
  /** Number of the newest feed message. */
  readonly sequence: number
  /** Of transactions, ever. */
  readonly commits: number
}

/** One write of this size is seen whole or not at all by whoever reads after a kill. */
const lengthBytes = 128

export class Witness {
  readonly #path: string
  #fd: number | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** Undefined where there is none that can be read. */
  read(): Testimony | undefined {
    try {
      const value = JSON.parse(firstText(this.#path)) as Testimony
      const isSound =
        typeof value.epoch === 'string' && Number.isInteger(value.sequence) && Number.isInteger(value.commits)
      return isSound ? value : undefined
    } catch {
      return undefined
    }
  }

  /** False where it could not be written: what it says is old then, which is no lie. */
  write(testimony: Testimony): boolean {
    try {
      writeSync(this.#open(), `${JSON.stringify(testimony)}\n`.padEnd(lengthBytes), 0, 'utf8')
      return true
    } catch {
      this.#forget()
      return false
    }
  }

  /** To the disk. */
  close(): void {
    try {
      if (this.#fd !== undefined) fsyncSync(this.#fd)
    } catch {
      // It lags behind the database then, as after a power cut.
    }
    this.#forget()
  }

  #open(): number {
    if (this.#fd === undefined) {
      this.#fd = openSync(this.#path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
      fchmodSync(this.#fd, 0o600)
    }
    return this.#fd
  }

  #forget(): void {
    if (this.#fd === undefined) return
    closeSync(this.#fd)
    this.#fd = undefined
  }
}

function firstText(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const bytes = Buffer.alloc(lengthBytes)
    return bytes.toString('utf8', 0, readSync(fd, bytes, 0, lengthBytes, 0))
  } finally {
    closeSync(fd)
  }
}
