/**
 * The entries of a tree, one by one: every directory before its children, children in byte order of their names.
 *
 * The walk holds open directories and goes one component at a time, so it never follows a link and never leaves the
 * root, whatever is renamed or swapped meanwhile. It keeps the names of the directories it is inside of and at most
 * `openDirectoriesMax` fds; depth is not recursion. What vanishes during the walk is left out.
 *
 * A directory is marked `unreadable`: EACCES (may not be listed), EXDEV (another filesystem, also a btrfs subvolume,
 * not descended), ENAMETOOLONG (names in it whose path exceeds 4,096 bytes are left out), SKIPPED (listing it could wait
 * for ever: pseudo-rules.ts). Whether a file can be read is found out by reading it, not here.
 */

import type { Clock } from '../base/ports.ts'
import { closeFd, isDirectoryAt, joinName, openDirectoryAt, readDirectory } from '../linux/directory.ts'
import { type ByteText, byteText, currentDirectory, LibcError } from '../linux/libc.ts'
import { type FileStat, statAt, statOpen } from '../linux/stat.ts'
import { describe, describeUnknown, type Listed, type Surroundings } from './describe.ts'
import { ExcludeMatcher } from './exclude.ts'
import type { FileQuota } from './file-quota.ts'
import type { IncludeMatcher } from './include.ts'
import { AccountNames } from './names.ts'
import { openPath } from './open-path.ts'
import { isSkippedDirectory, pseudoListingBytesMax } from './pseudo.ts'
import { rootFailure, rootReplaced } from './root-failure.ts'

export type { Listed } from './describe.ts'

/** The format's limit of a path. */
export const pathBytesMax = 4096
export const openDirectoriesMax = 64

export interface SourceOptions {
  /** Absolute path of a directory, resolved: the last component is not followed. */
  readonly root: Uint8Array
  /** For the deadline of files that the kernel makes up. */
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly exclude?: ExcludeMatcher
  /** `no` is the default. */
  readonly crossFilesystems?: 'no' | 'yes'
  /** Default: /etc/passwd and /etc/group. One that is given is refreshed by `listTree`; `statEntry` takes it as it is. */
  readonly names?: AccountNames
  /** Of anything but directories, what is listed at all. Default: everything. */
  readonly include?: IncludeMatcher
  /** Lets regular files in, and counts those that are left out. */
  readonly quota?: FileQuota
  /** Device that the root has to lie on; another one is SOURCE_REPLACED: something was mounted or unmounted there. */
  readonly expectedDev?: bigint
}

export interface ListOptions extends SourceOptions {
  /** List only what lies at this relative path and beneath; its parents are not listed. Default: all. */
  readonly subtree?: Uint8Array
  /** Asked before each entry but the first; true ends the listing. */
  readonly cancelled?: () => boolean
}

/**
 * Ends early where `subtree` is missing, excluded or on a filesystem not crossed. A root that is gone or may not be
 * opened is FoundryError SOURCE_MISSING or SOURCE_UNREADABLE: it must not be taken for a tree without entries.
 * Closes its fds when it ends or is returned from (a `for` loop does that); one entry's work happens between yields.
 */
export function* listTree(options: ListOptions): Generator<Listed, void, undefined> {
  options.names?.refresh()
  const walk = openWalk(options)
  const frames: Frame[] = []
  const isComplete = (options.subtree?.length ?? 0) === 0
  try {
    if (isComplete) options.quota?.begin()
    const start = enter(walk, locate(walk, options.subtree ?? new Uint8Array(0)))
    if (start === undefined) return
    yield start.listed
    if (start.frame !== undefined) frames.push(start.frame)
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const name = frame.names[frame.next++]
      if (name === undefined || !reopen(walk, frame)) {
        closeFrame(frames.pop())
        continue
      }
      if (options.cancelled?.() === true) return
      const found = enter(walk, { directoryFd: frame.fd, name, path: joinName(frame.path, name) })
      if (found === undefined) continue
      yield found.listed
      if (found.frame === undefined) continue
      closeFrame(frames.at(-openDirectoriesMax))
      frames.push(found.frame)
    }
    if (isComplete) options.quota?.end()
  } finally {
    for (const frame of frames) closeFrame(frame)
    closeWalk(walk)
  }
}

/** One entry; undefined where it is gone, excluded, or on a filesystem not crossed. Errors as listTree. */
export function statEntry(options: SourceOptions & { readonly path: Uint8Array }): Listed | undefined {
  const walk = openWalk(options)
  try {
    const found = enter(walk, locate(walk, options.path), 'itself')
    closeFrame(found?.frame)
    return found?.listed
  } finally {
    closeWalk(walk)
  }
}

interface Walk extends Surroundings {
  readonly rootFd: number
  readonly rootDev: bigint
  readonly crossFilesystems: boolean
  readonly exclude: ExcludeMatcher
  readonly include: IncludeMatcher | undefined
  readonly quota: FileQuota | undefined
  /** Parents opened to find a subtree. */
  readonly parentFds: number[]
}

/** A directory being walked. */
interface Frame {
  readonly path: Uint8Array
  readonly dev: bigint
  readonly ino: bigint
  /** Sorted. */
  readonly names: readonly ByteText[]
  next: number
  /** -1 while closed. */
  fd: number
}

interface Location {
  readonly directoryFd: number
  readonly name: ByteText
  readonly path: Uint8Array
}

interface Entered {
  readonly listed: Listed
  /** Of a directory to descend into. */
  readonly frame?: Frame
}

/** How often an entry that changes its kind while it is looked at is looked at again. */
const attemptsMax = 3
const slashByte = 0x2f
const nameBytesMax = 255

function openWalk(options: SourceOptions): Walk {
  const opened = openDirectoryAt(currentDirectory, options.root)
  if (opened.kind === 'failed') throw rootFailure(options.root, opened.errnoName)
  const rootDev = statOpen(opened.fd).dev
  if (options.expectedDev !== undefined && options.expectedDev !== rootDev) {
    closeFd(opened.fd)
    throw rootReplaced(options.root)
  }
  return {
    rootFd: opened.fd,
    rootDev,
    crossFilesystems: options.crossFilesystems === 'yes',
    exclude: options.exclude ?? new ExcludeMatcher(),
    include: options.include,
    quota: options.quota,
    parentFds: [],
    names: options.names ?? new AccountNames(),
    clock: options.clock,
    filesystems: new Map(),
    pseudo: { leftBytes: pseudoListingBytesMax },
  }
}

function closeWalk(walk: Walk): void {
  for (const fd of walk.parentFds) closeFd(fd)
  closeFd(walk.rootFd)
}

/** The open parent of a relative path, found component by component; undefined where the way there is barred. */
function locate(walk: Walk, path: Uint8Array): Location | undefined {
  if (path.length === 0) return { directoryFd: walk.rootFd, name: '.' as ByteText, path }
  let directoryFd = walk.rootFd
  let start = 0
  for (let slash = path.indexOf(slashByte); slash >= 0; slash = path.indexOf(slashByte, start)) {
    const parent = path.subarray(0, slash)
    const opened = openDirectoryAt(directoryFd, path.subarray(start, slash))
    if (opened.kind === 'failed') return undefined
    walk.parentFds.push(opened.fd)
    const stat = statOpen(opened.fd)
    if (isForeign(walk, stat) || isExcluded(walk, parent, stat)) return undefined
    directoryFd = opened.fd
    start = slash + 1
  }
  return { directoryFd, name: byteText(path.subarray(start)), path }
}

/** Describes an entry and, of a directory, opens it and (unless only the entry `itself` is asked for) reads its names. */
function enter(walk: Walk, location: Location | undefined, depth: 'itself' | 'all' = 'all'): Entered | undefined {
  if (location === undefined) return undefined
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const stat = statOrErrno(location)
    if (typeof stat === 'string') return { listed: describeUnknown(location.path, unknownKind(location), stat) }
    if (stat === undefined) walk.quota?.gone(location.path)
    if (stat === undefined || isExcluded(walk, location.path, stat)) return undefined
    if (stat.kind !== 'dir')
      return isLeftOut(walk, location.path, stat) ? undefined : listedOnly(describe(location, stat, walk))
    if (isForeign(walk, stat)) return listedOnly(describe(location, stat, walk, 'EXDEV'))
    if (isSkippedDirectory(location)) return listedOnly(describe(location, stat, walk, 'SKIPPED'))
    const opened = openDirectoryAt(location.directoryFd, location.name)
    if (opened.kind === 'open') return enterDirectory(walk, location, opened.fd, depth)
    if (opened.errnoName === 'ENOENT') return undefined
    if (opened.errnoName !== 'ENOTDIR') return listedOnly(describe(location, stat, walk, opened.errnoName))
  }
  return undefined
}

/** The metadata is that of the opened directory, so that both belong to the same inode. */
function enterDirectory(walk: Walk, location: Location, fd: number, depth: 'itself' | 'all'): Entered | undefined {
  let frame: Frame | undefined
  try {
    const stat = statOpen(fd)
    const mayBeTooLong = location.path.length + 1 + nameBytesMax > pathBytesMax
    const { names, unreadable } =
      depth === 'all' || mayBeTooLong ? readNames(fd, location.path) : { names: [], unreadable: undefined }
    if (unreadable === 'ENOENT') return undefined
    const listed = describe(location, stat, walk, unreadable)
    if (listed === undefined) return undefined
    if (depth === 'itself' || names.length === 0) return { listed }
    frame = { path: location.path, dev: stat.dev, ino: stat.ino, names, next: 0, fd }
    return { listed, frame }
  } finally {
    if (frame === undefined) closeFd(fd)
  }
}

/** Sorted names. Without the right to search it (x), a directory's names are of no use: EACCES, and none. */
function readNames(fd: number, path: Uint8Array): { names: ByteText[]; unreadable: string | undefined } {
  const names: ByteText[] = []
  const roomBytes = pathBytesMax - (path.length === 0 ? 0 : path.length + 1)
  let unreadable: string | undefined
  try {
    readDirectory(fd, (name) => {
      if (name.length <= roomBytes) names.push(name)
      else unreadable = 'ENAMETOOLONG'
    })
  } catch (failed) {
    if (!(failed instanceof LibcError)) throw failed
    unreadable = failed.errnoName
  }
  if (names.length > 0 && statOrErrno({ directoryFd: fd, name: '.' as ByteText }) === 'EACCES') {
    return { names: [], unreadable: 'EACCES' }
  }
  return { names: names.sort(), unreadable }
}

function statOrErrno(place: Pick<Location, 'directoryFd' | 'name'>): FileStat | string | undefined {
  try {
    return statAt(place.directoryFd, place.name)
  } catch (failed) {
    if (failed instanceof LibcError) return failed.errnoName
    throw failed
  }
}

function unknownKind(location: Location): 'dir' | 'file' {
  return isDirectoryAt(location.directoryFd, location.name) ? 'dir' : 'file'
}

function listedOnly(listed: Listed | undefined): Entered | undefined {
  return listed === undefined ? undefined : { listed }
}

function isForeign(walk: Walk, stat: FileStat): boolean {
  return !walk.crossFilesystems && stat.dev !== walk.rootDev
}

function isExcluded(walk: Walk, path: Uint8Array, stat: FileStat): boolean {
  if (path.length === 0) return false
  return walk.exclude.excludes(path, stat.kind === 'dir' ? 'dir' : 'other') || walk.exclude.excludesInode(stat)
}

function isLeftOut(walk: Walk, path: Uint8Array, { kind }: FileStat): boolean {
  if (walk.include !== undefined && !walk.include.includes(path)) return true
  return kind === 'file' && walk.quota !== undefined && !walk.quota.admits(path)
}

function closeFrame(frame: Frame | undefined): void {
  if (frame === undefined || frame.fd < 0) return
  closeFd(frame.fd)
  frame.fd = -1
}

/** Opens a frame again that was closed on the way down; false where that directory is no longer at its path. */
function reopen(walk: Walk, frame: Frame): boolean {
  if (frame.fd >= 0) return true
  const fd = openPath(walk.rootFd, frame.path)
  if (fd === undefined) return false
  const stat = statOpen(fd)
  if (stat.dev === frame.dev && stat.ino === frame.ino) {
    frame.fd = fd
    return true
  }
  closeFd(fd)
  return false
}
