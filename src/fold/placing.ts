/**
 * Gives every changed file its slot: the one at its path, else the one its inode had under another name, else a new one.
 * So a file replaced by rename stays where it is on the map, and so does a file that is renamed.
 *
 * Names of one inode share one content, held by the name with the smallest key. Nothing is read or written here.
 */
import { must } from '../base/assert.ts'
import { bytesKey, compareBytes, displayPath } from '../base/bytes.ts'
import type { EntryMeta, Run, Timestamp } from '../base/entry.ts'
import { FoundryError } from '../base/errors.ts'
import { type EntryRecord, keyOfPath, parentPath } from '../brick/entry-record.ts'
import { entrySizeBytesMax, keepsSlot, slotShapeFor } from '../layout/slots.ts'
import type { Listed } from '../source/list.ts'
import { nodeTools } from '../store/node-tools.ts'
import { isUnread, needsReading } from './entry-compare.ts'
import { bareRecord } from './entry-table.ts'
import type { Difference } from './listing.ts'
import { type BrickModel, inodeKey, isLinked, type PathKey } from './model.ts'
import { type Former, planPart, type ReadPart, saysParts } from './read-part.ts'
import { dataRuns, difference } from './runs.ts'

/** A content that has to be read into its slot. What was listed of it is the holder's record: a batch may be large. */
export interface Reading {
  readonly holder: PathKey
  readonly slot: Run
  readonly sizeBytes: number
  /** What the lister has read already (pseudo files). */
  readonly content?: Uint8Array
  /** Left out: all of its data is read. */
  readonly part?: ReadPart
}

export interface Placing {
  readonly readings: readonly Reading[]
  /** Contents that the lister says nobody can read: their slots hold nothing. */
  readonly unreadable: readonly Reading[]
  /** Slots that nothing owns any more. */
  readonly freed: readonly EntryRecord[]
}

/** Whether the slot holds what of the content is not read. */
export function staysInPlace({ slot, part }: Reading): boolean {
  return part?.from !== undefined && part.from.start === slot.start && part.from.length === slot.length
}

/** Data of a content that is read, of its record, without what nobody has. */
export function readableData({ part }: Reading, entry: EntryRecord): readonly Run[] {
  return part === undefined || part.lost.length === 0 ? dataRuns(entry) : difference(dataRuns(entry), part.lost)
}

interface Room {
  /** Undefined: it needs none. */
  readonly slot: Run | undefined
  /** How often it has outgrown one. */
  readonly grown: number
  readonly isKept: boolean
}

/** An entry as it was, with the slot that its content has. */
interface FormerEntry extends Former {
  readonly key: PathKey
}

export function placeContents(model: BrickModel, differences: readonly Difference[]): Placing {
  return new Batch(model, differences).run()
}

class Batch {
  readonly #model: BrickModel
  readonly #differences: readonly Difference[]
  readonly #formerByPath = new Map<PathKey, FormerEntry>()
  readonly #formerByInode = new Map<string, FormerEntry>()
  /** By path of the entry that it has become: what its lister says differs is told of that content. */
  readonly #renamed = new Map<PathKey, FormerEntry>()
  /** Slots that their own entry did not keep. */
  readonly #outgrown: EntryRecord[] = []
  readonly #readings: Reading[] = []
  readonly #unreadable: Reading[] = []
  /** Contents that are read again although the metadata is what it was. */
  readonly #readAgain = new Set<PathKey>()
  #cursor = 0

  constructor(model: BrickModel, differences: readonly Difference[]) {
    this.#model = model
    this.#differences = differences
  }

  run(): Placing {
    this.#forget()
    const groups = this.#linkedInodes()
    for (const { after } of this.#differences) {
      if (after === undefined) continue
      const group = groups.size > 0 && after.meta.kind === 'file' ? groups.get(inodeKey(after.meta)) : undefined
      if (after.meta.kind !== 'file') this.#model.set(bareRecord(after.meta))
      else if (group !== undefined) group.push(asWhole(after))
      else if (saysParts(after)) this.#placeInPart(after)
      else this.#place(after, this.#takeFormer(after.meta, ['path', 'inode']))
    }
    for (const names of groups.values()) this.#placeLinks(names)
    const freed = [...this.#outgrown, ...[...this.#formerByPath.values()].map(({ record }) => record)]
    return { readings: this.#readings, unreadable: this.#unreadable, freed }
  }

  /** Inodes of several names; a name that was looked at before the others were made belongs to them as well. */
  #linkedInodes(): Map<string, Listed[]> {
    const groups = new Map<string, Listed[]>()
    for (const { after } of this.#differences) {
      if (after && isLinked(after.meta)) groups.set(inodeKey(after.meta), [])
      else if (after?.changed !== undefined && after.meta.kind === 'file') this.#followRename(after.meta)
    }
    return groups
  }

  /** The content of an entry under a new name, and under that name alone. */
  #followRename(meta: EntryMeta): void {
    const key = bytesKey(meta.path)
    const former = this.#formerByInode.get(inodeKey(meta))
    if (former === undefined || former.key === key || !this.#formerByPath.has(former.key)) return
    const heir = this.#afterOf.get(former.key)
    if (heir !== undefined && inodeKey(heir.meta) === inodeKey(former.record)) return
    this.#formerByPath.delete(former.key)
    this.#renamed.set(key, former)
  }

  /** Takes what differs out of the model; slots are remembered. */
  #forget(): void {
    for (const { key, before, look } of this.#differences) {
      if (look === 'content') this.#readAgain.add(key)
      if (before === undefined) continue
      if (before.slot !== undefined) {
        const { unsure, prunedBytes = 0 } = this.#model.notes.get(key) ?? {}
        const former = { key, record: before, unsure, prunedBytes }
        this.#formerByPath.set(key, former)
        this.#formerByInode.set(inodeKey(before), former)
      }
      this.#model.delete(key)
    }
  }

  #takeFormer(meta: EntryMeta, by: readonly ('path' | 'inode')[]): FormerEntry | undefined {
    for (const how of by) {
      const former =
        how === 'path' ? this.#formerByPath.get(bytesKey(meta.path)) : this.#formerByInode.get(inodeKey(meta))
      if (former === undefined || !this.#formerByPath.has(former.key)) continue
      if (how === 'inode' && !this.#isAbandoned(former)) continue
      this.#formerByPath.delete(former.key)
      return former
    }
    return undefined
  }

  /** Whether no file of this batch has a better right to the slot: the one at its own path. */
  #isAbandoned({ key, record }: FormerEntry): boolean {
    const heir = this.#afterOf.get(key)
    return heir === undefined || heir.meta.kind !== 'file' || inodeKey(heir.meta) === inodeKey(record)
  }

  get #afterOf(): ReadonlyMap<PathKey, Listed> {
    this.#afters ??= new Map(
      this.#differences.flatMap(({ key, after }) => (after === undefined ? [] : [[key, after] as const])),
    )
    return this.#afters
  }
  #afters: ReadonlyMap<PathKey, Listed> | undefined

  /** All names of one inode, as one commit must show them: with the metadata of the name that was looked at last. */
  #placeLinks(names: readonly Listed[]): void {
    const newest = names.reduce((a, b) => (isLater(b.meta.ctime, a.meta.ctime) ? b : a))
    const nlink = Math.max(...names.map(({ meta }) => meta.nlink))
    const alike = names.map(({ meta: { path } }) => ({ ...newest, meta: { ...newest.meta, nlink, path } }))
    const sorted = alike.sort((a, b) => compareBytes(keyOfPath(a.meta.path), keyOfPath(b.meta.path)))
    const [holder, ...others] = sorted
    const first = must(holder, 'a name of a linked file')
    if (names.some(({ meta }) => this.#readAgain.has(bytesKey(meta.path)))) {
      this.#readAgain.add(bytesKey(first.meta.path))
    }
    this.#place(first, this.#takeFormer(first.meta, ['inode', 'path']))
    for (const { meta } of others) this.#model.set({ ...bareRecord(meta), linkTo: first.meta.path })
    this.#model.shareContent(bytesKey(first.meta.path))
  }

  /** `former`: the entry whose slot and content this file may take over. */
  #place(listed: Listed, former: FormerEntry | undefined): void {
    const { meta, content } = listed
    const key = bytesKey(meta.path)
    const room = this.#roomFor(meta, former?.record)
    const isUnreadable = meta.unreadable !== undefined && content === undefined
    const isDoubted =
      this.#readAgain.has(key) || content !== undefined || isUnreadable || needsReading(former?.record, meta)
    const known = room.isKept && !isDoubted
    this.#write(listed, { ...room, former: former?.record, has: known ? 'content' : 'nothing' })
    if (room.slot === undefined || known) return
    const { slot } = room
    const reading = { holder: key, slot, sizeBytes: meta.size, ...(content !== undefined && { content }) }
    ;(isUnreadable ? this.#unreadable : this.#readings).push(reading)
  }

  /** A file whose lister says which of its bytes differ from those that the brick has. */
  #placeInPart(listed: Listed): void {
    const { meta, prunedBytes = 0 } = listed
    if (meta.unreadable !== undefined || listed.content !== undefined) return this.#placeWhole(listed)
    const key = bytesKey(meta.path)
    const own = this.#renamed.get(key) ?? this.#takeFormer(meta, ['path'])
    const former = own ?? this.#takeFormer(meta, ['inode'])
    const room = this.#roomFor(meta, former?.record)
    const { slot } = room
    const part = slot && planPart({ listed, former: own, slot, isReadAgain: this.#readAgain.has(key) })
    this.#write(listed, { ...room, former: former?.record, has: part === 'known' ? 'content' : 'nothing' })
    if (prunedBytes > 0) this.#model.notes.set(key, { unsure: undefined, prunedBytes })
    if (slot === undefined || part === undefined || part === 'known') return
    this.#readings.push({ holder: key, slot, sizeBytes: meta.size, part })
  }

  /** Nobody can read it, or all of it came with the listing. */
  #placeWhole(listed: Listed): void {
    const { meta, changed, content } = listed
    const former = this.#renamed.get(bytesKey(meta.path)) ?? this.#takeFormer(meta, ['path', 'inode'])
    if (former === undefined || content !== undefined || changed?.length !== 0) return this.#place(listed, former)
    const { record } = former
    const isAsBefore = isUnread(record) && record.unreadable === meta.unreadable && record.size === meta.size
    if (!isAsBefore) return this.#place(listed, former)
    this.#write(listed, { ...this.#roomFor(meta, record), former: record, has: 'nothing' })
  }

  /** Its slot: the one that it has, where that still fits. */
  #roomFor(meta: EntryMeta, former: EntryRecord | undefined): Room {
    const isKept = former?.slot !== undefined && keepsSlot({ slotLength: former.slot.length, sizeBytes: meta.size })
    if (former !== undefined && !isKept) this.#outgrown.push(former)
    const outgrown = former !== undefined && !isKept && meta.size > 0 ? 1 : 0
    const grown = (former?.grown ?? 0) + outgrown
    return { slot: isKept ? former.slot : this.#newSlot(meta, grown), grown, isKept }
  }

  /** `has`: whether the content is the one that the former record names. */
  #write(
    listed: Listed,
    { slot, grown, former, has }: Room & { former: EntryRecord | undefined; has: 'content' | 'nothing' },
  ): void {
    const { meta } = listed
    const bare = { ...bareRecord(meta), grown, unknown: former?.unknown ?? [] }
    const isEmpty = meta.size === 0 && meta.unreadable === undefined
    const known = has === 'content' ? former : undefined
    this.#model.set({
      ...bare,
      ...(slot !== undefined && { slot }),
      ...(isEmpty && { contentId: emptyContentId }),
      ...(known?.contentId !== undefined && { contentId: known.contentId }),
      ...(known?.sha256 !== undefined && { sha256: known.sha256 }),
      ...(listed.content !== undefined && { flags: { ...bare.flags, special: true } }),
    })
  }

  #newSlot(meta: EntryMeta, grown: number): Run | undefined {
    if (meta.size > entrySizeBytesMax) {
      throw new FoundryError(
        'BRICK_LIMIT',
        `${displayPath(meta.path)} has ${meta.size} bytes; a brick holds files of up to ${entrySizeBytesMax}. Exclude it.`,
      )
    }
    const shape = slotShapeFor({ sizeBytes: meta.size, slack: grown > 0 ? 'grown' : 'none' })
    if (shape === undefined) return undefined
    const start = this.#model.space.takeBeside(shape, this.#neighbourEnd(meta))
    if (start === undefined) {
      throw new FoundryError(
        'BRICK_LIMIT',
        `${displayPath(meta.path)} does not fit: a brick's space ends at 2^47 bytes. Exclude something.`,
      )
    }
    this.#cursor = start + shape.length
    return { start, length: shape.length }
  }

  /** Where the file before it in its directory ends; in a first fold, the file placed last. */
  #neighbourEnd(meta: EntryMeta): number {
    if (this.#differences.length >= manyDifferences) return this.#cursor
    let looked = 0
    for (const key of this.#model.childrenOf(bytesKey(parentPath(meta.path)))) {
      const slot = this.#model.entries.get(key)?.slot
      if (slot !== undefined) return slot.start + slot.length
      if (++looked === siblingsLookedAt) break
    }
    return this.#cursor
  }
}

const siblingsLookedAt = 64
/** From here on a batch is laid out in its own order. */
const manyDifferences = 1_000

/** SHA-256 of nothing. */
const emptyContentId = nodeTools.sha256(new Uint8Array(0))

/** Names of one inode are read whole: none of them alone says what became of the content. */
function asWhole({ meta, content }: Listed): Listed {
  return { meta, ...(content !== undefined && { content }) }
}

function isLater(a: Timestamp, b: Timestamp): boolean {
  return a.seconds > b.seconds || (a.seconds === b.seconds && a.nanoseconds > b.nanoseconds)
}
