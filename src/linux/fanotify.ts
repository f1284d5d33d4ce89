/**
 * fanotify(7): one group that is told what changes on whole filesystems, as (directory handle, name).
 *
 * No watch per directory. Needs CAP_SYS_ADMIN and a filesystem whose file handles can be opened again. Events of one
 * group come in order, whatever filesystem they are of; equal ones that wait are merged into the first of them. It
 * loses events when its queue is full, and says so with `overflow`.
 */

import { type ByteText, bind, cString, currentDirectory, failure, lastErrnoName } from './libc.ts'

export const fanotifyMask = {
  modify: 0x2,
  attrib: 0x4,
  closeWrite: 0x8,
  movedFrom: 0x40,
  movedTo: 0x80,
  create: 0x100,
  delete: 0x200,
  /** Only reported: events were lost. */
  overflow: 0x4000,
  /** The event is about a directory; such events have to be asked for. */
  isDirectory: 0x40000000,
} as const

export interface FanotifyEvent {
  readonly mask: number
  /** Process (thread group) that caused it; 0 where it is of another pid namespace. */
  readonly pid: number
  /** Filesystem and handle of the directory as one key, see `fsidOfKey` and `handleOfKey`; empty with `overflow`. */
  readonly directory: ByteText
  /** What in the directory; `.` is the directory itself. */
  readonly name: ByteText
}

/** An fd, or the errno's name: EPERM without the right, EMFILE at the limit of groups, ENOSYS or EINVAL on old kernels. */
export function openFanotify():
  | { readonly kind: 'open'; readonly fd: number }
  | { readonly kind: 'failed'; readonly errnoName: string } {
  const fd = fanotifyInit(reportDirectoryAndName | initCloseOnExec | initNonBlocking, 0)
  return fd < 0 ? { kind: 'failed', errnoName: lastErrnoName() } : { kind: 'open', fd }
}

/**
 * Asks for events of the whole filesystem that a directory lies on, or of the directory alone. The errno's name where
 * that is refused: EOPNOTSUPP, ENODEV, EXDEV where the filesystem cannot, EPERM, ENOSPC at the limit of marks.
 */
export function addMark(
  groupFd: number,
  mark: { readonly path: Uint8Array | ByteText; readonly reach: 'filesystem' | 'directory'; readonly mask: number },
): string | undefined {
  const flags = markAdd | markOnlyDirectory | (mark.reach === 'filesystem' ? markFilesystem : 0)
  const result = fanotifyMark(groupFd, flags, mark.mask, currentDirectory, cString(mark.path))
  return result < 0 ? lastErrnoName() : undefined
}

/** Ends what addMark began for a whole filesystem; the errno's name where that did not happen. */
export function removeFilesystemMark(
  groupFd: number,
  mark: { readonly path: Uint8Array | ByteText; readonly mask: number },
): string | undefined {
  const flags = markRemove | markOnlyDirectory | markFilesystem
  const result = fanotifyMark(groupFd, flags, mark.mask, currentDirectory, cString(mark.path))
  return result < 0 ? lastErrnoName() : undefined
}

/** Fills `buffer` (at least 4 KiB) with whole events; the number of bytes, 0 when none are queued. */
export function readFanotify(groupFd: number, buffer: Uint8Array): number {
  const filled = read(groupFd, buffer, buffer.length)
  if (filled >= 0) return filled
  const errnoName = lastErrnoName()
  if (errnoName === 'EAGAIN' || errnoName === 'EINTR') return 0
  throw failure('read', groupFd)
}

/** The events in the first `filledBytes` of a buffer that readFanotify filled, in the kernel's order. */
export function* parseFanotify(buffer: Uint8Array, filledBytes: number): Generator<FanotifyEvent, void, undefined> {
  const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, filledBytes)
  for (let at = 0; at + metadataBytes <= filledBytes; at += bytes.readUInt32LE(at)) {
    const mask = bytes.readUInt32LE(at + 8)
    const pid = bytes.readInt32LE(at + 20)
    const end = at + bytes.readUInt32LE(at)
    const info = at + bytes.readUInt16LE(at + 6)
    yield { mask, pid, ...placeOf(bytes, { info, end }) }
  }
}

/** The eight bytes of statfs f_fsid. */
export function fsidOfKey(directory: ByteText): ByteText {
  return directory.slice(0, fsidBytes) as ByteText
}

/** A struct file_handle: its length, type and bytes. */
export function handleOfKey(directory: ByteText): Uint8Array {
  return Buffer.from(directory.slice(fsidBytes), 'latin1')
}

/** FAN_REPORT_DIR_FID | FAN_REPORT_NAME. */
const reportDirectoryAndName = 0x400 | 0x800
const initCloseOnExec = 0x1
const initNonBlocking = 0x2
const markAdd = 0x1
const markRemove = 0x2
const markOnlyDirectory = 0x8
const markFilesystem = 0x100
const metadataBytes = 24
const infoHeaderBytes = 4
const fsidBytes = 8
const handleHeaderBytes = 8
/** FAN_EVENT_INFO_TYPE_DFID_NAME and _DFID. */
const directoryAndName = 2
const directoryAlone = 3
const noPlace = { directory: '' as ByteText, name: '' as ByteText }
const itself = '.' as ByteText
const fanotifyInit = bind<(flags: number, eventFlags: number) => number>(
  'int fanotify_init(uint32_t flags, uint32_t event_flags)',
)
const fanotifyMark = bind<
  (groupFd: number, flags: number, mask: number, directoryFd: number, path: Uint8Array) => number
>('int fanotify_mark(int group, uint32_t flags, uint64_t mask, int directory, const uint8_t *path)')
const read = bind<(fd: number, buffer: Uint8Array, sizeBytes: number) => number>(
  'int64_t read(int fd, uint8_t *buffer, uint64_t size)',
)

/** Of the first information record that names a directory. */
function placeOf(bytes: Buffer, { info, end }: { readonly info: number; readonly end: number }): typeof noPlace {
  for (let at = info; at + infoHeaderBytes <= end; at += Math.max(infoHeaderBytes, bytes.readUInt16LE(at + 2))) {
    const type = bytes[at]
    if (type !== directoryAndName && type !== directoryAlone) continue
    const keyStart = at + infoHeaderBytes
    const nameStart = keyStart + fsidBytes + handleHeaderBytes + bytes.readUInt32LE(keyStart + fsidBytes)
    const directory = bytes.toString('latin1', keyStart, nameStart) as ByteText
    if (type === directoryAlone) return { directory, name: itself }
    const nul = bytes.indexOf(0, nameStart)
    return { directory, name: bytes.toString('latin1', nameStart, nul < 0 ? end : Math.min(nul, end)) as ByteText }
  }
  return noPlace
}
