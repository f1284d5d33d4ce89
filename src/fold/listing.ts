/**
 * From hints to facts: lists what a scope names and says how the artifact differs from what the brick holds.
 *
 * A scope is only a hint: the lister's answer is the truth. A name whose parent the brick does not know widens to the
 * nearest parent that it knows; names that share an inode with a changed one are looked at too.
 */
import { bytesKey } from '../base/bytes.ts'
import type { EntryMeta, Run, Timestamp } from '../base/entry.ts'
import { equalBytes } from '../base/bytes.ts'
import { type EntryRecord, parentPath } from '../brick/entry-record.ts'
import type { Listed } from '../source/list.ts'
import { type BrickModel, isLinked, type PathKey } from './model.ts'

export interface Scope {
  readonly path: Uint8Array
  /** `entry`: the name and its directory's own metadata; `subtree`: everything beneath as well. */
  readonly reach: 'entry' | 'subtree'
}

/** The artifact as the reconcile asks for it; a thin adapter over `source`. */
export interface Lister {
  /** One entry, or undefined when it is gone or excluded. */
  stat(path: Uint8Array): Listed | undefined
  /** The entry at `path` and everything beneath, parents before children; nothing where it is gone. */
  walk(path: Uint8Array): Iterable<Listed>
}

/** What is different: after undefined = gone. Parents before children. */
export interface Difference {
  readonly key: PathKey
  readonly before: EntryRecord | undefined
  readonly after: Listed | undefined
}

/** Looks at the scopes and lists the differences. `pause` is awaited now and then: the event loop goes on. */
export async function findDifferences(
  model: BrickModel,
  lister: Lister,
  options: { scopes: readonly Scope[]; pause: () => Promise<void> },
): Promise<readonly Difference[]> {
  const seen = new Map<PathKey, Listed | undefined>()
  const pending = [...options.scopes]
  let sincePause = 0
  for (let scope = pending.shift(); scope !== undefined; scope = pending.shift()) {
    const { path, reach } = widen(model, scope)
    const key = bytesKey(path)
    const gone = new Set(reach === 'subtree' ? model.subtree(key) : [key])
    const found = reach === 'subtree' ? lister.walk(path) : single(lister.stat(path))
    for (const listed of found) {
      const at = bytesKey(listed.meta.path)
      gone.delete(at)
      if (seen.has(at)) continue
      seen.set(at, listed)
      if (at === key && reach === 'entry' && becameDirectory(model, listed)) pending.push({ path, reach: 'subtree' })
      pending.push(...otherNames(model, listed, seen))
      if (++sincePause % pauseEvery === 0) await options.pause()
    }
    for (const at of gone) for (const beneath of model.subtree(at)) seen.set(beneath, undefined)
    if (reach === 'entry' && path.length > 0) {
      const parent = bytesKey(parentPath(path))
      if (!seen.has(parent) && model.entries.has(parent)) pending.push({ path: parentPath(path), reach: 'entry' })
    }
  }
  return differences(model, seen)
}

const pauseEvery = 2_000

function* single(listed: Listed | undefined): Generator<Listed> {
  if (listed !== undefined) yield listed
}

/** The nearest scope whose parent the brick knows. */
function widen(model: BrickModel, scope: Scope): Scope {
  let { path, reach } = scope
  while (path.length > 0) {
    const parent = model.get(parentPath(path))
    if (parent?.kind === 'dir' || (model.entries.size > 0 && !model.entries.has(''))) break
    path = parentPath(path)
    reach = 'subtree'
  }
  return { path, reach }
}

function becameDirectory(model: BrickModel, { meta }: Listed): boolean {
  return meta.kind === 'dir' && (model.get(meta.path)?.kind !== 'dir' || model.get(meta.path)?.unreadable !== undefined)
}

function otherNames(model: BrickModel, { meta }: Listed, seen: ReadonlyMap<PathKey, unknown>): Scope[] {
  const before = model.get(meta.path)
  const names = new Set<PathKey>()
  if (before !== undefined && isLinked(before)) for (const key of model.linksOf(before)) names.add(key)
  if (isLinked(meta)) for (const key of model.linksOf(meta)) names.add(key)
  const scopes: Scope[] = []
  for (const key of names) {
    const entry = model.entries.get(key)
    if (entry !== undefined && !seen.has(key)) scopes.push({ path: entry.path, reach: 'entry' })
  }
  return scopes
}

function differences(model: BrickModel, seen: ReadonlyMap<PathKey, Listed | undefined>): Difference[] {
  const found: Difference[] = []
  for (const [key, after] of seen) {
    const before = model.entries.get(key)
    if (before === undefined && after === undefined) continue
    if (before !== undefined && after !== undefined && !isDifferent(before, after)) continue
    found.push({ key, before, after })
  }
  return found
}

function isDifferent(before: EntryRecord, { meta, content }: Listed): boolean {
  return content !== undefined || needsReading(before, meta) || !sameMeta(before, meta)
}

/** Whether the content may be other than what the brick holds. */
export function needsReading(before: EntryRecord | undefined, meta: EntryMeta): boolean {
  if (meta.kind !== 'file') return false
  if (before === undefined || before.kind !== 'file' || before.flags.torn || before.flags.racy) return true
  if (before.unreadable !== undefined || before.unreadableRanges !== undefined) return true
  return (
    before.size !== meta.size ||
    before.ino !== meta.ino ||
    before.dev !== meta.dev ||
    !sameTime(before.mtime, meta.mtime) ||
    !sameTime(before.ctime, meta.ctime) ||
    !sameRuns(before.extents, meta.extents)
  )
}

function sameMeta(a: EntryMeta, b: EntryMeta): boolean {
  return (
    a.kind === b.kind &&
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.userName === b.userName &&
    a.groupName === b.groupName &&
    a.rdev === b.rdev &&
    a.nlink === b.nlink &&
    a.ino === b.ino &&
    a.dev === b.dev &&
    a.unreadable === b.unreadable &&
    sameTime(a.mtime, b.mtime) &&
    sameTime(a.ctime, b.ctime) &&
    equalBytes(a.target ?? noBytes, b.target ?? noBytes) &&
    a.xattrs.length === b.xattrs.length &&
    a.xattrs.every((x, i) => equalBytes(x.name, b.xattrs[i]?.name ?? noBytes) && equalBytes(x.value, b.xattrs[i]?.value ?? noBytes))
  )
}

const noBytes = new Uint8Array(0)

function sameTime(a: Timestamp, b: Timestamp): boolean {
  return a.seconds === b.seconds && a.nanoseconds === b.nanoseconds
}

function sameRuns(a: readonly Run[] | undefined, b: readonly Run[] | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.length === b.length && a.every((run, i) => run.start === b[i]?.start && run.length === b[i]?.length)
}
