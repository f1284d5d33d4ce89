/**
 * One entry of an artifact as a plain record: what a source lists, what the ENTRIES map stores.
 *
 * Paths and names are bytes, exactly as the kernel gave them. A path is relative to the artifact's root, without a
 * leading or trailing slash; the root directory itself has the empty path. Of a one-file source, the single entry
 * has its basename as path.
 */

export type EntryKind = 'file' | 'dir' | 'symlink' | 'fifo' | 'socket' | 'char' | 'block'

export interface Timestamp {
  /** Seconds since 1970, may be negative. */
  readonly seconds: number
  /** 0 .. 999,999,999. */
  readonly nanoseconds: number
}

/** A wall clock's nanoseconds since 1970, as `nowNs` has them, and back. */
export function timestampOf(ns: bigint): Timestamp {
  const nanoseconds = Number(((ns % nsPerSecond) + nsPerSecond) % nsPerSecond)
  return { seconds: Number((ns - BigInt(nanoseconds)) / nsPerSecond), nanoseconds }
}

export function nanosecondsOf({ seconds, nanoseconds }: Timestamp): bigint {
  return BigInt(seconds) * nsPerSecond + BigInt(nanoseconds)
}

const nsPerSecond = 1_000_000_000n

/** Half-open run of bytes [start, start + length). */
export interface Run {
  readonly start: number
  readonly length: number
}

export interface Xattr {
  /** Full name with its namespace, such as `user.note` or `security.capability`. */
  readonly name: Uint8Array
  readonly value: Uint8Array
}

/** Metadata of one entry, as lstat(2) and llistxattr(2) tell it. */
export interface EntryMeta {
  readonly path: Uint8Array
  readonly kind: EntryKind
  /** Permission bits including setuid, setgid, sticky: mode & 0o7777. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Names as /etc/passwd and /etc/group had them; empty where unknown. */
  readonly userName: string
  readonly groupName: string
  /** Bytes of content of a file, 0 of every other kind (a symlink's target is `target`). */
  readonly size: number
  readonly mtime: Timestamp
  readonly ctime: Timestamp
  readonly ino: bigint
  readonly dev: bigint
  /** Device number of a char or block device, else 0. */
  readonly rdev: bigint
  readonly nlink: number
  /** Target bytes of a symlink. */
  readonly target?: Uint8Array
  readonly xattrs: readonly Xattr[]
  /** Extended attributes beyond the 64 KiB cap were left out. */
  readonly xattrsTruncated?: true
  /** Of a sparse file: the runs that hold data, ascending, disjoint, inside [0, size). Absent: all is data. */
  readonly extents?: readonly Run[]
  /** Why the entry's content, a directory's listing or a field could not be read, e.g. `EACCES`. */
  readonly unreadable?: string
  /** Of a file that is a mapping of a process's memory. */
  readonly mapping?: Mapping
}

/** A run of a process's address space, as a line of /proc/PID/maps (proc_pid_maps(5)) tells it. */
export interface Mapping {
  /** Virtual address of the content's first byte, below 2^64. */
  readonly address: bigint
  /** Bytes at the beginning of the content that are not mapped yet: room into which the mapping may grow down. */
  readonly lead: number
  /** Bytes of a mapping of which nothing is ever read: the content is empty then. Left out: 0. */
  readonly unread?: number
  /** Four letters as in maps: `rwxp`, `-` for a missing right, `s` for shared. */
  readonly permissions: string
  /** Of the file that is mapped, of the mapping's own first byte. */
  readonly fileOffset: bigint
  readonly dev: bigint
  readonly ino: bigint
  /** As the kernel shows it: a path (perhaps with ` (deleted)`), `[heap]`, `[stack]`, or nothing. Bytes. */
  readonly name: Uint8Array
}
