/** Whose a process is and what it may, from /proc/PID/status and limits. */
import type { Owner } from './look-protocol.ts'
import type { ProcFolder } from './proc-folder.ts'

/** Effective user and group; 0 where it does not tell any more. */
export function ownerOf(folder: ProcFolder): Owner {
  const status = folder.text('status') ?? ''
  return { uid: idOf(status, 'Uid'), gid: idOf(status, 'Gid') }
}

/** How large the stack of its first thread may become: 64 MiB where nothing limits it. */
export function stackBytesMax(folder: ProcFolder): number {
  const soft = /^Max stack size +([0-9]+|unlimited)/m.exec(folder.text('limits') ?? '')?.[1]
  return soft === undefined || soft === 'unlimited' ? unlimitedStackBytes : Number(soft)
}

const unlimitedStackBytes = 64 * 2 ** 20

function idOf(status: string, field: 'Uid' | 'Gid'): number {
  return Number(new RegExp(`^${field}:\t[0-9]+\t([0-9]+)`, 'm').exec(status)?.[1] ?? 0)
}
