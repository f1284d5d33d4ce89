/**
 * Which entries that are gone and which that are new are one entry under another name.
 *
 * A claim needs proof: the same inode with the same content (or most of it), or the same content alone. An inode by itself
 * proves nothing: systems give the number of a deleted file to the next one.
 */
import { bytesKey, equalBytes, toHex } from '../base/bytes.ts'
import { type EntryRecord, parentPath } from '../brick/entry-record.ts'
import { isSameTime } from './changed-fields.ts'

/** Content of fewer bytes proves a move only together with the same name or inode. */
export const provingBytesMin = 64

/** Entries of one inode, or one content, that are tried as what a new one was. */
const candidatesMax = 64

export interface MoveQuestion {
  readonly removed: readonly EntryRecord[]
  readonly added: readonly EntryRecord[]
  /** True where at least half of the content is the same at the same places; asked for two files with different content. */
  readonly shareContent: (before: EntryRecord, after: EntryRecord) => boolean
}

/** From each moved entry, as it is now, to what it was; no entry is in two pairs. */
export function findMoves(question: MoveQuestion): ReadonlyMap<EntryRecord, EntryRecord> {
  const search = new MoveSearch(question)
  for (const now of question.added) if (now.kind !== 'dir') search.byInode(now)
  for (const now of question.added) if (now.kind === 'dir') search.byInode(now)
  for (const now of question.added) search.byContent(now, 'same name')
  for (const now of question.added) search.byContent(now, 'any name')
  return search.moves
}

class MoveSearch {
  readonly moves = new Map<EntryRecord, EntryRecord>()
  readonly #taken = new Set<EntryRecord>()
  readonly #question: MoveQuestion
  readonly #inodes: ReadonlyMap<string, readonly EntryRecord[]>
  readonly #contents: ReadonlyMap<string, readonly EntryRecord[]>
  readonly #namedContents: ReadonlyMap<string, readonly EntryRecord[]>
  /** Of each group the first entry that may be free. */
  readonly #firstFree = new Map<readonly EntryRecord[], number>()
  #children: Children | undefined

  constructor(question: MoveQuestion) {
    this.#question = question
    this.#inodes = grouped(question.removed, inodeKey)
    this.#contents = grouped(question.removed, contentKey)
    this.#namedContents = grouped(question.removed, namedContentKey)
  }

  byInode(now: EntryRecord): void {
    const candidates = this.#free(this.#inodes.get(inodeKey(now)))
    const byName = candidates.toSorted((a, b) => nameDistance(a, now) - nameDistance(b, now))
    this.#take(
      now,
      byName.find((was) => this.#isProven(was, now)),
    )
  }

  byContent(now: EntryRecord, name: 'same name' | 'any name'): void {
    const key = name === 'same name' ? namedContentKey(now) : contentKey(now)
    if (key === undefined || this.moves.has(now)) return
    if (name === 'any name' && now.size < provingBytesMin) return
    const [was] = this.#free((name === 'same name' ? this.#namedContents : this.#contents).get(key))
    this.#take(now, was)
  }

  /** Of two entries of one inode and kind. */
  #isProven(was: EntryRecord, now: EntryRecord): boolean {
    switch (now.kind) {
      case 'file':
        if (now.contentId === undefined || was.contentId === undefined) return isSameTime(was.mtime, now.mtime)
        if (equalBytes(was.contentId, now.contentId)) return now.size > 0 || isSameTime(was.mtime, now.mtime)
        return this.#question.shareContent(was, now)
      case 'dir':
        return isSameTime(was.mtime, now.mtime) || this.#shareChildren(was, now)
      case 'symlink':
        return was.target !== undefined && now.target !== undefined && equalBytes(was.target, now.target)
      default:
        return was.rdev === now.rdev && isSameTime(was.mtime, now.mtime)
    }
  }

  /** At least half of what was in the folder is in the other one now, by name and inode. */
  #shareChildren(was: EntryRecord, now: EntryRecord): boolean {
    this.#children ??= {
      removed: grouped(this.#question.removed, parentKey),
      added: grouped(this.#question.added, parentKey),
    }
    const before = this.#children.removed.get(bytesKey(was.path)) ?? []
    const after = new Set((this.#children.added.get(bytesKey(now.path)) ?? []).map(childKey))
    const kept = before.filter((child) => after.has(childKey(child))).length
    return kept > 0 && 2 * kept >= before.length
  }

  /** At most `candidatesMax`, so that a brick whose entries all look alike is searched in linear time. */
  #free(group: readonly EntryRecord[] = []): readonly EntryRecord[] {
    let first = this.#firstFree.get(group) ?? 0
    while (first < group.length && this.#taken.has(group[first] as EntryRecord)) first++
    this.#firstFree.set(group, first)
    return group.slice(first, first + candidatesMax).filter((was) => !this.#taken.has(was))
  }

  #take(now: EntryRecord, was: EntryRecord | undefined): void {
    if (was === undefined) return
    this.moves.set(now, was)
    this.#taken.add(was)
  }
}

interface Children {
  readonly removed: ReadonlyMap<string, readonly EntryRecord[]>
  readonly added: ReadonlyMap<string, readonly EntryRecord[]>
}

function grouped(
  entries: readonly EntryRecord[],
  keyOf: (entry: EntryRecord) => string | undefined,
): ReadonlyMap<string, readonly EntryRecord[]> {
  const groups = new Map<string, EntryRecord[]>()
  for (const entry of entries) {
    const key = keyOf(entry)
    if (key === undefined) continue
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [entry])
    else group.push(entry)
  }
  return groups
}

function inodeKey({ dev, ino, kind }: EntryRecord): string {
  return `${dev} ${ino} ${kind}`
}

/** Of files with content; the size is part of what the id says. */
function contentKey({ kind, size, contentId }: EntryRecord): string | undefined {
  return kind === 'file' && size > 0 && contentId !== undefined ? toHex(contentId) : undefined
}

function namedContentKey(entry: EntryRecord): string | undefined {
  const key = contentKey(entry)
  return key && `${key} ${nameKey(entry)}`
}

function parentKey({ path }: EntryRecord): string | undefined {
  return path.length === 0 ? undefined : bytesKey(parentPath(path))
}

function childKey(entry: EntryRecord): string {
  return `${inodeKey(entry)} ${nameKey(entry)}`
}

/** 0 where both have the same name in their folders. */
function nameDistance(a: EntryRecord, b: EntryRecord): 0 | 1 {
  return nameKey(a) === nameKey(b) ? 0 : 1
}

export function nameKey({ path }: EntryRecord): string {
  const key = bytesKey(path)
  return key.slice(key.lastIndexOf('/') + 1)
}
