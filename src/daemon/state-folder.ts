/**
 * The state folder of a daemon: bricks, token, lock, and the note by which the command line finds it (design 7).
 *
 * Everything in it is readable by its owner alone. One daemon at a time holds the lock.
 */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { toHex } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { Random } from '../base/ports.ts'
import { tryLockExclusive } from '../linux/flock.ts'

export interface DaemonNote {
  readonly pid: number
  readonly url: string
  /** RFC 3339 UTC. */
  readonly startedAt: string
  readonly version: string
}

export class StateFolder {
  readonly path: string
  #lockFd: number | undefined

  constructor(path: string) {
    this.path = path
  }

  get bricksPath(): string {
    return join(this.path, 'bricks')
  }

  /** What bricks cannot give back: feed, hook queue, task generations. */
  get databasePath(): string {
    return join(this.path, 'state.db')
  }

  /** Makes the folders, and takes back what others may do in ours. */
  #prepare(): void {
    for (const folder of [this.path, this.bricksPath]) mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const name of ['bricks', 'token', 'id', 'lock', 'daemon.json']) closeToOthers(join(this.path, name))
  }

  /** Makes the folders where there are none. Errors: STATE_BUSY where another daemon has it; those of the operating system. */
  lock(): void {
    this.#prepare()
    const fd = openSync(join(this.path, 'lock'), 'a', 0o600)
    if (!tryLockExclusive(fd)) {
      closeSync(fd)
      const pid = this.readNote()?.pid
      const who = pid === undefined ? 'Another daemon' : `The daemon with pid ${pid}`
      throw new FoundryError('STATE_BUSY', `${who} already keeps ${this.path}. Use \`sfd status\`, or another --state.`)
    }
    this.#lockFd = fd
  }

  /** The secret of this state, made on first use; 32 bytes as base64url. */
  token(random: Random): string {
    return this.#secret('token', () => Buffer.from(random.bytes(32)).toString('base64url'))
  }

  /** A public name of this state; 16 hex digits. */
  id(random: Random): string {
    return this.#secret('id', () => toHex(random.bytes(8)))
  }

  writeNote(note: DaemonNote): void {
    const path = join(this.path, 'daemon.json')
    const temporary = `${path}.${note.pid}`
    writeFileSync(temporary, `${JSON.stringify(note)}\n`, { mode: 0o600 })
    renameSync(temporary, path)
  }

  /** Of the daemon that runs or ran last. */
  readNote(): DaemonNote | undefined {
    try {
      return JSON.parse(readFileSync(join(this.path, 'daemon.json'), 'utf8')) as DaemonNote
    } catch {
      return undefined
    }
  }

  readToken(): string | undefined {
    try {
      return readFileSync(join(this.path, 'token'), 'utf8').trim()
    } catch {
      return undefined
    }
  }

  release(): void {
    if (this.#lockFd === undefined) return
    try {
      if (this.readNote()?.pid === process.pid) unlinkSync(join(this.path, 'daemon.json'))
    } catch {
      // It was never written: the start failed before.
    }
    closeSync(this.#lockFd)
    this.#lockFd = undefined
  }

  #secret(name: string, make: () => string): string {
    const path = join(this.path, name)
    try {
      const known = readFileSync(path, 'utf8').trim()
      if (known.length > 0) return known
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    const made = make()
    const temporary = `${path}.partial`
    const fd = openSync(temporary, 'w', 0o600)
    writeFileSync(fd, `${made}\n`)
    fsyncSync(fd)
    closeSync(fd)
    renameSync(temporary, path)
    return made
  }
}

/** What is not there, or not ours, is left to whoever opens it. */
function closeToOthers(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined || (stat.mode & 0o077) === 0) return
  try {
    chmodSync(path, stat.mode & 0o700)
  } catch (error) {
    if (!['EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
