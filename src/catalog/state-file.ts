/**
 * The state database as a file: what lies under its name, moving a damaged one aside, and making sure that it is the
 * same file in the same folder as before. Reads the first bytes only; SQLite reads the rest.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FoundryError } from '../base/errors.ts'
import { applicationId, schemaVersion } from './state-schema.ts'

export type FileFound =
  | { readonly kind: 'absent' }
  | { readonly kind: 'ours' }
  /** Not a database, or not one of ours. */
  | { readonly kind: 'foreign'; readonly why: string }

/** Error: STATE_NEWER, with nothing touched. */
export function inspectFile(path: string): FileFound {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return { kind: 'absent' }
  if (!stat.isFile()) return { kind: 'foreign', why: 'it is not a regular file' }
  if (stat.size === 0) return { kind: 'ours' }
  const header = firstBytes(path)
  if (header.length < headerBytes || header.toString('latin1', 0, magic.length) !== magic) {
    return { kind: 'foreign', why: 'it is not an SQLite database' }
  }
  const owner = header.readUInt32BE(applicationIdAt)
  if (owner !== 0 && owner !== applicationId) return { kind: 'foreign', why: 'another program made it' }
  refuseNewer(path, header.readUInt32BE(userVersionAt))
  return { kind: 'ours' }
}

export function refuseNewer(path: string, version: number): void {
  if (version <= schemaVersion) return
  throw new FoundryError(
    'STATE_NEWER',
    `${path} has schema ${version}; this build knows up to ${schemaVersion}. Update System Foundry; nothing was changed.`,
  )
}

/** Makes an empty file that only its owner can read, or repairs the modes of the one that is there. */
export function makePrivate(path: string): void {
  closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600))
  if ((lstatSync(path).mode & 0o777) !== 0o600) chmodSync(path, 0o600)
}

/** Renames the database and its companions to `NAME.damaged-N`; returns that path. The newest few are kept. */
export function moveAside(path: string): string {
  const numbers = asideNumbers(path)
  const number = Math.max(0, ...numbers) + 1
  const target = `${path}.damaged-${number}`
  renameSync(path, target)
  for (const end of companions) {
    if (lstatSync(path + end, { throwIfNoEntry: false }) !== undefined) renameSync(path + end, target + end)
  }
  for (const old of numbers.sort((a, b) => a - b).slice(0, -(asideKept - 1))) removeDatabase(`${path}.damaged-${old}`)
  return target
}

/** With its companions; what is not there is no error. */
export function removeDatabase(path: string): void {
  for (const end of ['', ...companions]) {
    if (lstatSync(path + end, { throwIfNoEntry: false })?.isFile()) unlinkSync(path + end)
  }
}

/** Puts a finished database in the place of another, durably. Its own companions must be gone. */
export function putInPlace({ from, to }: { from: string; to: string }): void {
  syncPath(from)
  for (const end of companions) if (lstatSync(to + end, { throwIfNoEntry: false })) unlinkSync(to + end)
  renameSync(from, to)
  syncPath(dirname(to))
}

/** Device and inode as one text; undefined where nothing is. */
export function identityOf(path: string): string | undefined {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`
}

const magic = 'SQLite format 3\0'
const headerBytes = 100
const userVersionAt = 60
const applicationIdAt = 68
const companions = ['-wal', '-shm', '-journal'] as const
const asideKept = 4

function firstBytes(path: string): Buffer {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const bytes = Buffer.alloc(headerBytes)
    return bytes.subarray(0, readSync(fd, bytes, 0, headerBytes, 0))
  } finally {
    closeSync(fd)
  }
}

function asideNumbers(path: string): number[] {
  const start = `${basename(path)}.damaged-`
  return readdirSync(join(dirname(path)))
    .filter((name) => name.startsWith(start))
    .map((name) => Number(name.slice(start.length)))
    .filter((number) => Number.isInteger(number) && number > 0)
}

function syncPath(path: string): void {
  const fd = openSync(path, constants.O_RDONLY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
