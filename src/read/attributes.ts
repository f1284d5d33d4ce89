/**
 * Owners, modes, attributes and times of what was written, in the one order that works: owner (takes setuid and
 * capabilities away), attributes, mode, times.
 *
 * setuid and setgid are given only to what ends up with the recorded owner or group. What the user may not do is noted
 * as skipped and changes nothing else.
 */
import { fchmodSync, fchownSync } from 'node:fs'
import { displayPath } from '../base/bytes.ts'
import type { EntryMeta } from '../base/entry.ts'
import type { Beneath } from '../linux/beneath.ts'
import { LibcError } from '../linux/libc.ts'
import { setXattrOfFd } from '../linux/xattr.ts'
import { type ExtractReport, note } from './extract-report.ts'

/** Who writes, and whether recorded owners are given back. */
export interface Ownership {
  readonly owner: 'restore' | 'ignore'
  /** Effective ids of this process. */
  readonly uid: number
  readonly gid: number
}

/** Of a file that was just written, by its fd; times come by path. */
export function setFileAttributes(
  file: { readonly fd: number; readonly dest: Beneath },
  entry: EntryMeta,
  context: { readonly ownership: Ownership; readonly report: ExtractReport },
): void {
  const { ownership, report } = context
  const owned = giveOwner(entry, ownership, report, () => fchownSync(file.fd, entry.uid, entry.gid))
  for (const xattr of entry.xattrs) {
    attempt(entry, report, `attribute ${displayPath(xattr.name)}`, () => setXattrOfFd(file.fd, xattr))
  }
  fchmodSync(file.fd, allowedMode(entry, owned))
  file.dest.setTimes(entry.path, { mtime: entry.mtime })
}

/** Of anything else, by its path. */
export function setAttributes(
  dest: Beneath,
  entry: EntryMeta,
  context: { readonly ownership: Ownership; readonly report: ExtractReport },
): void {
  const { ownership, report } = context
  const { path } = entry
  const owned = giveOwner(entry, ownership, report, () => dest.setOwner(path, { uid: entry.uid, gid: entry.gid }))
  for (const xattr of entry.xattrs) {
    attempt(entry, report, `attribute ${displayPath(xattr.name)}`, () => dest.setXattr(path, xattr))
  }
  if (entry.kind !== 'symlink') dest.setMode(path, allowedMode(entry, owned))
  dest.setTimes(path, { mtime: entry.mtime })
}

/** The errno's name where a call failed for a reason of its own; undefined for any other error. */
export function errnoNameOf(error: unknown): string | undefined {
  if (error instanceof LibcError) return error.errnoName
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined
}

interface Owned {
  readonly user: boolean
  readonly group: boolean
}

function giveOwner(entry: EntryMeta, ownership: Ownership, report: ExtractReport, change: () => void): Owned {
  const kept = { user: entry.uid === ownership.uid, group: entry.gid === ownership.gid }
  if (ownership.owner === 'ignore') return kept
  return attempt(entry, report, `owner ${entry.uid}:${entry.gid}`, change) ? { user: true, group: true } : kept
}

const setuid = 0o4000
const setgid = 0o2000

function allowedMode({ mode }: EntryMeta, owned: Owned): number {
  return mode & ~((owned.user ? 0 : setuid) | (owned.group ? 0 : setgid))
}

/** Errors that mean "not here, not by you". */
const refusals = new Set([
  'EPERM',
  'EACCES',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EINVAL',
  'ENOSYS',
  'E2BIG',
  'ENOSPC',
  'ERANGE',
  'EROFS',
])

function attempt(entry: EntryMeta, report: ExtractReport, what: string, change: () => void): boolean {
  try {
    change()
    return true
  } catch (error) {
    const errnoName = errnoNameOf(error)
    if (errnoName === undefined || !refusals.has(errnoName)) throw error
    note(report.skipped, entry.path, `${what}: ${errnoName}`)
    return false
  }
}
