/**
 * The folder in which a portable set is made: one maker at a time, and a journal of what is done, so that a run that was
 * interrupted goes on where it stopped.
 *
 * A finished set stays what it is until the new manifest takes the place of the old one, in one step: the journal alone
 * says that a run is under way, and the old manifest names commits that each brick still has.
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
  journalName,
  manifestName,
  readManifest,
  removeJournal,
  type SetBrick,
  type SetManifest,
  writeDurably,
  writeManifest,
} from './set-manifest.ts'

interface Journal {
  readonly version: 1
  readonly startedAt: string
  /** Where the system lies. */
  readonly root: string
  /** What was asked for; another question begins anew. */
  readonly asked: string
  readonly done: readonly SetBrick[]
}

interface Begin {
  readonly nowText: string
  readonly root: string
  readonly asked: string
}

interface Begun {
  readonly journal: Journal
  readonly before: SetManifest | undefined
}

interface Kept {
  readonly kept: readonly SetBrick[]
}

export class SetFolder {
  readonly path: string
  readonly #fd: number
  #journal: Journal
  /** Bricks that an interrupted run had finished. */
  readonly resumed: readonly SetBrick[]
  /** The finished set that lies there; it stays until `finish`. */
  readonly before: SetManifest | undefined

  private constructor(path: string, fd: number, { journal, before }: Begun) {
    this.path = path
    this.#fd = fd
    this.#journal = journal
    this.resumed = journal.done
    this.before = before
  }

  /**
   * Made where missing. A set that is complete is begun anew: each of its bricks gets one more commit. Errors:
   * DEST_NOT_EMPTY where something else is in it, BRICK_OTHER_SOURCE where it is a set of another root, BRICK_DAMAGED and
   * BRICK_VERSION_NEWER where its manifest is, DEST_UNSAFE, BRICK_BUSY, DISK_*. Nothing was written then.
   */
  static open(path: string, begin: Begin): SetFolder {
    const fd = openFolder(path)
    try {
      if (!tryLockExclusive(fd)) {
        throw new FoundryError('BRICK_BUSY', `${shown(path)} is being written by another process; stop it or wait.`)
      }
      const before = finishedSet(path)
      const begun = readJournal(path)
      refuseOtherRoot(path, begin, before?.root ?? (begun?.done.length ? begun.root : undefined))
      const isSame = begun !== undefined && begun.asked === begin.asked && begun.root === begin.root
      const done = isSame ? begun.done.filter((brick) => isThere(path, brick)) : []
      const startedAt = isSame ? begun.startedAt : begin.nowText
      const { root, asked } = begin
      const folder = new SetFolder(path, fd, { journal: { version: 1, startedAt, root, asked, done }, before })
      folder.#write()
      return folder
    } catch (error) {
      closeSync(fd)
      throw error
    }
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

  /** The set is complete, with those `kept` bricks of the one before that were not made anew. Errors: DISK_*. */
  finish({ kept, ...rest }: Omit<SetManifest, 'bricks' | 'startedAt' | 'root'> & Kept): SetManifest {
    const { root, startedAt, done } = this.#journal
    const files = new Set(done.map(({ file }) => file))
    const bricks = byFile([...kept.filter(({ file }) => !files.has(file)), ...done])
    const manifest = { ...rest, root, startedAt, bricks }
    writeManifest(this.path, manifest)
    removeJournal(this.path)
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

/** The set that lies there, if one is finished. Only what an earlier run left may be there. */
function finishedSet(path: string): SetManifest | undefined {
  const names = guard(utf8(path), () => readdirSync(path))
  if (names.includes(manifestName)) return wholeManifest(path)
  if (names.length === 0 || names.includes(journalName)) return undefined
  throw new FoundryError('DEST_NOT_EMPTY', `${shown(path)} is not empty and holds no set. Name an empty folder.`)
}

function wholeManifest(path: string): SetManifest {
  try {
    return readManifest(path)
  } catch (error) {
    if (!(error instanceof FoundryError) || error.code === 'BRICK_VERSION_NEWER') throw error
    throw new FoundryError('BRICK_DAMAGED', `${error.message} Nothing was added to it; name another folder.`, error)
  }
}

function refuseOtherRoot(path: string, { root }: Begin, before: string | undefined): void {
  if (before === undefined || before === root) return
  const what = `${shown(path)} is a set of ${shown(before)}, not of ${shown(root)}`
  throw new FoundryError('BRICK_OTHER_SOURCE', `${what}. Name another folder, or the same --root.`)
}

/** A journal that cannot be read is worth as much as none: the run begins anew. */
function readJournal(path: string): Journal | undefined {
  try {
    const journal = JSON.parse(utf8Text(readFileSync(join(path, journalName))) ?? '')
    const isOne = journal?.version === 1 && Array.isArray(journal.done)
    const texts = [journal?.startedAt, journal?.root, journal?.asked]
    return isOne && texts.every((text) => typeof text === 'string') ? journal : undefined
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
