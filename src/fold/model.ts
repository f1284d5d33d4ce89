/**
 * What a brick holds, in memory while it is being written: entries by path, who owns which tile, which names share an
 * inode, which space is free.
 *
 * It always says what the next commit will say. After a failure half-way it is worthless: throw it away and load again.
 */
import { must } from '../base/assert.ts'
import { bytesKey } from '../base/bytes.ts'
import type { EntryMeta, Run } from '../base/entry.ts'
import type { CommitCounts } from '../brick/commit-extras.ts'
import { BrickDamage } from '../brick/damage.ts'
import { type EntryRecord, parentPath } from '../brick/entry-record.ts'
import { SlotSpace } from '../layout/slot-space.ts'
import { EntryTable, type PathKey } from './entry-table.ts'

export type { PathKey } from './entry-table.ts'

const tileSizeBytes = 65_536

/** Of a content whose lister says more than metadata. */
export interface ContentNotes {
  /** Runs of it that are not what the source had: read while they changed. */
  readonly unsure: readonly Run[] | undefined
  /** Bytes at its beginning that its lister said are not to be had any more. */
  readonly prunedBytes: number
}

export class BrickModel {
  readonly entries = new EntryTable()
  readonly space = new SlotSpace()
  /** What a record has no place for; it goes with its entry, and with this process. */
  readonly notes = new Map<PathKey, ContentNotes>()
  /** Entries of at most a tile, by the tile that holds them. */
  readonly #small = new Map<number, Set<PathKey>>()
  readonly #children = new Map<PathKey, Set<PathKey>>()
  /** Names of one inode, where it has several. */
  readonly #links = new Map<string, Set<PathKey>>()
  #counts = { entries: 0, bytes: 0, unreadable: 0, torn: 0 }

  /** Errors: BRICK_DAMAGED where slots overlap. */
  static load(entries: Iterable<EntryRecord>): BrickModel {
    const model = new BrickModel()
    for (const entry of entries) {
      if (entry.slot !== undefined && model.space.claim(entry.slot).kind !== 'claimed') {
        throw new BrickDamage('slots', `the slot of ${bytesKey(entry.path)} overlaps another or is none`)
      }
      model.set(entry)
    }
    return model
  }

  /** `bytes` counts a content once, whatever its number of names. */
  get counts(): CommitCounts {
    return { ...this.#counts }
  }

  get(path: Uint8Array): EntryRecord | undefined {
    return this.entries.get(bytesKey(path))
  }

  /** Adds or replaces; the slot is the caller's business. */
  set(entry: EntryRecord): void {
    const key = bytesKey(entry.path)
    const before = this.entries.get(key)
    if (before !== undefined) this.#unlink(key, before)
    this.entries.set(key, entry)
    this.#count(entry, 1)
    if (entry.path.length > 0) add(this.#children, bytesKey(parentPath(entry.path)), key)
    if (isLinked(entry)) add(this.#links, inodeKey(entry), key)
    if (entry.slot !== undefined && entry.slot.length <= tileSizeBytes) add(this.#small, tileOf(entry.slot.start), key)
  }

  delete(key: PathKey): void {
    const entry = must(this.entries.get(key), `entry ${key}`)
    this.#unlink(key, entry)
    this.entries.delete(key)
    this.notes.delete(key)
    if (entry.path.length > 0) remove(this.#children, bytesKey(parentPath(entry.path)), key)
  }

  /** Entries of at most a tile whose slots lie in this tile. */
  inTile(tile: number): readonly EntryRecord[] {
    return [...(this.#small.get(tile) ?? [])].map((key) => must(this.entries.get(key), `entry ${key}`))
  }

  childrenOf(key: PathKey): ReadonlySet<PathKey> {
    return this.#children.get(key) ?? empty
  }

  /** The entry and everything beneath it. */
  *subtree(key: PathKey): Generator<PathKey> {
    const pending = this.entries.has(key) ? [key] : []
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      yield next
      pending.push(...this.childrenOf(next))
    }
  }

  /** Paths known to share the inode of this file. */
  linksOf(meta: EntryMeta): ReadonlySet<PathKey> {
    return this.#links.get(inodeKey(meta)) ?? empty
  }

  /** Gives the content id of the name that holds a content to all its other names. */
  shareContent(holder: PathKey): void {
    const entry = must(this.entries.get(holder), `entry ${holder}`)
    if (!isLinked(entry)) return
    for (const key of [...this.linksOf(entry)]) {
      const { contentId: _id, ...name } = must(this.entries.get(key), `entry ${key}`)
      if (name.linkTo === undefined) continue
      this.set(entry.contentId === undefined ? name : { ...name, contentId: entry.contentId })
    }
  }

  #count(entry: EntryRecord, by: 1 | -1): void {
    this.#counts.entries += by
    if (entry.linkTo === undefined) this.#counts.bytes += by * entry.size
    if (entry.unreadable !== undefined) this.#counts.unreadable += by
    if (entry.flags.torn) this.#counts.torn += by
  }

  #unlink(key: PathKey, entry: EntryRecord): void {
    this.#count(entry, -1)
    if (isLinked(entry)) remove(this.#links, inodeKey(entry), key)
    if (entry.slot !== undefined && entry.slot.length <= tileSizeBytes) {
      remove(this.#small, tileOf(entry.slot.start), key)
    }
  }
}

const empty: ReadonlySet<PathKey> = new Set()

export function isLinked(meta: EntryMeta): boolean {
  return meta.kind === 'file' && meta.nlink > 1
}

export function inodeKey({ dev, ino }: EntryMeta): string {
  return `${dev}:${ino}`
}

function tileOf(position: number): number {
  return Math.floor(position / tileSizeBytes)
}

function add<K>(sets: Map<K, Set<PathKey>>, at: K, key: PathKey): void {
  const set = sets.get(at)
  if (set === undefined) sets.set(at, new Set([key]))
  else set.add(key)
}

function remove<K>(sets: Map<K, Set<PathKey>>, at: K, key: PathKey): void {
  const set = sets.get(at)
  if (set === undefined) return
  set.delete(key)
  if (set.size === 0) sets.delete(at)
}
