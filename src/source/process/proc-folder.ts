/**
 * The folder /proc/PID, opened once: whatever is read through it is of that process, or fails when it is gone.
 *
 * The kernel ties an open /proc/PID to the process and not to its number, so a number that is given again cannot lead
 * elsewhere. Each read ends at a bound of its own.
 */
import fs from 'node:fs'
import { concatBytes } from '../../base/bytes.ts'
import {
  closeFd,
  handleFollowingAt,
  openDirectoryAt,
  openForReadingAt,
  readDirectory,
  readLinkAt,
} from '../../linux/directory.ts'
import { type ByteText, currentDirectory } from '../../linux/libc.ts'
import { type ProcessStat, parseStat } from './proc-stat.ts'

/** Bytes, or the errno's name; `GONE`: the process is not there any more. */
export type ProcRead = Uint8Array | string

export const gone = 'GONE'

export class ProcFolder {
  readonly #fd: number
  #isOpen = true

  /** The folder of a process that is there now; the errno's name, `GONE` where there is none. */
  static open(root: Uint8Array): ProcFolder | string {
    const opened = openDirectoryAt(currentDirectory, root)
    return opened.kind === 'open' ? new ProcFolder(opened.fd) : goneOr(opened.errnoName)
  }

  private constructor(fd: number) {
    this.#fd = fd
  }

  /** The whole of a small file such as `maps`, at most `bytesMax` of it. */
  read(name: string, bytesMax: number): ProcRead {
    const fd = this.openFile(name)
    if (typeof fd === 'string') return fd
    try {
      return readBounded(fd, bytesMax)
    } finally {
      closeFd(fd)
    }
  }

  /** Text of a small file, one character a byte; undefined where it cannot be read. */
  text(name: string, bytesMax = smallBytesMax): string | undefined {
    const read = this.read(name, bytesMax)
    return typeof read === 'string' ? undefined : Buffer.from(read.buffer, 0, read.length).toString('latin1')
  }

  /** An fd that the caller closes with `closeFd`, or the errno's name. */
  openFile(name: string): number | string {
    const opened = openForReadingAt(this.#fd, name as ByteText)
    return opened.kind === 'open' ? opened.fd : goneOr(opened.errnoName)
  }

  /** A handle (see `handleFollowingAt`) on what a link of the kernel leads to, or on a path in the process's own root. */
  handle(name: string): number | string {
    const opened = handleFollowingAt(this.#fd, name as ByteText)
    return opened.kind === 'open' ? opened.fd : goneOr(opened.errnoName)
  }

  link(name: string): ProcRead {
    const target = readLinkAt(this.#fd, name as ByteText)
    return typeof target === 'string' ? goneOr(target) : target
  }

  /** Makes the kernel note anew which pages are written (see soft-dirty.ts); the memory itself stays as it is. */
  clearSoftDirty(): boolean {
    try {
      fs.writeFileSync(`/proc/self/fd/${this.#fd}/clear_refs`, '4')
      return true
    } catch {
      return false
    }
  }

  /** What it says of itself; `GONE` where it ended, also as a zombie that nobody has waited for. */
  stat(): ProcessStat | string {
    const text = this.text('stat')
    return (text === undefined ? undefined : parseStat(text)) ?? gone
  }

  /**
   * Where its memory is to be had, in front of `mem`, `maps` and the like: nothing, or a thread's folder where the first
   * thread has ended before the others.
   */
  memoryPlace(stat: ProcessStat): string {
    if (stat.state !== 'Z') return ''
    const tid = this.tasks().find((each) => each !== stat.pid)
    return tid === undefined ? '' : `task/${tid}/`
  }

  /** Numbers of its threads, in the kernel's order. */
  tasks(): number[] {
    const opened = openDirectoryAt(this.#fd, 'task' as ByteText)
    if (opened.kind === 'failed') return []
    const tids: number[] = []
    try {
      readDirectory(opened.fd, (name) => tids.push(Number(name)))
    } catch {
      return []
    } finally {
      closeFd(opened.fd)
    }
    return tids
  }

  close(): void {
    if (this.#isOpen) closeFd(this.#fd)
    this.#isOpen = false
  }
}

const smallBytesMax = 65_536
const step = new Uint8Array(262_144)

/** Of a process that ended, an open folder says ESRCH or ENOENT. */
function goneOr(errnoName: string): string {
  return errnoName === 'ESRCH' || errnoName === 'ENOENT' ? gone : errnoName
}

/** Files of /proc give at most some pages a call, and whole lines. What fits into `step` is copied once. */
function readBounded(fd: number, bytesMax: number): ProcRead {
  const chunks: Uint8Array[] = []
  let filled = 0
  let total = 0
  try {
    for (;;) {
      const wanted = Math.min(step.length - filled, bytesMax - total)
      if (wanted === 0) return 'EFBIG'
      const count = fs.readSync(fd, step, filled, wanted, null)
      filled += count
      total += count
      if (count === 0 && chunks.length === 0) return step.slice(0, filled)
      if (count === 0 || filled === step.length) {
        chunks.push(step.slice(0, filled))
        filled = 0
      }
      if (count === 0) return concatBytes(chunks)
    }
  } catch (failed) {
    const { code } = failed as NodeJS.ErrnoException
    if (code === undefined) throw failed
    return goneOr(code)
  }
}
