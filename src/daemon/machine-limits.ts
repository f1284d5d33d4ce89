/** What the kernel grants this process: limits, privileges, and what is left on a filesystem. Reads /proc only. */
import { readdirSync, readFileSync, statfsSync } from 'node:fs'

/** Bits of capabilities(7) that change what the daemon can see. */
export const capabilityBits = { CAP_DAC_READ_SEARCH: 2, CAP_SYS_PTRACE: 19, CAP_SYS_ADMIN: 21 } as const
export type Capability = keyof typeof capabilityBits

export interface MachineLimits {
  readonly kernel: string
  /** Effective, of this process. */
  readonly capabilities: ReadonlySet<Capability>
  /** Soft limit of RLIMIT_NOFILE; Infinity where there is none. */
  readonly openFilesMax: number
  /** Of this user. NaN where the kernel does not say. */
  readonly inotifyWatchesMax: number
  readonly inotifyInstancesMax: number
  /** Events a queue holds before it overflows. */
  readonly inotifyQueueMax: number
}

export function machineLimits(): MachineLimits {
  const status = readText('/proc/self/status')
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`)
  const names = Object.keys(capabilityBits) as Capability[]
  const openFiles = /^Max open files\s+(\S+)/m.exec(readText('/proc/self/limits'))?.[1]
  return {
    kernel: readText('/proc/sys/kernel/osrelease').trim(),
    capabilities: new Set(names.filter((name) => ((effective >> BigInt(capabilityBits[name])) & 1n) === 1n)),
    openFilesMax: openFiles === 'unlimited' ? Number.POSITIVE_INFINITY : Number(openFiles),
    inotifyWatchesMax: readNumber('/proc/sys/fs/inotify/max_user_watches'),
    inotifyInstancesMax: readNumber('/proc/sys/fs/inotify/max_user_instances'),
    inotifyQueueMax: readNumber('/proc/sys/fs/inotify/max_queued_events'),
  }
}

export interface FreeSpace {
  readonly freeBytes: number
  readonly totalBytes: number
}

/** What this user may still write on the filesystem of `path`. Errors: those of statfs(2). */
export function freeSpace(path: string): FreeSpace {
  const { bavail, blocks, bsize } = statfsSync(path)
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
}

/** Descriptors of this process. */
export function openFileCount(): number {
  return readdirSync('/proc/self/fd').length
}

function readNumber(path: string): number {
  const text = readText(path).trim()
  return text === '' ? Number.NaN : Number(text)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
