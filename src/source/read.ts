/**
 * Reading the content of one listed file, for the threads that fold it.
 *
 * The rule for exact bytes: open, compare with what was listed, read, `statOpen` again; only when `sameVersion` holds
 * before and after do the bytes belong to one state of the file. Content of pseudo files comes with the listing.
 */

import fs, { constants } from 'node:fs'
import { assert } from '../base/assert.ts'
import type { EntryMeta, Run, Timestamp } from '../base/entry.ts'
import { closeFd, type Opened, openDirectoryAt, openForReadingAt } from '../linux/directory.ts'
import { currentDirectory, pathBytesMax } from '../linux/libc.ts'
import { openBeneath, openWithoutLinks } from '../linux/openat2.ts'
import { type FileStat, statOpen } from '../linux/stat.ts'
import { absolutePath } from './open.ts'

export { statOpen } from '../linux/stat.ts'

export type OpenedContent =
  /** The caller closes `fd`; `stat` is of the open file: the listed version, unless any was accepted. */
  | { readonly kind: 'open'; readonly fd: number; readonly stat: FileStat }
  /** `why` is an errno's name. */
  | { readonly kind: 'unreadable'; readonly why: string }
  /** Gone, replaced or modified since it was listed: list it again. */
  | { readonly kind: 'changed' }

/** What decides whether bytes read twice are of the same state of the same file. */
export interface FileVersion {
  readonly dev: bigint
  readonly ino: bigint
  readonly size: number
  readonly mtime: Timestamp
  readonly ctime: Timestamp
}

export interface ReadResult {
  /** Less than asked only where the file ends. */
  readonly bytesRead: number
  /** Runs of `target` that the disk would not give (EIO), in whole 4 KiB blocks of the file, zeroed; ascending. */
  readonly unreadable: readonly Run[]
}

/**
 * Opens a listed regular file without following any link, without blocking, leaving its atime where allowed. `any`:
 * whatever version is there now.
 */
export function openContent(
  root: Uint8Array,
  meta: FileVersion & Pick<EntryMeta, 'kind' | 'path'>,
  accept: 'same version' | 'any' = 'same version',
): OpenedContent {
  assert(meta.kind === 'file', `${meta.kind} has no content to open`)
  const opened = openQuietly({ root, path: meta.path })
  if (opened.kind === 'failed') {
    return goneErrnos.has(opened.errnoName) ? { kind: 'changed' } : { kind: 'unreadable', why: opened.errnoName }
  }
  const stat = statOpen(opened.fd)
  const isWanted = accept === 'any' || sameVersion(stat, meta)
  if (stat.kind === 'file' && isWanted) return { kind: 'open', fd: opened.fd, stat }
  closeFd(opened.fd)
  return { kind: 'changed' }
}

export function sameVersion(a: FileVersion, b: FileVersion): boolean {
  return (
    a.ino === b.ino && a.dev === b.dev && a.size === b.size && sameTime(a.mtime, b.mtime) && sameTime(a.ctime, b.ctime)
  )
}

/** Fills `target` from `offset`, block by block around what cannot be read. Errors other than EIO are thrown. */
export function readExactly(fd: number, target: Uint8Array, offset: number): ReadResult {
  const unreadable: Run[] = []
  let at = 0
  while (at < target.length) {
    const read = readOnce(fd, target, { at, endAt: target.length, offset })
    if (read === 0) break
    at += read ?? readAroundDamage(fd, target, { at, offset, unreadable })
  }
  return { bytesRead: at, unreadable }
}

/** Unit in which damage is found and reported: what disks and the page cache fail in. */
export const damageBlockBytes = 4096

const goneErrnos: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EISDIR', 'ENXIO'])

interface Piece {
  /** Index in the target. */
  readonly at: number
  readonly endAt: number
  /** File offset of the target's first byte. */
  readonly offset: number
}

/** openat2 where there is one; the comparison with the listing makes the plain way safe too. */
function openQuietly(place: { readonly root: Uint8Array; readonly path: Uint8Array }): Opened {
  const absolute = absolutePath(place)
  if (absolute.length >= pathBytesMax) return openDeep(place)
  const opened = openEitherAtime((flags) => openWithoutLinks(absolute, flags))
  return isForbidden(opened) ? openForReadingAt(currentDirectory, absolute) : opened
}

/** A path that is too long for one call together with its root. */
function openDeep(place: { readonly root: Uint8Array; readonly path: Uint8Array }): Opened {
  if (place.path.length >= pathBytesMax) return { kind: 'failed', errnoName: 'ENAMETOOLONG' }
  const root = openDirectoryAt(currentDirectory, place.root)
  if (root.kind === 'failed') return root
  try {
    return openEitherAtime((flags) => openBeneath(root.fd, place.path, flags))
  } finally {
    closeFd(root.fd)
  }
}

/** O_NOATIME is allowed to the owner and to root only. */
function openEitherAtime(open: (flags: number) => Opened): Opened {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY
  const opened = open(flags | constants.O_NOATIME)
  return opened.kind === 'failed' && opened.errnoName === 'EPERM' ? open(flags) : opened
}

function isForbidden(opened: Opened): boolean {
  return opened.kind === 'failed' && (opened.errnoName === 'ENOSYS' || opened.errnoName === 'EPERM')
}

/** Bytes read, 0 at the end of the file, undefined at damage. */
function readOnce(fd: number, target: Uint8Array, piece: Piece): number | undefined {
  try {
    return fs.readSync(fd, target, piece.at, piece.endAt - piece.at, piece.offset + piece.at)
  } catch (failed) {
    if ((failed as NodeJS.ErrnoException).code === 'EIO') return undefined
    throw failed
  }
}

/** One block of the file: read alone, or zeroed and noted. Gives the bytes it covers, 0 at the end of the file. */
function readAroundDamage(
  fd: number,
  target: Uint8Array,
  damage: { readonly at: number; readonly offset: number; readonly unreadable: Run[] },
): number {
  const { at, offset, unreadable } = damage
  const blockEnd = at + damageBlockBytes - ((offset + at) % damageBlockBytes)
  const endAt = Math.min(blockEnd, target.length)
  const read = readOnce(fd, target, { at, endAt, offset })
  if (read !== undefined) return read
  target.fill(0, at, endAt)
  const last = unreadable.at(-1)
  if (last !== undefined && last.start + last.length === at) {
    unreadable[unreadable.length - 1] = { start: last.start, length: endAt - last.start }
  } else unreadable.push({ start: at, length: endAt - at })
  return endAt - at
}

function sameTime(a: Timestamp, b: Timestamp): boolean {
  return a.seconds === b.seconds && a.nanoseconds === b.nanoseconds
}
