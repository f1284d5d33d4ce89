/**
 * `sfd doctor`: what this machine lets the daemon see, what it will miss, and the exact command that changes it.
 *
 * It only looks: nothing is written, no source is read, and directories are counted up to a bound.
 */
import { existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { displayPath, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import { singleQuoted } from '../base/shell-text.ts'
import { filesystemOfPath } from '../linux/statfs.ts'
import { loadZstd } from '../linux/zstd.ts'
import { listTree } from '../source/list.ts'
import { absolutePath, openSource } from '../source/open.ts'
import { freeSpace, type MachineLimits, machineLimits } from './machine-limits.ts'
import { pollMsDefault, watchedRoot } from './source-rules.ts'

/** `note`: as it is, and worth knowing. `warn`: something will be missed or slow. `fail`: it cannot work so. */
export interface Diagnosis {
  readonly check: string
  readonly status: 'ok' | 'note' | 'warn' | 'fail'
  readonly message: string
  /** A command for a shell, or null where there is nothing to change. */
  readonly fix: string | null
}

export interface DoctorRequest {
  /** As given on the command line. */
  readonly sources: readonly Uint8Array[]
  readonly statePath: string
  /** Share of the filesystem that has to stay free, 0 .. 1. */
  readonly minFree: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Directories beyond that many are not counted: the answer is the same. */
const countedMax = 2_000_000
const openFilesWanted = 1_024
/** Default of distributions that have raised it. */
const watchesUsual = 524_288

/** One diagnosis after the other, the machine first. */
export function* diagnose(request: DoctorRequest): Generator<Diagnosis> {
  const limits = machineLimits()
  yield* privileges(limits)
  yield openFiles(limits)
  yield queue(limits)
  yield codec()
  yield stateFolder(request)
  let directories = 0
  for (const source of request.sources) {
    const found = examine(source, request)
    yield* found.diagnoses
    directories += found.directories
  }
  yield watches(limits, directories)
}

function* privileges({ capabilities, kernel }: MachineLimits): Generator<Diagnosis> {
  const admin = capabilities.has('CAP_SYS_ADMIN')
  yield {
    check: 'events',
    status: admin ? 'ok' : 'note',
    message: admin
      ? `fanotify may be used (kernel ${kernel}): one mark for a whole filesystem`
      : `inotify is used (kernel ${kernel}): one watch for each directory; fanotify needs CAP_SYS_ADMIN`,
    fix: null,
  }
  const reads = capabilities.has('CAP_DAC_READ_SEARCH')
  yield {
    check: 'reading',
    status: reads ? 'ok' : 'warn',
    message: reads
      ? 'every file may be read'
      : 'files of other users may be unreadable; each is kept with its reason instead of its bytes',
    fix: reads ? null : 'sudo sfd install-service --print   # a service with CAP_DAC_READ_SEARCH and little else',
  }
  const traces = capabilities.has('CAP_SYS_PTRACE')
  yield {
    check: 'memory',
    status: traces ? 'ok' : 'note',
    message: traces
      ? 'the memory of every process may be read'
      : 'only the memory of processes of this user may be read; sfd ps says of each why not',
    fix: null,
  }
}

function openFiles({ openFilesMax }: MachineLimits): Diagnosis {
  const enough = openFilesMax >= openFilesWanted
  return {
    check: 'open files',
    status: enough ? 'ok' : 'warn',
    message: `this process may open ${openFilesMax} files`,
    fix: enough ? null : `ulimit -n ${openFilesWanted}`,
  }
}

function queue({ inotifyQueueMax }: MachineLimits): Diagnosis {
  const message =
    `the kernel keeps ${inotifyQueueMax} events while the daemon is busy or stopped by a signal; ` +
    'after more it says that some were lost, and everything is looked at again'
  return { check: 'event queue', status: 'ok', message, fix: null }
}

function codec(): Diagnosis {
  const found = loadZstd(1) !== undefined
  const message = found
    ? "the system's libzstd is used"
    : 'libzstd is not installed: node:zlib is used, a quarter slower'
  return { check: 'libzstd', status: found ? 'ok' : 'note', message, fix: found ? null : 'apt install libzstd1' }
}

/** The folder itself may not exist yet: then what it will lie in counts. */
function stateFolder({ statePath, minFree }: DoctorRequest): Diagnosis {
  const check = 'state folder'
  let path = statePath
  while (!existsSync(path) && dirname(path) !== path) path = dirname(path)
  const { kind, name } = filesystemOfPath(utf8(path))
  if (kind === 'network' || kind === 'fuse') {
    const message = `${statePath} is on ${name}: locks and durable writes there depend on another host`
    return { check, status: 'fail', message, fix: 'sfd --state /var/lib/system-foundry up' }
  }
  if (kind === 'tmpfs') {
    const message = `${statePath} is on ${name}: bricks do not survive a restart of the machine`
    return { check, status: 'warn', message, fix: 'sfd --state /var/lib/system-foundry up' }
  }
  if (path === statePath && (statSync(path).mode & 0o077) !== 0) {
    const message = `${statePath} may be read by others; bricks hold what their sources hold`
    return { check, status: 'warn', message, fix: `chmod 700 ${shellWord(statePath)}` }
  }
  const { freeBytes, totalBytes } = freeSpace(path)
  const free = `${Math.floor((100 * freeBytes) / Math.max(1, totalBytes))} % free`
  const enough = freeBytes >= minFree * totalBytes
  const message = enough
    ? `${statePath} on ${name}, ${free}`
    : `${statePath} on ${name} has ${free}: nothing is committed below ${100 * minFree} %`
  return { check, status: enough ? 'ok' : 'fail', message, fix: enough ? null : 'sfd up --min-free 1' }
}

interface Examined {
  readonly diagnoses: readonly Diagnosis[]
  readonly directories: number
}

function examine(given: Uint8Array, { clock, signal }: DoctorRequest): Examined {
  const check = displayPath(given)
  try {
    const source = openSource(given)
    const everyMs = pollMsDefault[source.kind]
    if (watchedRoot(source) === undefined && everyMs !== undefined)
      return { diagnoses: [{ check, ...looks(everyMs) }], directories: 0 }
    const { kind, name } = filesystemOfPath(absolutePath(source))
    const events = eventsOf(kind, name)
    // Listing /proc would read it.
    if (source.kind === 'file' || source.kind === 'log' || kind === 'pseudo')
      return { diagnoses: [{ check, ...events }], directories: 0 }
    const counts = { directories: 0, unlisted: 0, mounts: 0 }
    const cancelled = (): boolean => signal.aborted || counts.directories >= countedMax
    for (const { meta } of listTree({ root: source.root, clock, cancelled })) {
      if (meta.kind !== 'dir') continue
      counts.directories++
      if (meta.unreadable === 'EXDEV') counts.mounts++
      else if (meta.unreadable !== undefined) counts.unlisted++
    }
    const more: Diagnosis[] = []
    if (counts.mounts > 0) more.push(otherFilesystems(check, counts.mounts))
    if (counts.unlisted > 0) more.push(unlisted(check, counts.unlisted))
    const message = `${events.message}; ${directoryCount(counts.directories)}`
    return { diagnoses: [{ check, ...events, message }, ...more], directories: counts.directories }
  } catch (error) {
    if (!(error instanceof FoundryError)) throw error
    return { diagnoses: [{ check, status: 'fail', message: error.message, fix: null }], directories: 0 }
  }
}

type Events = Omit<Diagnosis, 'check'>

function eventsOf(kind: string, name: string): Events {
  if (kind === 'disk' || kind === 'tmpfs') return { status: 'ok', message: `${name}: followed by events`, fix: null }
  if (kind === 'overlay') {
    const message = `${name}: followed by events; a change in a lower layer gives none and is found by the hourly rescan`
    return { status: 'note', message, fix: null }
  }
  const who = kind === 'pseudo' ? 'the kernel gives no events there' : 'other hosts change it without an event here'
  return { status: 'note', message: `${name}: polled, as ${who}`, fix: null }
}

function looks(everyMs: number): Events {
  const message = `the kernel tells nothing of its changes: looked at every ${everyMs / 1_000} s`
  return { status: 'ok', message, fix: null }
}

function otherFilesystems(check: string, count: number): Diagnosis {
  const what = count === 1 ? 'one filesystem mounted inside is' : `${count} filesystems mounted inside are`
  const message = `${what} not crossed; name each mount point as a source of its own`
  return { check, status: 'note', message, fix: null }
}

function unlisted(check: string, count: number): Diagnosis {
  const message = `${directoryCount(count)} may not be listed by this user: what is inside is missed`
  return { check, status: 'warn', message, fix: null }
}

function watches({ inotifyWatchesMax, capabilities }: MachineLimits, directories: number): Diagnosis {
  const check = 'inotify watches'
  const enough = capabilities.has('CAP_SYS_ADMIN') || directories <= inotifyWatchesMax * 0.8
  const message = `${directoryCount(directories)} to watch, ${inotifyWatchesMax} watches for each user`
  if (enough) return { check, status: 'ok', message, fix: null }
  const wanted = Math.max(watchesUsual, 2 ** Math.ceil(Math.log2(directories * 2)))
  return {
    check,
    status: 'warn',
    message: `${message}; what has no watch is polled instead`,
    fix: `sysctl -w fs.inotify.max_user_watches=${wanted}`,
  }
}

function directoryCount(count: number): string {
  return count === 1 ? '1 directory' : `${count} directories`
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : singleQuoted(text)
}
