/**
 * How a brick differs from the live source that it was made of: what is missing, what is new, whose content or metadata
 * is other than recorded. Reads the source, never changes it; follows no link in it.
 *
 * A source that changes meanwhile differs; so does one that has become unreadable.
 */
import { fstatSync } from 'node:fs'
import { bytesKey, displayPath, equalBytes } from '../base/bytes.ts'
import type { EntryMeta, Xattr } from '../base/entry.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { ExcludeMatcher } from '../source/exclude.ts'
import { type Listed, listTree, statEntry } from '../source/list.ts'
import { literalPattern } from '../source/literal-pattern.ts'
import type { Source } from '../source/open.ts'
import type { BrickView } from '../store/brick-view.ts'
import { isUnread } from './content.ts'
import { liveContentId } from './live-content.ts'

/**
 * - missing: in the brick, not in the source. extra: in the source, not in the brick. kind: of another kind.
 * - content, size, target, link, mode, owner, mtime, xattrs, device: that is other than recorded.
 * - unreadable: the source will not show it, so nobody can say.
 */
export type DifferenceKind =
  | 'missing'
  | 'extra'
  | 'kind'
  | 'content'
  | 'size'
  | 'target'
  | 'link'
  | 'mode'
  | 'owner'
  | 'mtime'
  | 'xattrs'
  | 'device'
  | 'unreadable'

export interface SourceDifference {
  readonly path: Uint8Array
  readonly what: DifferenceKind
  /** For a person: what is recorded, what is there. */
  readonly detail: string
}

/** More differences are counted, not kept. */
export const differencesMax = 1_000

export interface AgainstRequest {
  readonly view: BrickView
  readonly source: Source
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly pause: () => Promise<void>
  readonly onProgress: (progress: {
    readonly doneBytes: number
    readonly totalBytes: number
    readonly entries: number
  }) => void
}

export interface AgainstReport {
  readonly differs: readonly SourceDifference[]
  readonly count: number
}

/** Errors: SOURCE_MISSING, SOURCE_UNREADABLE, SOURCE_KIND of what is no files; CANCELLED; BrickDamage. */
export async function compareWithSource(request: AgainstRequest): Promise<AgainstReport> {
  const { view, signal, pause, onProgress } = request
  refuseMoving(request.source)
  const recorded = new Map<string, EntryRecord>()
  for (const entry of view.entries()) recorded.set(bytesKey(entry.path), entry)
  const report = new Differences()
  /** Device and inode of every path; what a link is a link to may be listed after it. */
  const inodes = new Map<string, string>()
  const links: EntryRecord[] = []
  let doneBytes = 0
  let entries = 0
  for (const listed of listSource(request, crossedBy(recorded.values()))) {
    const key = bytesKey(listed.meta.path)
    const entry = recorded.get(key)
    recorded.delete(key)
    inodes.set(key, `${listed.meta.dev}:${listed.meta.ino}`)
    if (entry === undefined) report.add(listed.meta.path, 'extra', `a ${listed.meta.kind} that the brick does not have`)
    else compareEntry(report, { entry, listed, root: request.source.root })
    if (entry?.linkTo !== undefined && listed.meta.kind === 'file') links.push(entry)
    doneBytes += listed.meta.size
    onProgress({ doneBytes, totalBytes: view.extras.counts.bytes, entries: ++entries })
    if (entries % entriesBetweenPauses === 0 || listed.meta.size > largeBytes) await pause()
    signal.throwIfAborted()
  }
  for (const entry of links) compareLink(report, entry, inodes)
  for (const { path, kind } of recorded.values()) report.add(path, 'missing', `a ${kind} that is no longer there`)
  return { differs: report.items, count: report.count }
}

/** Why nothing but files at rest can be compared, by kind. */
const moving: Readonly<Record<Exclude<Source['kind'], 'tree' | 'file'>, string>> = {
  process: 'a process runs on while it is read, so what differs would say nothing; `sfd diff` compares two commits',
  log: 'a log goes on, and the brick holds what was rotated away; `sfd diff` compares two commits',
  devices: 'what the kernel says of its devices changes by itself; `sfd diff` compares two commits',
  modules: 'they are kept unpacked; fold them into another brick, whose tree hash is the same if nothing differs',
}

function refuseMoving({ kind }: Source): void {
  if (kind === 'tree' || kind === 'file') return
  throw new FoundryError('SOURCE_KIND', `There is nothing to compare with: ${moving[kind]}.`)
}

const entriesBetweenPauses = 64
const largeBytes = 16 * 2 ** 20

class Differences {
  readonly items: SourceDifference[] = []
  count = 0

  add(path: Uint8Array, what: DifferenceKind, detail: string): void {
    this.count++
    if (this.items.length < differencesMax) this.items.push({ path, what, detail })
  }
}

/** What the brick's own fold listed: the same exclusions, never the brick itself. */
function listSource(request: AgainstRequest, crossFilesystems: 'no' | 'yes'): Iterable<Listed> {
  const { source, clock, view, signal } = request
  const { dev, ino } = fstatSync(view.file.fd, { bigint: true })
  const patterns = [...view.meta.exclude, ...(view.meta.forgotten ?? []).map(literalPattern)]
  const exclude = new ExcludeMatcher({ patterns, inodes: [{ dev, ino }] })
  const common = { root: source.root, clock, exclude, crossFilesystems }
  if (source.kind === 'tree') return listTree({ ...common, cancelled: () => signal.aborted })
  const listed = statEntry({ ...common, path: source.path })
  return listed === undefined ? [] : [listed]
}

/** Whether the fold went into other filesystems is not recorded, but shows: several devices, and none passed over. */
function crossedBy(recorded: Iterable<EntryRecord>): 'no' | 'yes' {
  const devices = new Set<bigint>()
  for (const { dev, unreadable } of recorded) {
    if (unreadable === 'EXDEV') return 'no'
    devices.add(dev)
  }
  return devices.size > 1 ? 'yes' : 'no'
}

interface Pair {
  readonly entry: EntryRecord
  readonly listed: Listed
  readonly root: Uint8Array
}

function compareEntry(report: Differences, pair: Pair): void {
  const { entry, listed } = pair
  const { path } = entry
  const { meta } = listed
  if (entry.kind !== meta.kind) return report.add(path, 'kind', `recorded as ${entry.kind}, is ${meta.kind}`)
  compareMeta(report, entry, meta)
  if (entry.kind === 'file') compareFile(report, pair)
  if (entry.kind === 'symlink' && !equalBytes(entry.target ?? none, meta.target ?? none)) {
    report.add(path, 'target', `recorded ${displayPath(entry.target ?? none)}, is ${displayPath(meta.target ?? none)}`)
  }
}

const none = new Uint8Array(0)

function compareMeta(report: Differences, entry: EntryRecord, meta: EntryMeta): void {
  const { path } = entry
  const octal = (mode: number) => mode.toString(8).padStart(4, '0')
  if (entry.mode !== meta.mode) report.add(path, 'mode', `recorded ${octal(entry.mode)}, is ${octal(meta.mode)}`)
  if (entry.uid !== meta.uid || entry.gid !== meta.gid) {
    report.add(path, 'owner', `recorded ${entry.uid}:${entry.gid}, is ${meta.uid}:${meta.gid}`)
  }
  const isSameTime = entry.mtime.seconds === meta.mtime.seconds && entry.mtime.nanoseconds === meta.mtime.nanoseconds
  if (!isSameTime) report.add(path, 'mtime', `recorded ${timeText(entry)}, is ${timeText(meta)}`)
  if (entry.rdev !== meta.rdev) report.add(path, 'device', `recorded ${entry.rdev}, is ${meta.rdev}`)
  if (!sameXattrs(entry.xattrs, meta.xattrs))
    report.add(path, 'xattrs', 'the extended attributes are not those recorded')
}

function timeText({ mtime }: EntryMeta): string {
  return `${mtime.seconds}.${String(mtime.nanoseconds).padStart(9, '0')}`
}

function sameXattrs(a: readonly Xattr[], b: readonly Xattr[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, value }, i) => equalBytes(name, b[i]?.name ?? none) && equalBytes(value, b[i]?.value ?? none))
  )
}

function compareLink(report: Differences, { path, linkTo }: EntryRecord, inodes: ReadonlyMap<string, string>): void {
  if (linkTo === undefined || inodes.get(bytesKey(path)) === inodes.get(bytesKey(linkTo))) return
  report.add(path, 'link', `recorded as a link to ${displayPath(linkTo)}, is not one`)
}

function compareFile(report: Differences, { entry, listed, root }: Pair): void {
  const { path, linkTo } = entry
  const { meta } = listed
  if (linkTo !== undefined) return
  if (entry.size !== meta.size) return report.add(path, 'size', `recorded ${entry.size} bytes, has ${meta.size}`)
  if (isUnread(entry)) return
  if (entry.contentId === undefined) return report.add(path, 'unreadable', 'recorded with parts that could not be read')
  const live = liveContentId(root, listed)
  if (live.kind === 'unreadable') return report.add(path, 'unreadable', `it cannot be read now: ${live.why}`)
  if (!equalBytes(live.id, entry.contentId)) report.add(path, 'content', 'the bytes are not those recorded')
}
