/**
 * Files that the kernel (or a FUSE server) makes up while they are read: /proc, /sys and their like.
 *
 * Their st_size says little, they change without an event, and some of them block, consume what they show, or reach
 * hardware when read. So they are read once, to their end, where they are listed, in small steps, within a cap and a
 * deadline, never blocking by choice; what must not be read is a short list with reasons. The deadline is looked at
 * between two reads: a single read that the kernel itself holds up cannot be ended from here.
 */

import fs from 'node:fs'
import { concatBytes } from '../base/bytes.ts'
import type { Clock } from '../base/ports.ts'
import { closeFd, openForReadingAt } from '../linux/directory.ts'
import type { ByteText } from '../linux/libc.ts'

export const pseudoBytesMax = 16 * 2 ** 20
export const pseudoReadMsMax = 2000

export interface PseudoRead {
  readonly content: Uint8Array
  /** Why `content` ends early or is empty: an errno, ETOOBIG (cap), ETIMEDOUT (deadline), SKIPPED (never read). */
  readonly unreadable?: string
}

export interface PseudoFile {
  readonly directoryFd: number
  readonly name: ByteText
  /** Permission bits. */
  readonly mode: number
  /** Name of the filesystem, as statfs.ts gives it. */
  readonly filesystem: string
  readonly clock: Pick<Clock, 'monotonicMs'>
}

/** The whole content, or as much of it as there was within cap, deadline and the kernel's patience. */
export function readPseudoFile(file: PseudoFile): PseudoRead {
  if (skipped.some((rule) => rule.filesystem.includes(file.filesystem) && rule.matches(file))) return unread('SKIPPED')
  if ((file.mode & anyMayRead) === 0) return unread('EACCES')
  const opened = openForReadingAt(file.directoryFd, file.name)
  if (opened.kind === 'failed') return unread(opened.errnoName)
  try {
    return readToEnd(opened.fd, file.clock)
  } finally {
    closeFd(opened.fd)
  }
}

interface SkipRule {
  readonly filesystem: readonly string[]
  readonly matches: (file: PseudoFile) => boolean
  readonly why: string
}

const skipped: readonly SkipRule[] = [
  {
    filesystem: ['proc'],
    matches: named('kcore', 'mem', 'pagemap', 'kpagecount', 'kpageflags', 'kpagecgroup'),
    why: 'physical or virtual memory: terabytes, of which the process source shows what is mapped',
  },
  { filesystem: ['proc'], matches: named('clear_refs'), why: 'made to be written; touches page state' },
  { filesystem: ['proc'], matches: named('kmsg'), why: 'reading it takes the messages away from syslog' },
  {
    filesystem: ['tracefs', 'debugfs'],
    matches: named('trace_pipe', 'trace_pipe_raw', 'snapshot_raw'),
    why: 'reading consumes the events, and waits where there are none',
  },
  {
    filesystem: ['sysfs'],
    matches: (file) => named('vpd', 'rom')(file) || /^resource[0-9]/.test(file.name),
    why: 'reaches the device: slow, and with side effects on some',
  },
  {
    filesystem: ['sysfs'],
    matches: named('config'),
    why: 'PCI configuration space: some devices stop working when undefined parts are read',
  },
  {
    filesystem: ['proc'],
    matches: (file) => /^[0-9a-f]{2}\.[0-7]$/.test(file.name),
    why: 'PCI configuration space under /proc/bus/pci',
  },
]

const anyMayRead = 0o444
const stepBytes = 65_536
const step = new Uint8Array(stepBytes)

function named(...names: readonly string[]): (file: PseudoFile) => boolean {
  return (file) => names.includes(file.name)
}

function unread(unreadable: string): PseudoRead {
  return { content: new Uint8Array(0), unreadable }
}

function readToEnd(fd: number, clock: Pick<Clock, 'monotonicMs'>): PseudoRead {
  const chunks: Uint8Array[] = []
  const deadlineMs = clock.monotonicMs() + pseudoReadMsMax
  let totalBytes = 0
  for (;;) {
    const read = readStep(fd, Math.min(stepBytes, pseudoBytesMax + 1 - totalBytes))
    if (typeof read === 'string') return { content: concatBytes(chunks), unreadable: read }
    if (read === 0) return { content: concatBytes(chunks) }
    const wantedBytes = Math.min(read, pseudoBytesMax - totalBytes)
    chunks.push(step.slice(0, wantedBytes))
    totalBytes += wantedBytes
    if (wantedBytes < read) return { content: concatBytes(chunks), unreadable: 'ETOOBIG' }
    if (clock.monotonicMs() > deadlineMs) return { content: concatBytes(chunks), unreadable: 'ETIMEDOUT' }
  }
}

/** Bytes read, 0 at the end, or the name of the errno. */
function readStep(fd: number, sizeBytes: number): number | string {
  try {
    return fs.readSync(fd, step, 0, sizeBytes, null)
  } catch (failed) {
    const code = (failed as NodeJS.ErrnoException).code
    if (code === undefined) throw failed
    return code
  }
}
