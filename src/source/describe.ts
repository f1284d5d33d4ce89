/**
 * One entry of a tree as a record: everything that lstat, readlink and the attribute calls tell, the data runs of a
 * sparse file, and of a file that the kernel makes up while it is read, its content.
 *
 * Works relative to an open directory, one component at a time: no link is followed, whatever is swapped meanwhile.
 * Special files are never opened. Whether an ordinary file can be read is not tested here: the reader finds out.
 */

import type { EntryKind, EntryMeta, Run } from '../base/entry.ts'
import type { Clock } from '../base/ports.ts'
import { closeFd, openForReadingAt, readLinkAt } from '../linux/directory.ts'
import { dataExtents } from '../linux/extents.ts'
import type { ByteText } from '../linux/libc.ts'
import { type FileStat, statAt, statOpen } from '../linux/stat.ts'
import { type Filesystem, filesystemOfFd } from '../linux/statfs.ts'
import { listXattrsAt } from '../linux/xattr.ts'
import type { AccountNames } from './names.ts'
import { type PseudoFile, readPseudoFile } from './pseudo.ts'

export interface Listed {
  readonly meta: EntryMeta
  /** Of a file on a pseudo filesystem, and of a FUSE file that claims no size: what it said. `meta.size` is its length. */
  readonly content?: Uint8Array
  /**
   * Runs of the content, ascending, that may differ from the last look that was settled (artifact.ts); nothing else does.
   * Left out: all of it may, where the metadata says so.
   */
  readonly changed?: readonly Run[]
  /** Bytes that the lister has read already, ascending, inside `changed`: a thread does not read them again. */
  readonly pieces?: readonly ContentPiece[]
  /** So many bytes at the beginning, a multiple of the tile size, are not to be had any more: their hashes are kept. */
  readonly prunedBytes?: number
}

export interface ContentPiece {
  readonly start: number
  readonly bytes: Uint8Array
}

/** What one listing knows beside the entry itself. */
export interface Surroundings {
  readonly names: AccountNames
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** By st_dev; filled while listing. */
  readonly filesystems: Map<bigint, Filesystem>
  /** What pseudo files may still say in this listing. */
  readonly pseudo: { leftBytes: number }
}

export interface Place {
  /** Open parent directory; `.` names the directory itself. */
  readonly directoryFd: number
  readonly name: ByteText
  /** Path from the root of the artifact. */
  readonly path: Uint8Array
}

/** The entry with this metadata; undefined when it vanished meanwhile. `unreadable`: what the caller met already. */
export function describe(place: Place, stat: FileStat, around: Surroundings, unreadable?: string): Listed | undefined {
  const meta = basicMeta(place, stat, around.names)
  if (unreadable !== undefined) meta.unreadable = unreadable
  if (stat.kind === 'symlink') return withTarget(place, meta)
  if (stat.kind !== 'file') return { meta }
  const filesystem = filesystemOf(place, stat, around.filesystems)
  if (filesystem?.kind === 'pseudo' || (filesystem?.kind === 'fuse' && stat.size === 0)) {
    return withContent(place, meta, {
      mode: stat.mode,
      filesystem: filesystem.name,
      clock: around.clock,
      around,
    })
  }
  if (stat.allocatedBytes < stat.size) addExtents(place, stat, meta)
  return { meta }
}

/** What can be said about a name whose metadata the kernel refuses (EACCES on a FUSE mount, EIO on a bad inode). */
export function describeUnknown(path: Uint8Array, kind: EntryKind, unreadable: string): Listed {
  const none = { seconds: 0, nanoseconds: 0 }
  const ids = { uid: 0, gid: 0, userName: '', groupName: '', ino: 0n, dev: 0n, rdev: 0n, nlink: 1 }
  return { meta: { path, kind, mode: 0, ...ids, size: 0, mtime: none, ctime: none, xattrs: [], unreadable } }
}

type Draft = { -readonly [K in keyof EntryMeta]: EntryMeta[K] }

function basicMeta(place: Place, stat: FileStat, names: AccountNames): Draft {
  const { xattrs, truncated, failed } = listXattrsAt(place.directoryFd, place.name)
  const draft: Draft = {
    path: place.path,
    kind: stat.kind,
    mode: stat.mode,
    uid: stat.uid,
    gid: stat.gid,
    userName: names.userName(stat.uid),
    groupName: names.groupName(stat.gid),
    size: stat.kind === 'file' ? stat.size : 0,
    mtime: stat.mtime,
    ctime: stat.ctime,
    ino: stat.ino,
    dev: stat.dev,
    rdev: stat.kind === 'char' || stat.kind === 'block' ? stat.rdev : 0n,
    nlink: stat.nlink,
    xattrs,
  }
  if (truncated) draft.xattrsTruncated = true
  if (failed !== undefined && failed !== 'ENOENT') draft.unreadable = failed
  return draft
}

/** A link that is there but has no target to tell (/proc/2/exe of a kernel thread) is unreadable. */
function withTarget(place: Place, meta: Draft): Listed | undefined {
  const target = readLinkAt(place.directoryFd, place.name)
  if (typeof target !== 'string') meta.target = target
  else if (statAt(place.directoryFd, place.name)?.kind !== 'symlink') return undefined
  else meta.unreadable = target
  return { meta }
}

/** A process that ends takes its files along: ENOENT or ESRCH while they are read. */
function withContent(
  place: Place,
  meta: Draft,
  { around, ...file }: Pick<PseudoFile, 'mode' | 'filesystem' | 'clock'> & { around: Surroundings },
): Listed | undefined {
  const { directoryFd, name } = place
  const { content, unreadable } = readPseudoFile({ ...file, directoryFd, name, bytesMax: around.pseudo.leftBytes })
  around.pseudo.leftBytes -= content.length
  meta.size = content.length
  if (unreadable === undefined) return { meta, content }
  const mayBeGone = unreadable === 'ENOENT' || unreadable === 'ESRCH'
  if (mayBeGone && statAt(place.directoryFd, place.name) === undefined) return undefined
  meta.unreadable = unreadable
  return { meta, content }
}

/** Only where it is still the same file; otherwise the reader will find it changed. */
function addExtents(place: Place, stat: FileStat, meta: Draft): void {
  const opened = openForReadingAt(place.directoryFd, place.name)
  if (opened.kind === 'failed') return
  try {
    const now = statOpen(opened.fd)
    if (now.dev !== stat.dev || now.ino !== stat.ino || now.size !== stat.size) return
    const extents = dataExtents(opened.fd, stat.size)
    const first = extents?.[0]
    const isAllData = first !== undefined && first.start === 0 && first.length === stat.size
    if (extents !== undefined && !isAllData) meta.extents = extents
  } finally {
    closeFd(opened.fd)
  }
}

/** A file mounted on its own, or one of an overlay, has another st_dev than its directory and is asked itself. */
function filesystemOf(place: Place, stat: FileStat, known: Map<bigint, Filesystem>): Filesystem | undefined {
  const cached = known.get(stat.dev)
  if (cached !== undefined) return cached
  let filesystem: Filesystem
  if (statOpen(place.directoryFd).dev === stat.dev) filesystem = filesystemOfFd(place.directoryFd)
  else {
    const opened = openForReadingAt(place.directoryFd, place.name)
    if (opened.kind === 'failed') return undefined
    filesystem = filesystemOfFd(opened.fd)
    closeFd(opened.fd)
  }
  known.set(stat.dev, filesystem)
  return filesystem
}
