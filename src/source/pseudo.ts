/**
 * Files that the kernel (or a FUSE server) makes up while they are read: /proc, /sys and their like.
 *
 * Their st_size says little, they change without an event, and some of them block, consume what they show, or reach
 * hardware when read. So they are read once, to their end, where they are listed, in small steps, within a cap and a
 * deadline. What must not be read is in pseudo-rules.ts, with reasons. What may make its reader wait is read by another
 * thread (pseudo-apart.ts): a read that the kernel itself holds up is given up.
 */

import fs from 'node:fs'
import { concatBytes } from '../base/bytes.ts'
import type { Clock } from '../base/ports.ts'
import { closeFd, openForReadingAt } from '../linux/directory.ts'
import type { ByteText } from '../linux/libc.ts'
import { filesystemOfFd } from '../linux/statfs.ts'
import { type ReadLimits, readApart } from './pseudo-apart.ts'
import { mayWait, skipDirectoryReason, skippedDirectories, skipReason } from './pseudo-rules.ts'

export const pseudoBytesMax = 16 * 2 ** 20
export const pseudoReadMsMax = 2000
/** Of all pseudo files that one listing reads: it holds them until they are folded. */
export const pseudoListingBytesMax = 256 * 2 ** 20

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
  /** More than this is cut off, and than pseudoBytesMax. */
  readonly bytesMax?: number
}

/** The whole content, or as much of it as there was within cap, deadline and the kernel's patience. */
export function readPseudoFile(file: PseudoFile): PseudoRead {
  if (skipReason(file) !== undefined) return unread('SKIPPED')
  if ((file.mode & anyMayRead) === 0) return unread('EACCES')
  const limits = { bytesMax: Math.min(pseudoBytesMax, file.bytesMax ?? pseudoBytesMax), msMax: pseudoReadMsMax }
  return mayWait(file) ? readApart(file, limits) : readHere(file, limits)
}

/** Of a directory only itself is listed, not what is in it: that could make its reader wait for ever. */
export function isSkippedDirectory({ directoryFd, name }: Pick<PseudoFile, 'directoryFd' | 'name'>): boolean {
  // Asked of the name first: few directories have such a one.
  if (!skippedDirectories.has(name)) return false
  return skipDirectoryReason({ name, filesystem: filesystemOfFd(directoryFd).name }) !== undefined
}

const anyMayRead = 0o444
const stepBytes = 65_536
const step = new Uint8Array(stepBytes)

function readHere(file: PseudoFile, limits: ReadLimits): PseudoRead {
  const opened = openForReadingAt(file.directoryFd, file.name)
  if (opened.kind === 'failed') return unread(opened.errnoName)
  try {
    return readToEnd(opened.fd, file.clock, limits)
  } finally {
    closeFd(opened.fd)
  }
}

function unread(unreadable: string): PseudoRead {
  return { content: new Uint8Array(0), unreadable }
}

function readToEnd(fd: number, clock: Pick<Clock, 'monotonicMs'>, { bytesMax, msMax }: ReadLimits): PseudoRead {
  const chunks: Uint8Array[] = []
  const deadlineMs = clock.monotonicMs() + msMax
  let totalBytes = 0
  for (;;) {
    const read = readStep(fd, Math.min(stepBytes, bytesMax + 1 - totalBytes))
    if (typeof read === 'string') return { content: concatBytes(chunks), unreadable: read }
    if (read === 0) return { content: concatBytes(chunks) }
    const wantedBytes = Math.min(read, bytesMax - totalBytes)
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
