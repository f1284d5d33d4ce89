/**
 * The folder in which a portable set is made: one maker at a time, and a journal of what is done, so that a run that was
 * interrupted goes on where it stopped.
 */
import { closeSync, constants, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { displayPath, toHex, utf8, utf8Text } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { tryLockExclusive } from '../linux/flock.ts'
import { BrickFile } from './brick-file.ts'
import { guard } from './disk-error.ts'
import {
  byFile,
  hasManifest,
  journalName,
  manifestName,
  removeManifest,
  type SetBrick,
  type SetManifest,
  writeDurably,
  writeManifest,
} from './set-manifest.ts'

interface Journal {
  readonly version: 1
  readonly startedAt: string
  /** What was asked for; another question begins anew. */
  readonly asked: string
  readonly done: readonly SetBrick[]
}

export class SetFolder {
  readonly path: string
  readonly #fd: number
  #journal: Journal
  /** Bricks that an interrupted run had finished. */
  readonly resumed: readonly SetBrick[]

  private constructor(path: string, fd: number, journal: Journal) {
    this.path = path
    this.#fd = fd
    this.#journal = journal
    this.resumed = journal.done
  }

  /**
   * Made where missing. A set that is complete is begun anew: each of its bricks gets one more commit. Errors:
   * DEST_NOT_EMPTY where something else is in it, DEST_UNSAFE, BRICK_BUSY, DISK_*.
   */
  static open(path: string, begin: { readonly nowText: string; readonly asked: string }): SetFolder {
    const fd = openFolder(path)
    try {
      if (!tryLockExclusive(fd)) {
        throw new FoundryError('BRICK_BUSY', `${shown(path)} is being written by another process; stop it or wait.`)
      }
      refuseOthers(path)
      const before = hasManifest(path) ? undefined : readJournal(path)
      const isSame = before !== undefined && before.asked === begin.asked
      const done = isSame ? before.done.filter((brick) => isThere(path, brick)) : []
      const startedAt = isSame ? before.startedAt : begin.nowText
      const folder = new SetFolder(path, fd, { version: 1, startedAt, asked: begin.asked, done })
      folder.#write()
      removeManifest(path)
      return folder
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  get startedAt(): string {
    return this.#journal.startedAt
  }

  get done(): readonly SetBrick[] {
    return this.#journal.done
  }

  pathOf(file: string): Uint8Array {
    return utf8(join(this.path, file))
  }

  /** Bytes of all bricks in it, those of an earlier set included. */
  get brickBytes(): number {
    const files = readdirSync(this.path).filter((name) => name.endsWith('.brick'))
    return files.reduce((sum, name) => sum + (statSync(join(this.path, name), { throwIfNoEntry: false })?.size ?? 0), 0)
  }

  /** A brick that turned out too large. Errors: DISK_*. */
  drop(file: string): void {
    guard(utf8(this.path), () => rmSync(join(this.path, file), { force: true }))
  }

  /** Durable when it returns. Errors: DISK_*. */
  add(brick: SetBrick): void {
    this.#journal = { ...this.#journal, done: [...this.#journal.done, brick] }
    this.#write()
  }

  /** The set is complete. Errors: DISK_*. */
  finish(rest: Omit<SetManifest, 'bricks' | 'startedAt'>): SetManifest {
    const manifest = { ...rest, startedAt: this.startedAt, bricks: byFile(this.done) }
    writeManifest(this.path, manifest)
    rmSync(join(this.path, journalName), { force: true })
    return manifest
  }

  close(): void {
    closeSync(this.#fd)
  }

  #write(): void {
    writeDurably(join(this.path, journalName), utf8(`${JSON.stringify(this.#journal)}\n`))
  }
}

const shown = (path: string): string => displayPath(utf8(path))

function openFolder(path: string): number {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const what = `${shown(path)} cannot be made or listed as a folder (${code}). Name another.`
    throw new FoundryError('DEST_UNSAFE', what, error)
  }
}

/** Only what an earlier run left may be there. */
function refuseOthers(path: string): void {
  const names = guard(utf8(path), () => readdirSync(path))
  if (names.length === 0 || names.includes(manifestName) || names.includes(journalName)) return
  throw new FoundryError('DEST_NOT_EMPTY', `${shown(path)} is not empty and holds no set. Name an empty folder.`)
}

/** A journal that cannot be read is worth as much as none: the run begins anew. */
function readJournal(path: string): Journal | undefined {
  try {
    const journal = JSON.parse(utf8Text(readFileSync(join(path, journalName))) ?? '')
    const isOne = journal?.version === 1 && Array.isArray(journal.done)
    return isOne && typeof journal.startedAt === 'string' && typeof journal.asked === 'string' ? journal : undefined
  } catch {
    return undefined
  }
}

/** The brick is at the commit that the journal names. */
function isThere(folder: string, { file, commit }: SetBrick): boolean {
  let brick: BrickFile | undefined
  try {
    brick = BrickFile.open(utf8(join(folder, file)))
    return toHex(brick.readHeadOnce().record.id) === commit
  } catch {
    return false
  } finally {
    brick?.close()
  }
}
