/** From the path that somebody names to a source: what it is, and where its relative paths start. */

import fs from 'node:fs'
import { pid as ownPid } from 'node:process'
import { displayPath, equalBytes } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { asBuffer } from '../linux/libc.ts'
import { devicesSourceText, openDevices } from './device/open-devices.ts'
import { openJournal, openLog } from './log/open-log.ts'
import { asModules, namedModulesFolder } from './module/open-modules.ts'
import { openProcess } from './process/open-process.ts'

/**
 * `tree`: a directory and all beneath. `file`: one file. `process`: the memory of one process. `modules`: a folder of
 * kernel modules, unpacked. `log`: one log, followed across rotation. `devices`: what the kernel says of its devices.
 */
export const sourceKinds = ['tree', 'file', 'process', 'modules', 'log', 'devices'] as const
export type SourceKind = (typeof sourceKinds)[number]

export interface Source {
  readonly kind: SourceKind
  /** Absolute, without links: the directory from which entry paths start. Of one file, its directory; of a process, /proc/PID. */
  readonly root: Uint8Array
  /** Of one file or log its basename, which is also its entry's path; else empty. */
  readonly path: Uint8Array
  /** What its brick calls it where that is no path: `proc:PID@START@BOOT`, `journal:`. */
  readonly name?: Uint8Array
}

/** Names the source in META: its absolute path, or the name that it has instead. With the kind it is the source's identity. */
export function sourceName(source: Source): Uint8Array {
  return source.name ?? absolutePath(source)
}

/** Whether a brick whose META says this is of that source. */
export function isOfSource(meta: { readonly kind: string; readonly source: Uint8Array }, source: Source): boolean {
  return meta.kind === source.kind && equalBytes(meta.source, sourceName(source))
}

/**
 * Resolves links in the given path itself; inside a tree none is ever followed. Relative paths start at the working
 * directory. Errors: SOURCE_MISSING, SOURCE_UNREADABLE, SOURCE_KIND (neither file nor directory).
 */
export function openSource(path: Uint8Array): Source {
  const shown = displayPath(path)
  if (shown === devicesSourceText) return openDevices()
  if (path.length === 0)
    throw new FoundryError('SOURCE_MISSING', 'The source path is empty. Name a file or a directory.')
  const process = afterScheme(path, 'proc:')
  if (process !== undefined) return openProcess(process)
  const log = bytesAfterScheme(path, 'log:')
  if (log !== undefined) return openLog(log)
  const journal = bytesAfterScheme(path, 'journal:')
  if (journal !== undefined) return openJournal(journal)
  const modules = namedModulesFolder(path)
  if (modules !== undefined) return asModules(openSource(modules))
  try {
    const real = lastingPath(fs.realpathSync.native(asBuffer(path), { encoding: 'buffer' }), path)
    const pid = /^\/proc\/([1-9][0-9]*)$/.exec(real.toString('latin1'))?.[1]
    if (pid !== undefined) return openProcess(pid)
    const stat = fs.lstatSync(real)
    const kind = stat.isDirectory() ? 'tree' : 'file'
    if (kind === 'file' && !stat.isFile()) throw wrongKind(shown, stat)
    fs.accessSync(real, kind === 'tree' ? fs.constants.R_OK | fs.constants.X_OK : fs.constants.R_OK)
    if (kind === 'tree') return { kind, root: Uint8Array.from(real), path: new Uint8Array(0) }
    const slash = real.lastIndexOf('/')
    return {
      kind,
      root: Uint8Array.from(real.subarray(0, Math.max(slash, 1))),
      path: Uint8Array.from(real.subarray(slash + 1)),
    }
  } catch (failed) {
    throw failed instanceof FoundryError ? failed : explained(shown, failed as NodeJS.ErrnoException)
  }
}

/** `root/path`; the root alone where the path is empty. */
export function absolutePath(source: { readonly root: Uint8Array; readonly path: Uint8Array }): Uint8Array {
  const { root, path } = source
  if (path.length === 0) return root
  const needsSlash = root.at(-1) !== slashByte
  const joined = new Uint8Array(root.length + (needsSlash ? 1 : 0) + path.length)
  joined.set(root)
  if (needsSlash) joined[root.length] = slashByte
  joined.set(path, joined.length - path.length)
  return joined
}

const slashByte = 0x2f

function bytesAfterScheme(path: Uint8Array, scheme: string): Uint8Array | undefined {
  return afterScheme(path.subarray(0, scheme.length), scheme) === undefined ? undefined : path.subarray(scheme.length)
}

/**
 * /proc/net and its like lead to the process that asks, which has another number next time: they keep the name that lasts.
 * Who names a process by its number means that one.
 */
function lastingPath(real: Buffer, given: Uint8Array): Buffer {
  const own = `/proc/${ownPid}/`
  const isOwn = real.subarray(0, own.length).equals(Buffer.from(own)) && !asBuffer(given).includes(own)
  return isOwn ? Buffer.concat([Buffer.from('/proc/self/'), real.subarray(own.length)]) : real
}

/** What follows the scheme, as text; undefined where the path does not begin with it. */
function afterScheme(path: Uint8Array, scheme: string): string | undefined {
  const text = asBuffer(path).toString()
  return text.startsWith(scheme) ? text.slice(scheme.length) : undefined
}

function wrongKind(shown: string, stat: fs.Stats): FoundryError {
  const what = stat.isFIFO() ? 'a FIFO' : stat.isSocket() ? 'a socket' : 'a device'
  return new FoundryError(
    'SOURCE_KIND',
    `${shown} is ${what}: it has no bytes at rest to fold. Name a regular file or a directory.`,
  )
}

function explained(shown: string, failed: NodeJS.ErrnoException): unknown {
  if (failed.code === undefined) return failed
  if (failed.code === 'ENOENT' || failed.code === 'ENOTDIR') {
    return new FoundryError('SOURCE_MISSING', `${shown} does not exist. Check the path.`, failed)
  }
  const advice =
    failed.code === 'EACCES' || failed.code === 'EPERM' ? ' Run with more rights, or name another source.' : ''
  return new FoundryError('SOURCE_UNREADABLE', `${shown} cannot be read: ${failed.code}.${advice}`, failed)
}
