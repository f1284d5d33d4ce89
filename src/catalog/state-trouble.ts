/**
 * What SQLite's errors mean for the state database: a disk that refuses for now, a file that is damaged, or a mistake
 * of ours. Judges; decides nothing.
 */

export type TroubleCode =
  /** No space, or over quota where the system says so. */
  | 'DISK_FULL'
  | 'READ_ONLY'
  /** The system reported an error; what was written since the last success may be lost. */
  | 'DISK_FAILED'
  /** The state folder is not the one that was opened: unmounted, renamed or replaced. */
  | 'GONE'
  /** Another process holds the file. */
  | 'BUSY'

/** Why nothing can be written for now. */
export interface StateTrouble {
  readonly code: TroubleCode
  readonly message: string
}

export type Verdict =
  | ({ readonly kind: 'trouble' } & StateTrouble)
  | { readonly kind: 'damage'; readonly message: string }

/** Undefined: not an error of the disk or the file. */
export function judgeError(error: unknown): Verdict | undefined {
  if (!(error instanceof Error)) return undefined
  const { message } = error
  const { errcode, code } = error as { errcode?: number; code?: string }
  if (typeof errcode !== 'number') return judgeErrno(code, message)
  const primary = errcode & 0xff
  if (damaged.has(primary)) return { kind: 'damage', message }
  const trouble = codeOf.get(primary)
  return trouble === undefined ? undefined : { kind: 'trouble', code: trouble, message: `${message} (${errcode})` }
}

/** SQLITE_CORRUPT, SQLITE_NOTADB. */
const damaged = new Set([11, 26])

const codeOf = new Map<number, TroubleCode>([
  [5, 'BUSY'],
  [6, 'BUSY'],
  [7, 'DISK_FAILED'],
  [8, 'READ_ONLY'],
  [10, 'DISK_FAILED'],
  [13, 'DISK_FULL'],
  [14, 'DISK_FAILED'],
])

function judgeErrno(code: string | undefined, message: string): Verdict | undefined {
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) return undefined
  if (code === 'ENOSPC' || code === 'EDQUOT') return { kind: 'trouble', code: 'DISK_FULL', message }
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') return { kind: 'trouble', code: 'READ_ONLY', message }
  if (code === 'ENOENT') return { kind: 'trouble', code: 'GONE', message }
  return { kind: 'trouble', code: 'DISK_FAILED', message }
}
