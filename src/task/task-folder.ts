/**
 * Reads a folder of tasks from disk: regular files named `*.task.json`, `*.task.yaml` or `*.task.yml`, none hidden.
 *
 * A link, FIFO, device or folder of such a name is never opened, only said. What a file holds is read between two equal
 * stats. A folder that cannot be listed is `unreadable`, never empty.
 */
import { createHash } from 'node:crypto'
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { bytesKey, compareBytes, concatBytes, displayPath, utf8 } from '../base/bytes.ts'
import { parseTask, type TaskParse } from './parse-task.ts'
import { type Syntax, taskBytesMax } from './read-document.ts'
import { folderTrust, type HookTrust, trustOf } from './task-rights.ts'

export interface TaskFile {
  /** Absolute, one character a byte: tells files apart. */
  readonly key: string
  /** The same for people. */
  readonly shown: string
  /** SHA-256 of its bytes, hex; empty where they were not read. */
  readonly digest: string
  readonly trust: HookTrust
  readonly content: TaskParse | RefusedFile
}

/** It is there under a task's name, but cannot be read as one. */
export interface RefusedFile {
  readonly kind: 'refused'
  readonly reason: 'NotARegularFile' | 'TooLarge' | 'Unreadable' | 'Changing'
  readonly message: string
}

export type FolderRead =
  | {
      readonly kind: 'read'
      readonly shown: string
      /** Which folder it was, for when another is found there later. */
      readonly identity: string
      /** By name. */
      readonly files: readonly TaskFile[]
    }
  | { readonly kind: 'unreadable'; readonly shown: string; readonly why: string }

export interface FolderQuestion {
  /** Absolute. */
  readonly path: Uint8Array
  /** Whose rights hooks have. */
  readonly euid: number
  /** What it was before: the same bytes are not parsed again. */
  readonly previous?: FolderRead | undefined
}

export const taskFilesMax = 10_000

export function readTaskFolder({ path, euid, previous }: FolderQuestion): FolderRead {
  const shown = displayPath(path)
  try {
    const before = identityOf(path)
    const names = readdirSync(Buffer.from(path), { encoding: 'buffer' }).filter(isTaskName).sort(compareBytes)
    if (names.length > taskFilesMax) {
      return { kind: 'unreadable', shown, why: `it holds ${names.length} task files; at most ${taskFilesMax} are read` }
    }
    const trust = folderTrust(path, euid)
    const known = new Map(previous?.kind === 'read' ? previous.files.map((file) => [file.key, file]) : [])
    const files: TaskFile[] = []
    for (const name of names) {
      const file = readTaskFile({ path: concatBytes([path, utf8('/'), name]), euid, above: trust, known })
      if (file !== undefined) files.push(file)
    }
    // Mounted over or replaced meanwhile: what was read is neither the one nor the other.
    if (identityOf(path) !== before) return { kind: 'unreadable', shown, why: 'it was replaced while it was read' }
    return { kind: 'read', shown, identity: before, files }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return { kind: 'unreadable', shown, why: code === 'ENOENT' ? 'it does not exist' : code }
  }
}

/** Whether a file of this name is a task. */
export function isTaskName(name: Uint8Array): boolean {
  return name[0] !== dot && /\.task\.(json|ya?ml)$/.test(bytesKey(name))
}

/** JSON or YAML, by the end of a name. */
export function syntaxOf(name: Uint8Array): Syntax {
  return bytesKey(name).endsWith('.json') ? 'json' : 'yaml'
}

const dot = 0x2e
const attemptsMax = 3

interface FileQuestion {
  readonly path: Uint8Array
  readonly euid: number
  readonly above: HookTrust
  readonly known: ReadonlyMap<string, TaskFile>
}

/** Undefined where it is gone again. */
function readTaskFile({ path, euid, above, known }: FileQuestion): TaskFile | undefined {
  const key = bytesKey(path)
  const shown = displayPath(path)
  try {
    const seen = lstatSync(Buffer.from(path), { bigint: true })
    const own = trustOf({ path, stat: ownershipOf(seen), euid })
    const trust = above.kind === 'refused' ? above : own
    const bytes = contentOf(path, seen)
    if (!(bytes instanceof Uint8Array)) return { key, shown, digest: '', trust, content: bytes }
    const digest = createHash('sha256').update(bytes).digest('hex')
    const before = known.get(key)
    const content = before?.digest === digest ? before.content : parseTask(bytes, syntaxOf(path))
    return { key, shown, digest, trust, content }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    if (code === 'ENOENT') return undefined
    const message = `${shown} cannot be read: ${code}. Check its permissions and its disk.`
    return { key, shown, digest: '', trust: above, content: { kind: 'refused', reason: 'Unreadable', message } }
  }
}

function contentOf(path: Uint8Array, seen: BigIntStats): Uint8Array | RefusedFile {
  const shown = displayPath(path)
  const refused = (reason: RefusedFile['reason'], message: string): RefusedFile => ({
    kind: 'refused',
    reason,
    message: `${shown} ${message}`,
  })
  if (!seen.isFile()) return refused('NotARegularFile', 'is no regular file; a task is never read through a link.')
  if (seen.size > BigInt(taskBytesMax)) {
    return refused('TooLarge', `has ${seen.size} bytes; a task has at most ${taskBytesMax}.`)
  }
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const bytes = readOnce(path)
    if (bytes !== undefined) return bytes
  }
  return refused('Changing', 'changes while it is read. It is read again when it is quiet.')
}

/** Undefined where it changed meanwhile, or is no longer a file of that size. */
function readOnce(path: Uint8Array): Uint8Array | undefined {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY
  const fd = openSync(Buffer.from(path), flags)
  try {
    const before = fstatSync(fd, { bigint: true })
    if (!before.isFile() || before.size > BigInt(taskBytesMax)) return undefined
    const bytes = new Uint8Array(Number(before.size) + 1)
    let length = 0
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(fd, bytes, length, bytes.length - length, null)
    }
    const after = fstatSync(fd, { bigint: true })
    return length === Number(before.size) && stampOf(before) === stampOf(after) ? bytes.subarray(0, length) : undefined
  } finally {
    closeSync(fd)
  }
}

function stampOf({ dev, ino, size, mtimeNs, ctimeNs, mode, uid }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs, mode, uid].join(':')
}

function ownershipOf({ uid, gid, mode }: BigIntStats): { uid: number; gid: number; mode: number } {
  return { uid: Number(uid), gid: Number(gid), mode: Number(mode) }
}

function identityOf(path: Uint8Array): string {
  // The folder that is reached, also through a link: listing it does the same.
  const { dev, ino } = lstatSync(Buffer.concat([path, utf8('/.')]), { bigint: true })
  return `${dev}:${ino}`
}
