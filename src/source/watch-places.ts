/**
 * Where the directories of fanotify's events lie: from a handle to paths in roots, remembered within a bound.
 *
 * A path is the one that the directory has when it is asked for. What is remembered holds until a directory of the
 * filesystem is renamed: `forget` has to be called then, and after lost events.
 */

import { closeFd, openDirectoryAt } from '../linux/directory.ts'
import { fsidOfKey, handleOfKey } from '../linux/fanotify.ts'
import { openHandle, openPlaceAt, pathOfFd } from '../linux/file-handle.ts'
import { type ByteText, currentDirectory, LibcError } from '../linux/libc.ts'
import { statOpen } from '../linux/stat.ts'
import type { WatchedRoot } from './watch-nodes.ts'
import { pathWithin } from './watch-roots.ts'

/** About 200 bytes each. */
export const placesMax = 32_768

export interface Place {
  /** The directory's paths in roots. */
  readonly inside: readonly PlaceInRoot[]
  /** It lies above a root: what is renamed or removed in it may be on the way there. */
  readonly isAbove: boolean
}

export interface PlaceInRoot {
  readonly root: WatchedRoot
  readonly path: ByteText
  /** Its own path is too long to be told: `path` is that of a directory above it. */
  readonly isFar: boolean
}

export class WatchPlaces {
  readonly #rootsByFsid = new Map<ByteText, Set<WatchedRoot>>()
  readonly #known = new Map<ByteText, Place>()
  /** One open directory for each mount that is asked about, until `rest`; undefined where it cannot be opened. */
  readonly #mounts = new Map<bigint, number | undefined>()

  get size(): number {
    return this.#known.size
  }

  get filesystemCount(): number {
    return this.#rootsByFsid.size
  }

  rootsOf(fsid: ByteText): ReadonlySet<WatchedRoot> {
    return this.#rootsByFsid.get(fsid) ?? new Set()
  }

  get roots(): WatchedRoot[] {
    return [...this.#rootsByFsid.values()].flatMap((roots) => [...roots])
  }

  add(root: WatchedRoot): void {
    const roots = this.#rootsByFsid.get(root.fsid)
    if (roots === undefined) this.#rootsByFsid.set(root.fsid, new Set([root]))
    else roots.add(root)
    this.forget()
  }

  remove(root: WatchedRoot): void {
    const roots = this.#rootsByFsid.get(root.fsid)
    roots?.delete(root)
    if (roots?.size === 0) this.#rootsByFsid.delete(root.fsid)
    this.forget()
  }

  /** Where the directory of an event lies. One that is gone lies nowhere. */
  of(key: ByteText): Place {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const place = this.#find(key)
    if (this.#known.size >= placesMax) this.#known.delete(this.#known.keys().next().value as ByteText)
    this.#known.set(key, place)
    return place
  }

  forget(): void {
    this.#known.clear()
  }

  /** Closes what keeps filesystems busy; to be called when no more events are at hand. */
  rest(): void {
    for (const fd of this.#mounts.values()) if (fd !== undefined) closeFd(fd)
    this.#mounts.clear()
  }

  #find(key: ByteText): Place {
    const inside: PlaceInRoot[] = []
    let isAbove = false
    const asked = new Map<bigint, Whereabouts | undefined>()
    for (const root of this.rootsOf(fsidOfKey(key))) {
      const mountFd = this.#mountFdOf(root)
      if (mountFd === undefined) continue
      if (!asked.has(root.mountId)) asked.set(root.mountId, locate(mountFd, key))
      const found = asked.get(root.mountId)
      if (found === undefined) continue
      const path = pathWithin(root, found.path)
      if (path !== '') isAbove ||= pathWithin({ directory: found.path }, root.directory) !== undefined
      if (path === undefined) continue
      if (!isExcluded(root, path, { mountFd, key })) inside.push({ root, path, isFar: found.isFar })
    }
    return inside.length > 0 || isAbove ? { inside, isAbove } : outside
  }

  #mountFdOf(root: WatchedRoot): number | undefined {
    if (!this.#mounts.has(root.mountId)) this.#mounts.set(root.mountId, openRoot(root))
    return this.#mounts.get(root.mountId)
  }
}

interface Whereabouts {
  readonly path: ByteText
  readonly isFar: boolean
}

const outside: Place = { inside: [], isAbove: false }
const above = '..' as ByteText
/** More components than fit into a path that the lister would list. */
const climbMax = 4096

/** Undefined where another directory lies there now. */
function openRoot(root: WatchedRoot): number | undefined {
  try {
    const opened = openDirectoryAt(currentDirectory, root.directory)
    if (opened.kind === 'failed') return undefined
    const { dev } = statOpen(opened.fd)
    if (dev === root.dev) return opened.fd
    closeFd(opened.fd)
  } catch (failed) {
    if (!(failed instanceof LibcError)) throw failed
  }
  return undefined
}

/** Undefined where the directory is gone. */
function locate(mountFd: number, key: ByteText): Whereabouts | undefined {
  return climb(mountFd, key, (fd, steps) => {
    const path = pathOfFd(fd)
    return path === undefined ? undefined : { path, isFar: steps > 0 }
  })
}

/** Of a directory that no pattern excludes by its path: whether it is, or lies in, one excluded by its inode. */
function isExcluded(
  root: WatchedRoot,
  path: ByteText,
  { mountFd, key }: { readonly mountFd: number; readonly key: ByteText },
): boolean {
  if (root.exclude.coversText(path, 'dir')) return true
  if (!root.exclude.hasInodes) return false
  const answer = climb(mountFd, key, (fd) => {
    const stat = statOpen(fd)
    if (root.exclude.excludesInode(stat)) return 'excluded'
    return stat.ino === root.ino && stat.dev === root.dev ? 'root' : undefined
  })
  return answer === 'excluded'
}

/** The first answer of the directory or one above it; undefined where none has one, or the directory is gone. */
function climb<T>(mountFd: number, key: ByteText, ask: (fd: number, steps: number) => T | undefined): T | undefined {
  const opened = openHandle(mountFd, handleOfKey(key))
  if (opened.kind === 'failed') return undefined
  let { fd } = opened
  try {
    for (let steps = 0; steps < climbMax; steps++) {
      const answer = ask(fd, steps)
      if (answer !== undefined) return answer
      const next = openPlaceAt(fd, above)
      if (next.kind === 'failed') return undefined
      closeFd(fd)
      fd = next.fd
    }
    return undefined
  } finally {
    closeFd(fd)
  }
}
