/**
 * openat2(2), Linux 5.6: opens a path of several components and refuses, inside the kernel, every way out:
 * `..`, absolute paths, links on the way or at the end, /proc's magic links.
 */

import { exhaustion, type Opened, openCloseOnExec } from './directory.ts'
import {
  type ByteText,
  bindSyscall,
  cString,
  currentDirectory,
  failure,
  lastErrnoName,
  syscallNumbers,
} from './libc.ts'

/**
 * Opens `path` (relative, not empty) beneath an open directory. ELOOP: a link stood in the way; EXDEV: the path
 * would leave the directory; ENOSYS or EPERM: the kernel has no openat2 or a filter forbids it.
 */
export function openBeneath(directoryFd: number, path: Uint8Array | ByteText, flags: number): Opened {
  return open({ directoryFd, path, flags, resolve: resolveBeneath | resolveNoSymlinks | resolveNoMagicLinks })
}

/** Opens an absolute path none of whose components may be a link. */
export function openWithoutLinks(path: Uint8Array, flags: number): Opened {
  return open({ directoryFd: currentDirectory, path, flags, resolve: resolveNoSymlinks | resolveNoMagicLinks })
}

const resolveNoMagicLinks = 2
const resolveNoSymlinks = 4
const resolveBeneath = 8
/** struct open_how: u64 flags, mode, resolve. */
const howBytes = 24
const how = new Uint8Array(howBytes)
const howFields = new DataView(how.buffer)
const openat2 = bindSyscall<(call: number, fd: number, path: Uint8Array, how: Uint8Array, sizeBytes: number) => number>(
  ['int', 'const uint8_t *', 'uint8_t *', 'uint64_t'],
)

interface Opening {
  readonly directoryFd: number
  readonly path: Uint8Array | ByteText
  readonly flags: number
  readonly resolve: number
}

function open(opening: Opening): Opened {
  howFields.setUint32(0, (opening.flags | openCloseOnExec) >>> 0, true)
  howFields.setUint32(16, opening.resolve, true)
  const fd = openat2(syscallNumbers.openat2, opening.directoryFd, cString(opening.path), how, howBytes)
  if (fd >= 0) return { kind: 'open', fd }
  const errnoName = lastErrnoName()
  if (exhaustion.has(errnoName)) throw failure('openat2', opening.path)
  return { kind: 'failed', errnoName }
}
