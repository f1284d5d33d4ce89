/**
 * From what somebody types to one process: `proc:PID`, `proc:NAME`, `proc:self`, or a name that a brick has.
 *
 * A name must fit exactly one process, by its command or the basename of its program. Never guesses between two.
 */
import { displayPath, utf8, utf8Text } from '../../base/bytes.ts'
import type { Timestamp } from '../../base/entry.ts'
import { FoundryError } from '../../base/errors.ts'
import type { Source } from '../open.ts'
import { commandLine, processCandidates, programOf } from './list-processes.ts'
import { gone, ProcFolder } from './proc-folder.ts'
import { hasEnded, type ProcessStat } from './proc-stat.ts'
import { bootOfThisKernel, type ProcessIdentity, parseProcessName, processName, processRoot } from './process-name.ts'
import { startOfProcess } from './start-time.ts'

export interface ProcessDetails extends ProcessIdentity {
  /** As the kernel has it, at most 15 characters; empty when the process is gone. */
  readonly comm: string
  /** Arguments, bounded; empty when it is gone or shows none. */
  readonly command: readonly string[]
  /** Path of its program; empty where unknown. */
  readonly program: string
  readonly startedAt: Timestamp
}

/**
 * `text`: what follows `proc:`. Errors: SOURCE_MISSING (no such process), USAGE (several fit: the message lists them),
 * SOURCE_KIND (a thread of the kernel), SOURCE_UNREADABLE (its memory may not be read), SOURCE_ENDED (of a brick's name).
 */
export function openProcess(text: string): Source {
  const known = parseProcessName(utf8(`proc:${text}`))
  if (known !== undefined) return openKnown(known)
  if (text === '')
    throw new FoundryError('SOURCE_MISSING', 'proc: names no process. Write proc:PID, proc:NAME or proc:self.')
  const pid = text === 'self' ? process.pid : /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : pidOfName(text)
  return openPid(pid)
}

/** What a process source says of its process; of one that is gone, what its name says. */
export function processDetails(source: Source): ProcessDetails {
  const identity = identityOf(source)
  const startedAt = startOfProcess(identity.startTicks)
  const nothing = { ...identity, comm: '', command: [], program: '', startedAt }
  const folder = ProcFolder.open(source.root)
  if (typeof folder === 'string') return nothing
  try {
    const stat = folder.stat()
    if (typeof stat === 'string' || stat.startTicks !== identity.startTicks) return nothing
    return { ...identity, comm: shown(stat.comm), command: commandLine(folder), program: programOf(folder), startedAt }
  } finally {
    folder.close()
  }
}

/**
 * How its brick is called where nobody says otherwise: `proc-PID-COMM`, the command made safe for a file's name. Node.js
 * calls all of its processes alike: of those it is the program's name.
 */
export function processBrickName(source: Source): string {
  const { pid, comm, program } = processDetails(source)
  const name = comm === nameOfAnyNode && program !== '' ? program.slice(program.lastIndexOf('/') + 1) : comm
  const safe = name.replaceAll(/[^A-Za-z0-9._-]+/g, '_').replaceAll(/^[._-]+|[._-]+$/g, '')
  return safe === '' ? `proc-${pid}` : `proc-${pid}-${safe}`
}

/** Of a source of kind `process`. */
export function identityOf(source: Source): ProcessIdentity {
  const identity = source.name === undefined ? undefined : parseProcessName(source.name)
  if (identity === undefined) {
    throw new FoundryError(
      'SOURCE_KIND',
      `${displayPath(source.name ?? source.root)} names no process. Write proc:PID.`,
    )
  }
  return identity
}

/** The one error for a process that is gone, wherever that shows. */
export function processEnded({ pid }: { readonly pid: number }): FoundryError {
  return new FoundryError(
    'SOURCE_ENDED',
    `Process ${pid} has ended. What was committed of its memory stays; name another process to keep that one.`,
  )
}

function openPid(pid: number): Source {
  const root = processRoot(pid)
  const folder = ProcFolder.open(root)
  if (typeof folder === 'string') throw folder === gone ? missing(pid) : unreadable(pid, folder)
  try {
    const stat = folder.stat()
    if (typeof stat === 'string' || hasEnded(stat)) throw missing(pid)
    refuse(stat, folder)
    const { startTicks } = stat
    const name = processName({ pid, startTicks, boot: bootOfThisKernel() })
    return { kind: 'process', root, path: new Uint8Array(0), name }
  } finally {
    folder.close()
  }
}

function refuse(stat: ProcessStat, folder: ProcFolder): void {
  if (stat.isKernelThread) {
    throw new FoundryError(
      'SOURCE_KIND',
      `Process ${stat.pid} (${stat.comm}) is a thread of the kernel: it has no memory of its own.`,
    )
  }
  const maps = folder.read('maps', mapsBytesMax)
  if (maps === gone) throw missing(stat.pid)
  if (typeof maps === 'string' && maps !== 'EFBIG') throw unreadable(stat.pid, maps)
}

function openKnown(known: ProcessIdentity): Source {
  const root = processRoot(known.pid)
  const folder = ProcFolder.open(root)
  if (typeof folder === 'string' || known.boot !== bootOfThisKernel()) {
    if (typeof folder !== 'string') folder.close()
    throw processEnded(known)
  }
  try {
    const stat = folder.stat()
    if (typeof stat === 'string' || hasEnded(stat) || stat.startTicks !== known.startTicks) throw processEnded(known)
    refuse(stat, folder)
    return { kind: 'process', root, path: new Uint8Array(0), name: processName(known) }
  } finally {
    folder.close()
  }
}

function pidOfName(name: string): number {
  const found = processCandidates(name)
  const [only] = found
  if (only === undefined) {
    throw new FoundryError(
      'SOURCE_MISSING',
      `No process is called ${displayPath(utf8(name))}. sfd ps lists what there is.`,
    )
  }
  if (found.length === 1) return only.pid
  const listed = found.slice(0, candidatesShown).map(({ pid, comm }) => `proc:${pid} (${shown(comm)})`)
  const more = found.length > candidatesShown ? `, and ${found.length - candidatesShown} more` : ''
  throw new FoundryError(
    'USAGE',
    `${found.length} processes are called ${displayPath(utf8(name))}: ${listed.join(', ')}${more}. Name one by its number.`,
  )
}

const nameOfAnyNode = 'MainThread'
const candidatesShown = 20
/** One byte is enough to see whether it may be read; a page is what the kernel gives at least. */
const mapsBytesMax = 4_096

/** Bytes of a command as text for a person. */
function shown(comm: string): string {
  const bytes = Buffer.from(comm, 'latin1')
  return utf8Text(bytes) === undefined ? displayPath(bytes) : displayPath(utf8(utf8Text(bytes) ?? ''))
}

function missing(pid: number): FoundryError {
  return new FoundryError('SOURCE_MISSING', `There is no process ${pid}. sfd ps lists what there is.`)
}

function unreadable(pid: number, why: string): FoundryError {
  return new FoundryError(
    'SOURCE_UNREADABLE',
    `The memory of process ${pid} may not be read: ${why}. Run as its user or as root; sfd ps says which can be read.`,
  )
}
