/**
 * From hints to facts: lists what a scope names and says how the artifact differs from what the brick holds.
 *
 * A scope is only a hint: the lister's answer is the truth. What a look at one name makes doubtful is looked at too: a
 * parent that the brick does not know, what lies beneath a directory that came or was replaced, all names of an inode.
 * The artifact may change meanwhile: whatever the answers were, the differences lead to a tree in which every entry has
 * a directory above it and every hard link its content.
 */
import { bytesKey } from '../base/bytes.ts'
import { type EntryRecord, parentPath } from '../brick/entry-record.ts'
import type { Lister } from '../source/artifact.ts'
import type { Listed } from '../source/list.ts'
import { isDifferent } from './entry-compare.ts'
import { bareRecord, EntryTable } from './entry-table.ts'
import { type BrickModel, inodeKey, isLinked, type PathKey } from './model.ts'
import { saysParts } from './read-part.ts'

export interface Scope {
  readonly path: Uint8Array
  /** `entry`: the name and its directory's own metadata; `subtree`: everything beneath as well. */
  readonly reach: 'entry' | 'subtree'
  /** The files that the scope reaches are read again, whatever their metadata says. */
  readonly look?: 'content'
}

/** What is different: after undefined = gone. */
export interface Difference {
  readonly key: PathKey
  readonly before: EntryRecord | undefined
  readonly after: Listed | undefined
  /** The content is read again although the metadata is what it was. */
  readonly look?: 'content' | undefined
}

/** Looks at the scopes and lists the differences. `pause` is awaited now and then: the event loop goes on. */
export async function findDifferences(
  model: BrickModel,
  lister: Lister,
  options: { scopes: readonly Scope[]; pause: () => Promise<void> },
): Promise<Difference[]> {
  const survey = new Survey(model, lister, options.scopes)
  let sincePause = 0
  for (const _looked of survey.look()) if (++sincePause % pauseEvery === 0) await options.pause()
  return survey.differences()
}

const pauseEvery = 2_000

/** Whether a file is gone, not only under another name. */
export function hasLostFiles(differences: readonly Difference[]): boolean {
  const gone = differences.filter(({ before, after }) => before?.kind === 'file' && after === undefined)
  if (gone.length === 0) return false
  const here = new Set(differences.flatMap(({ after }) => (after === undefined ? [] : [inodeKey(after.meta)])))
  return gone.some(({ before }) => before !== undefined && !here.has(inodeKey(before)))
}

class Survey {
  readonly #model: BrickModel
  readonly #lister: Lister
  readonly #pending: Scope[]
  /** All names that were looked at, and the answers of those that are there: packed, for they may be a whole tree. */
  readonly #seen = new Set<PathKey>()
  readonly #there = new EntryTable()
  /** What a few listings say beside metadata. */
  readonly #extras = new Map<PathKey, Omit<Listed, 'meta'>>()
  /** What is read again, whatever its metadata says. */
  readonly #readAgain = new Set<PathKey>()
  #scopesLookedAt = 0
  #singles: ReadonlyMap<string, PathKey> | undefined

  constructor(model: BrickModel, lister: Lister, scopes: readonly Scope[]) {
    this.#model = model
    this.#lister = lister
    this.#pending = [...scopes]
  }

  /** Works through the scopes and what they lead to; yields after every entry. */
  *look(): Generator<void> {
    for (let scope = this.#pending.shift(); scope !== undefined; scope = this.#pending.shift()) {
      this.#scopesLookedAt++
      yield* this.#lookAt(this.#widened(scope))
    }
  }

  differences(): Difference[] {
    // One walk alone has parents before children and cannot contradict itself.
    if (this.#scopesLookedAt > 1) this.#dropOrphans()
    const found: Difference[] = []
    const same: Difference[] = []
    const touchedInodes = new Set<string>()
    for (const key of this.#seen) {
      const before = this.#model.entries.get(key)
      const after = this.answer(key)
      if (before === undefined && after === undefined) continue
      const isReadAgain = after?.meta.kind === 'file' && this.#readAgain.has(key)
      const each = new SeenDifference(this, { key, before, look: isReadAgain ? 'content' : undefined })
      if (before !== undefined && after !== undefined && !isReadAgain && !this.#differs(key, before, after)) {
        same.push(each)
        continue
      }
      found.push(each)
      for (const meta of [before, after?.meta]) if (meta && isLinked(meta)) touchedInodes.add(inodeKey(meta))
    }
    // The names of an inode are placed together: which of them holds the content depends on all.
    for (const each of same) {
      const meta = each.after?.meta
      if (touchedInodes.size > 0 && meta?.kind === 'file' && touchedInodes.has(inodeKey(meta))) found.push(each)
    }
    return found
  }

  *#lookAt({ path, reach, look }: Scope): Generator<void> {
    const key = bytesKey(path)
    const gone = new Set(reach === 'subtree' ? this.#model.subtree(key) : [key])
    const found = reach === 'subtree' ? this.#lister.walk(path) : single(this.#lister.stat(path))
    for (const listed of found) {
      const at = bytesKey(listed.meta.path)
      gone.delete(at)
      if (look === 'content') this.#readAgain.add(at)
      this.#note(at, listed, reach)
      yield
    }
    for (const at of gone) for (const beneath of this.#model.subtree(at)) this.#note(beneath, undefined, reach)
    if (path.length > 0) this.#lookLater(parentPath(path))
  }

  /** What was found at a name, undefined where it was not looked at or nothing is there. */
  answer(key: PathKey): Listed | undefined {
    const meta = this.#there.get(key)
    return meta && { meta, ...this.#extras.get(key) }
  }

  #differs(key: PathKey, before: EntryRecord, after: Listed): boolean {
    const { prunedBytes = 0 } = after
    return isDifferent(before, after) || prunedBytes > (this.#model.notes.get(key)?.prunedBytes ?? 0)
  }

  #keep(key: PathKey, listed: Listed | undefined): void {
    this.#seen.add(key)
    this.#extras.delete(key)
    if (listed === undefined) return this.#there.delete(key)
    this.#there.set(key, bareRecord(listed.meta))
    if (listed.content === undefined && !saysParts(listed)) return
    const { meta: _meta, ...extras } = listed
    this.#extras.set(key, extras)
  }

  /** The latest answer counts. */
  #note(key: PathKey, listed: Listed | undefined, reach: Scope['reach']): void {
    const isFirst = !this.#there.has(key)
    this.#keep(key, listed)
    if (!isFirst) return
    const before = this.#model.entries.get(key)
    if (listed !== undefined && reach === 'entry' && hasNewContents(before, listed)) {
      this.#pending.push({ path: listed.meta.path, reach: 'subtree' })
    }
    for (const name of this.#otherNames(before, listed)) {
      const entry = this.#model.entries.get(name)
      if (entry !== undefined) this.#lookLater(entry.path)
    }
  }

  /** At a name that the brick knows, unless it was looked at already. */
  #lookLater(path: Uint8Array): void {
    const key = bytesKey(path)
    if (!this.#seen.has(key) && this.#model.entries.has(key)) this.#pending.push({ path, reach: 'entry' })
  }

  /** The nearest scope whose parent the brick knows. */
  #widened(scope: Scope): Scope {
    const { entries } = this.#model
    const { look } = scope
    let { path, reach } = scope
    while (path.length > 0) {
      const parent = this.#model.get(parentPath(path))
      if (parent?.kind === 'dir' || (entries.size > 0 && !entries.has(''))) break
      path = parentPath(path)
      reach = 'subtree'
      if (look === 'content') this.#readAgain.add(bytesKey(scope.path))
    }
    return { path, reach, ...(path === scope.path && look !== undefined && { look }) }
  }

  /** Names that the brick knows of the inodes that a name had and has. */
  #otherNames(before: EntryRecord | undefined, after: Listed | undefined): PathKey[] {
    const names: PathKey[] = []
    if (before !== undefined && isLinked(before)) names.push(...this.#model.linksOf(before))
    if (after === undefined || !isLinked(after.meta)) return names
    const inode = inodeKey(after.meta)
    if (before !== undefined && isLinked(before) && inodeKey(before) === inode) return names
    names.push(...this.#model.linksOf(after.meta))
    const single = this.#singleNames().get(inode)
    if (single !== undefined) names.push(single)
    return names
  }

  /** Files that had one name only when the brick was written, by inode. Made when a new hard link is met. */
  #singleNames(): ReadonlyMap<string, PathKey> {
    if (this.#singles !== undefined) return this.#singles
    const singles = new Map<string, PathKey>()
    for (const [key, entry] of this.#model.entries) {
      if (entry.kind === 'file' && !isLinked(entry)) singles.set(inodeKey(entry), key)
    }
    this.#singles = singles
    return singles
  }

  /** Answers of different moments may leave entries beneath what is no directory any more: those are gone. */
  #dropOrphans(): void {
    if (!this.#model.entries.has('') && !this.#there.has('')) return
    for (const key of [...this.#seen]) {
      if (this.#there.get(key)?.kind === 'dir' || this.#model.entries.get(key)?.kind !== 'dir') continue
      for (const beneath of this.#model.subtree(key)) if (beneath !== key) this.#keep(beneath, undefined)
    }
    const directories = new Map<PathKey, boolean>([['', true]])
    for (const key of this.#seen) {
      if (this.#there.has(key) && key !== '' && !this.#isDirectory(keyOfParent(key), directories)) {
        this.#keep(key, undefined)
      }
    }
  }

  #isDirectory(key: PathKey, known: Map<PathKey, boolean>): boolean {
    const told = known.get(key)
    if (told !== undefined) return told
    const { kind } = (this.#seen.has(key) ? this.#there : this.#model.entries).get(key) ?? {}
    const is = kind === 'dir' && this.#isDirectory(keyOfParent(key), known)
    known.set(key, is)
    return is
  }
}

/** `after` is made each time it is asked for. */
class SeenDifference implements Difference {
  readonly key: PathKey
  readonly before: EntryRecord | undefined
  readonly look: 'content' | undefined
  readonly #survey: Survey

  constructor(survey: Survey, { key, before, look }: Pick<SeenDifference, 'key' | 'before' | 'look'>) {
    this.key = key
    this.before = before
    this.look = look
    this.#survey = survey
  }

  get after(): Listed | undefined {
    return this.#survey.answer(this.key)
  }
}

function* single(listed: Listed | undefined): Generator<Listed> {
  if (listed !== undefined) yield listed
}

/** A directory whose contents the brick cannot know, although it may know the name. */
function hasNewContents(before: EntryRecord | undefined, { meta }: Listed): boolean {
  if (meta.kind !== 'dir') return false
  if (before?.kind !== 'dir' || before.unreadable !== meta.unreadable) return true
  return before.ino !== meta.ino || before.dev !== meta.dev
}

function keyOfParent(key: PathKey): PathKey {
  return key.slice(0, Math.max(0, key.lastIndexOf('/')))
}
