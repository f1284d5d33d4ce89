/**
 * inotify(7): one instance, a watch per directory, events as plain records.
 *
 * It reports names, not contents; it loses events when its queue is full, and says so with `overflow`.
 */

import { type ByteText, bind, checked, cString, failure, lastErrnoName } from './libc.ts'

export const inotifyMask = {
  modify: 0x2,
  attrib: 0x4,
  closeWrite: 0x8,
  movedFrom: 0x40,
  movedTo: 0x80,
  create: 0x100,
  delete: 0x200,
  deleteSelf: 0x400,
  moveSelf: 0x800,
  /** Only reported: the filesystem of the watched directory went away. */
  unmount: 0x2000,
  /** Only reported, with wd -1: events were lost. */
  overflow: 0x4000,
  /** Only reported: the watch is gone, its number may come back for another. */
  ignored: 0x8000,
  /** Only asked: refuse what is no directory. */
  onlyDirectory: 0x1000000,
  /** Only asked: do not follow a link. */
  dontFollow: 0x2000000,
  /** Only asked: nothing about files that no longer have a name. */
  excludeUnlinked: 0x4000000,
  /** Only reported: the event is about a directory. */
  isDirectory: 0x40000000,
} as const

export interface InotifyEvent {
  /** Watch descriptor, -1 with `overflow`. */
  readonly wd: number
  readonly mask: number
  /** The same non-zero number in both halves of a rename, else 0. */
  readonly cookie: number
  /** Name inside the watched directory; empty where the event is about the directory itself. */
  readonly name: ByteText
}

/** A watch descriptor, or why there is none: ENOSPC (limit of watches), ENOENT, ENOTDIR, EACCES, ... */
export type Watched =
  | { readonly kind: 'watched'; readonly wd: number }
  | { readonly kind: 'failed'; readonly errnoName: string }

/** An instance that does not block. EMFILE: the user's limit of instances is used up. */
export function openInotify(): number {
  return checked(inotifyInit(flagNonBlocking | flagCloseOnExec), 'inotify_init1', 0)
}

/** The path has to be absolute or relative to the working directory. Watching the same inode again gives the same wd. */
export function addWatch(inotifyFd: number, path: Uint8Array | ByteText, mask: number): Watched {
  const wd = inotifyAddWatch(inotifyFd, cString(path), mask)
  return wd < 0 ? { kind: 'failed', errnoName: lastErrnoName() } : { kind: 'watched', wd }
}

/** Ends with one `ignored` event. Nothing happens where the kernel has dropped the watch already. */
export function removeWatch(inotifyFd: number, wd: number): void {
  if (inotifyRemoveWatch(inotifyFd, wd) < 0 && lastErrnoName() !== 'EINVAL') throw failure('inotify_rm_watch', wd)
}

/** Fills `buffer` (at least 4 KiB) with whole events; the number of bytes, 0 when none are queued. */
export function readEvents(inotifyFd: number, buffer: Uint8Array): number {
  const filled = read(inotifyFd, buffer, buffer.length)
  if (filled >= 0) return filled
  const errnoName = lastErrnoName()
  if (errnoName === 'EAGAIN' || errnoName === 'EINTR') return 0
  throw failure('read', inotifyFd)
}

/** The events in the first `filledBytes` of a buffer that readEvents filled, in the kernel's order. */
export function parseEvents(buffer: Uint8Array, filledBytes: number): InotifyEvent[] {
  const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, filledBytes)
  const events: InotifyEvent[] = []
  for (let at = 0; at + headerBytes <= filledBytes; ) {
    const nameStart = at + headerBytes
    const next = nameStart + bytes.readUInt32LE(at + 12)
    const nul = next === nameStart ? nameStart : bytes.indexOf(0, nameStart)
    events.push({
      wd: bytes.readInt32LE(at),
      mask: bytes.readUInt32LE(at + 4),
      cookie: bytes.readUInt32LE(at + 8),
      name: bytes.toString('latin1', nameStart, nul < 0 ? next : Math.min(nul, next)) as ByteText,
    })
    at = next
  }
  return events
}

const headerBytes = 16
const flagNonBlocking = 0o4000
const flagCloseOnExec = 0o2000000
const inotifyInit = bind<(flags: number) => number>('int inotify_init1(int flags)')
const inotifyAddWatch = bind<(fd: number, path: Uint8Array, mask: number) => number>(
  'int inotify_add_watch(int fd, const uint8_t *path, uint32_t mask)',
)
const inotifyRemoveWatch = bind<(fd: number, wd: number) => number>('int inotify_rm_watch(int fd, int wd)')
const read = bind<(fd: number, buffer: Uint8Array, sizeBytes: number) => number>(
  'int64_t read(int fd, uint8_t *buffer, uint64_t size)',
)
