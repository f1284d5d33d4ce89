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
import { needsReading } from './entry-compare.ts'
import { bareRecord } from './entry-table.ts'
import type { Difference } from './listing.ts'
import { type BrickModel, inodeKey, isLinked, type PathKey } from './model.ts'

/** A content that has to be read into its slot. What was listed of it is the holder's record: a batch may be large. */
export interface Reading {
  readonly holder: PathKey
  readonly slot: Run
  readonly sizeBytes: number
  /** What the lister has read already (pseudo files). */
  readonly content?: Uint8Array
}

export interface Placing {
  readonly readings: readonly Reading[]
  /** Contents that the lister says nobody can read: their slots hold nothing. */
  readonly unreadable: readonly Reading[]
  /** Slots that nothing owns any more. */
  readonly freed: readonly EntryRecord[]
}

interface Former {
  readonly key: PathKey
  readonly record: EntryRecord
}

export function placeContents(model: BrickModel, differences: readonly Difference[]): Placing {
  return new Batch(model, differences).run()
}

class Batch {
  readonly #model: BrickModel
  readonly #differences: readonly Difference[]
  readonly #formerByPath = new Map<PathKey, Former>()
  readonly #formerByInode = new Map<string, Former>()
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
      else if (group !== undefined) group.push(after)
      else this.#place(after, this.#takeFormer(after.meta, ['path', 'inode']))
    }
    for (const names of groups.values()) this.#placeLinks(names)
    const freed = [...this.#outgrown, ...[...this.#formerByPath.values()].map(({ record }) => record)]
    return { readings: this.#readings, unreadable: this.#unreadable, freed }
  }

  /** Inodes of several names; a name that was looked at before the others were made belongs to them as well. */
  #linkedInodes(): Map<string, Listed[]> {
    const groups = new Map<string, Listed[]>()
    for (const { after } of this.#differences) if (after && isLinked(after.meta)) groups.set(inodeKey(after.meta), [])
    return groups
  }

  /** Takes what differs out of the model; slots are remembered. */
  #forget(): void {
    for (const { key, before, look } of this.#differences) {
      if (look === 'content') this.#readAgain.add(key)
      if (before === undefined) continue
      if (before.slot !== undefined) {
        const former = { key, record: before }
        this.#formerByPath.set(key, former)
        this.#formerByInode.set(inodeKey(before), former)
      }
      this.#model.delete(key)
    }
  }

  #takeFormer(meta: EntryMeta, by: readonly ('path' | 'inode')[]): EntryRecord | undefined {
    for (const how of by) {
      const former =
        how === 'path' ? this.#formerByPath.get(bytesKey(meta.path)) : this.#formerByInode.get(inodeKey(meta))
      if (former === undefined || !this.#formerByPath.has(former.key)) continue
      if (how === 'inode' && !this.#isAbandoned(former)) continue
      this.#formerByPath.delete(former.key)
      return former.record
    }
    return undefined
  }

  /** Whether no file of this batch has a better right to the slot: the one at its own path. */
  #isAbandoned({ key, record }: Former): boolean {
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

  /** `former`: the record whose slot and content this file may take over. */
  #place(listed: Listed, former: EntryRecord | undefined): void {
    const { meta } = listed
    const key = bytesKey(meta.path)
    const kept = former?.slot !== undefined && keepsSlot({ slotLength: former.slot.length, sizeBytes: meta.size })
    if (former !== undefined && !kept) this.#outgrown.push(former)
    const outgrown = former !== undefined && !kept && meta.size > 0 ? 1 : 0
    const grown = (former?.grown ?? 0) + outgrown
    const slot = kept ? former.slot : this.#newSlot(meta, grown)
    const bare = { ...bareRecord(meta), grown, unknown: former?.unknown ?? [] }
    const isEmpty = meta.size === 0 && meta.unreadable === undefined
    const isDoubted = this.#readAgain.has(key) || listed.content !== undefined || needsReading(former, meta)
    const known = kept && !isDoubted
    this.#model.set({
      ...bare,
      ...(slot !== undefined && { slot }),
      ...(isEmpty && { contentId: emptyContentId }),
      ...(known && former.contentId !== undefined && { contentId: former.contentId }),
      ...(known && former.sha256 !== undefined && { sha256: former.sha256 }),
      ...(listed.content !== undefined && { flags: { ...bare.flags, special: true } }),
    })
    if (slot === undefined || known) return
    const { content } = listed
    const reading = { holder: key, slot, sizeBytes: meta.size, ...(content !== undefined && { content }) }
    const isReadable = meta.unreadable === undefined || content !== undefined
    ;(isReadable ? this.#readings : this.#unreadable).push(reading)
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

function isLater(a: Timestamp, b: Timestamp): boolean {
  return a.seconds > b.seconds || (a.seconds === b.seconds && a.nanoseconds > b.nanoseconds)
}
