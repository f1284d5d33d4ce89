/**
 * The manifest of a portable set: which bricks belong together, of which machine, and one hash over all of them
 * (docs/crystallize.md). A folder without one is no set: it is written last.
 *
 * Read from a file that anyone may have written: bounded, every field checked, no name or place that leads elsewhere.
 */
import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { compareBytes, concatBytes, displayPath, toHex, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { BrickDamage } from '../brick/damage.ts'
import { parseJson } from '../brick/json.ts'
import { type MetaKind, metaKinds } from '../brick/meta.ts'
import { guard } from './disk-error.ts'
import { syncFolderOf } from './exclusive-file.ts'
import { lookAt, statToRead } from './look-at.ts'
import { nodeTools } from './node-tools.ts'

export const manifestName = 'manifest.json'
/** What is done of a set that is being made. */
export const journalName = '.crystallize.json'
const format = 'system-foundry set'
const manifestBytesMax = 16 * 2 ** 20

export interface SetBrick {
  /** In the folder of the set: `NAME.brick`. */
  readonly file: string
  readonly district: string
  readonly kind: MetaKind
  /** Where its entries belong, absolute and normal, or the source's own name where they are no files: `proc:12@..`. */
  readonly place: string
  readonly uuid: string
  readonly generation: number
  readonly commit: string
  readonly treeHash: string
  readonly contentRoot: string
  /** RFC 3339, of the commit. */
  readonly time: string | null
  readonly entries: number
  /** Of content. */
  readonly bytes: number
  readonly fileBytes: number
  readonly unreadable: number
  readonly torn: number
  readonly include: readonly string[]
  readonly exclude: readonly string[]
}

export interface SetLeftOut {
  readonly district: string
  readonly source: string
  readonly reason: string
  readonly message: string
}

export interface SetManifest {
  readonly tool: string
  readonly host: string
  /** Name and release of the kernel, and the machine's architecture. */
  readonly kernel: string
  /** Folder in which the system lay; `/` where it was the machine at work. */
  readonly root: string
  readonly startedAt: string
  readonly endedAt: string
  /** By file, ascending. */
  readonly bricks: readonly SetBrick[]
  readonly leftOut: readonly SetLeftOut[]
}

/** 64 hex digits: SHA-256 of one line a brick, by file: tree hash, NUL, kind, NUL, file, NUL, place, LF. */
export function setHash(bricks: readonly Pick<SetBrick, 'file' | 'kind' | 'place' | 'treeHash'>[]): string {
  const lines = byFile(bricks).map(({ file, kind, place, treeHash }) => `${treeHash}\0${kind}\0${file}\0${place}\n`)
  return toHex(nodeTools.sha256(concatBytes(lines.map(utf8))))
}

export function byFile<T extends { readonly file: string }>(bricks: readonly T[]): readonly T[] {
  return bricks.toSorted((a, b) => compareBytes(utf8(a.file), utf8(b.file)))
}

/** Durable, in one step. Errors: DISK_*. */
export function writeManifest(folder: string, manifest: SetManifest): void {
  const bricks = byFile(manifest.bricks)
  const { tool, host, kernel, root, startedAt, endedAt, leftOut } = manifest
  const about = { tool, host, kernel, root, startedAt, endedAt }
  const json = { format, version: 1, setHash: setHash(bricks), ...about, leftOut, bricks }
  writeDurably(join(folder, manifestName), utf8(`${JSON.stringify(json, undefined, 2)}\n`))
}

/** Whether the folder has a manifest, of whatever kind. Error: BRICK_MISSING where it may not be looked into. */
export function hasManifest(folder: string): boolean {
  return isFileIn(folder, manifestName)
}

/**
 * Whether a set lies there, also one that is not finished: `readManifest` says so. What is hidden itself is none.
 * Error: BRICK_MISSING where it is a folder that may not be looked into.
 */
export function isSetFolder(folder: string): boolean {
  const look = lookAt(utf8(folder))
  if (look.kind !== 'there' || !look.stat.isDirectory()) return false
  return hasManifest(folder) || isBeingMade(folder)
}

/** Whether a run into this folder is under way, or was interrupted. */
export function isBeingMade(folder: string): boolean {
  return isFileIn(folder, journalName)
}

function isFileIn(folder: string, name: string): boolean {
  return statToRead(utf8(join(folder, name)))?.isFile() === true
}

/** Errors: BRICK_MISSING where there is no manifest, BRICK_VERSION_NEWER, BRICK_DAMAGED where it is none or contradicts itself. */
export function readManifest(folder: string): SetManifest & { readonly setHash: string } {
  const path = join(folder, manifestName)
  const shown = displayPath(utf8(path))
  const bytes = manifestBytes(path, shown)
  const fail = (what: string): never => {
    throw new FoundryError(
      'BRICK_DAMAGED',
      `${shown} is no manifest of a set: ${what}. Fetch it again, or make it anew.`,
    )
  }
  const fields = new Fields(parsed(bytes, fail), fail)
  if (fields.text('format') !== format) fail('its format is another')
  if (fields.count('version') > 1) {
    throw new FoundryError('BRICK_VERSION_NEWER', `${shown} is of a newer version. Update system-foundry.`)
  }
  const bricks = fields.list('bricks').map(brickOf)
  const files = new Set(bricks.map(({ file }) => file))
  if (files.size !== bricks.length) fail('it names a file twice')
  const told = fields.hash('setHash')
  if (told !== setHash(bricks)) fail('its hash is not the one over its tree hashes')
  return {
    tool: fields.text('tool'),
    host: fields.text('host'),
    kernel: fields.text('kernel'),
    root: fields.text('root'),
    startedAt: fields.text('startedAt'),
    endedAt: fields.text('endedAt'),
    bricks: byFile(bricks),
    leftOut: fields.list('leftOut').map((each) => ({
      district: each.text('district'),
      source: each.text('source'),
      reason: each.text('reason'),
      message: each.text('message'),
    })),
    setHash: told,
  }
}

/** The run is over: its manifest is written. Errors: DISK_*. */
export function removeJournal(folder: string): void {
  const path = join(folder, journalName)
  guard(utf8(path), () => {
    rmSync(path, { force: true })
    syncFolderOf(utf8(path))
  })
}

/** A small file that is there whole or not at all. Errors: DISK_*. */
export function writeDurably(path: string, bytes: Uint8Array): void {
  guard(utf8(path), () => {
    const temporary = `${path}.partial`
    const fd = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600)
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, path)
    syncFolderOf(utf8(path))
  })
}

/** An absolute path without empty, `.` and `..` parts, or what is no path at all; no control character, which ends a line. */
function isPlace(text: string): boolean {
  if (/\p{Cc}/u.test(text)) return false
  if (!text.startsWith('/')) return text !== ''
  return (
    text === '/' ||
    text
      .slice(1)
      .split('/')
      .every((part) => part !== '' && part !== '.' && part !== '..')
  )
}

function brickOf(fields: Fields): SetBrick {
  const file = fields.text('file')
  if (!/^[A-Za-z0-9_+@-][A-Za-z0-9._+@-]{0,190}\.brick$/.test(file)) fields.fail('a file of it is no name of a brick')
  const kind = metaKinds.find((one) => one === fields.text('kind')) ?? fields.fail('a brick of it is of no known kind')
  const place = fields.text('place')
  if (!isPlace(place)) fields.fail('a place in it is no plain path')
  return {
    file,
    district: fields.text('district'),
    kind,
    place,
    uuid: fields.text('uuid'),
    generation: fields.count('generation'),
    commit: fields.hash('commit'),
    treeHash: fields.hash('treeHash'),
    contentRoot: fields.hash('contentRoot'),
    time: fields.textOrNull('time'),
    entries: fields.count('entries'),
    bytes: fields.count('bytes'),
    fileBytes: fields.count('fileBytes'),
    unreadable: fields.count('unreadable'),
    torn: fields.count('torn'),
    include: fields.texts('include'),
    exclude: fields.texts('exclude'),
  }
}

/** An object whose fields are what they have to be. */
class Fields {
  readonly fail: (what: string) => never
  readonly #fields: Record<string, unknown>

  constructor(value: unknown, fail: (what: string) => never) {
    this.fail = fail
    this.#fields = isObject(value) ? value : fail('an object of it is none')
  }

  text(name: string): string {
    const value = this.#fields[name]
    return typeof value === 'string' ? value : this.fail(`${name} is no text`)
  }

  textOrNull(name: string): string | null {
    return this.#fields[name] === null ? null : this.text(name)
  }

  hash(name: string): string {
    const value = this.text(name)
    return /^[0-9a-f]{64}$/.test(value) ? value : this.fail(`${name} is no hash`)
  }

  count(name: string): number {
    const value = this.#fields[name]
    return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : this.fail(`${name} is no count`)
  }

  texts(name: string): readonly string[] {
    const value = this.#fields[name]
    const isList = Array.isArray(value) && value.every((each) => typeof each === 'string')
    return isList ? value : this.fail(`${name} is no list of texts`)
  }

  list(name: string): readonly Fields[] {
    const value = this.#fields[name]
    return Array.isArray(value) ? value.map((each) => new Fields(each, this.fail)) : this.fail(`${name} is no list`)
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function manifestBytes(path: string, shown: string): Uint8Array {
  try {
    const { size } = statSync(path)
    if (size > manifestBytesMax) throw new FoundryError('BRICK_LIMIT', `${shown} has ${size} bytes: it is no manifest.`)
    return readFileSync(path)
  } catch (error) {
    if (error instanceof FoundryError) throw error
    const { code } = error as NodeJS.ErrnoException
    const what = `There is no set: ${shown} cannot be read (${code}).`
    throw new FoundryError('BRICK_MISSING', `${what} One that was interrupted is finished by sfd crystallize.`, error)
  }
}

function parsed(bytes: Uint8Array, fail: (what: string) => never): unknown {
  try {
    return parseJson(bytes, { rule: 'meta', sizeMax: manifestBytesMax })
  } catch (error) {
    if (error instanceof BrickDamage) return fail(error.message)
    throw error
  }
}
