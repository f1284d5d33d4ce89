/**
 * How a brick differs from the live source that it was made of: what is missing, what is new, whose content or metadata
 * is other than recorded. Reads the source, never changes it; follows no link in it.
 *
 * A source that changes meanwhile differs; so does one that has become unreadable.
 */
import { bytesKey, displayPath, equalBytes } from '../base/bytes.ts'
import type { EntryMeta, Xattr } from '../base/entry.ts'
import type { Clock } from '../base/ports.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { ExcludeMatcher } from '../source/exclude.ts'
import { type Listed, listTree, statEntry } from '../source/list.ts'
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
  readonly onProgress: (progress: { readonly doneBytes: number; readonly totalBytes: number; readonly entries: number }) => void
}

export interface AgainstReport {
  readonly differs: readonly SourceDifference[]
  readonly count: number
}

/** Errors: SOURCE_MISSING, SOURCE_UNREADABLE; CANCELLED; BrickDamage where the entries cannot be read. */
export async function compareWithSource(request: AgainstRequest): Promise<AgainstReport> {
  const { view, signal, pause, onProgress } = request
  const recorded = new Map<string, EntryRecord>()
  for (const entry of view.entries()) recorded.set(bytesKey(entry.path), entry)
  const report = new Differences()
  const inodes = new Map<string, string>()
  let doneBytes = 0
  let entries = 0
  for (const listed of listSource(request)) {
    const key = bytesKey(listed.meta.path)
    const entry = recorded.get(key)
    recorded.delete(key)
    inodes.set(key, `${listed.meta.dev}:${listed.meta.ino}`)
    if (entry === undefined) report.add(listed.meta.path, 'extra', `a ${listed.meta.kind} that the brick does not have`)
    else compareEntry(report, { entry, listed, inodes, root: request.source.root })
    doneBytes += listed.meta.size
    onProgress({ doneBytes, totalBytes: view.extras.counts.bytes, entries: ++entries })
    if (entries % entriesBetweenPauses === 0 || listed.meta.size > largeBytes) await pause()
    signal.throwIfAborted()
  }
  for (const { path, kind } of recorded.values()) report.add(path, 'missing', `a ${kind} that is no longer there`)
  return { differs: report.items, count: report.count }
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

function listSource({ source, clock, view, signal }: AgainstRequest): Iterable<Listed> {
  const own = { dev: 0n, ino: 0n, ...inodeOf(view) }
  const exclude = new ExcludeMatcher({ patterns: view.meta.exclude, inodes: [own] })
  const common = { root: source.root, clock, exclude, crossFilesystems: crossedBy(view) }
  if (source.kind === 'tree') return listTree({ ...common, cancelled: () => signal.aborted })
  const listed = statEntry({ ...common, path: source.path })
  return listed === undefined ? [] : [listed]
}
