/**
 * The maps of a commit: their pages, shapes and hashes, and what only all records together show: parents, links, that
 * SLOTS and the entries say the same, that regions lie in contents.
 */
import { bytesKey, compareBytes, displayPath, equalBytes } from '../base/bytes.ts'
import type { MapRoot } from '../brick/commit-record.ts'
import { BrickDamage } from '../brick/damage.ts'
import { decodeEntry, type EntryRecord, keyOfPath, parentPath, pathOfKey } from '../brick/entry-record.ts'
import { decodeHistory, decodeSlotRecord, historyGeneration, slotStart } from '../brick/map-records.ts'
import { type BrickMeta, isOneFile } from '../brick/meta.ts'
import { checkMap, type MapName } from '../brick/page-map.ts'
import { checkedRegion } from '../brick/region-scan.ts'
import type { BrickView } from '../store/brick-view.ts'
import { nodeTools } from '../store/node-tools.ts'
import { slotProblem } from './content.ts'
import { type ContentOwner, ownerOf } from './content-check.ts'
import type { DamageList } from './damage-list.ts'

export interface CheckedMaps {
  /** Entries with a slot that passed, ascending by slot, disjoint. */
  readonly owners: readonly ContentOwner[]
  /** False where ENTRIES is damaged: there are more owners than these. */
  readonly areOwnersKnown: boolean
  /** Sizes of all files, each content once. */
  readonly bytes: number
}

/** What META says that the brick is; undefined where META is damaged. */
type BrickKind = BrickMeta['kind'] | undefined

export function checkMaps(view: BrickView, kind: BrickKind, damages: DamageList): CheckedMaps {
  const { generation } = view.record
  const entries = new EntriesCheck(view, kind, damages)
  const known = damages.catch({ part: 'ENTRIES' }, () => {
    const root = checkMap(view.pages, 'entries', view.record.entries, {
      generation,
      record: (key, value) => entries.take(key, value),
    })
    checkHashes(view, root)
    return true
  })
  if (known === true) entries.finish()
  const owners = disjoint(entries.owners, damages)
  if (known === true) checkSlots(view, owners, damages)
  checkHistory(view, damages)
  checkRegions(view, known === true ? owners : undefined, damages)
  return { owners, areOwnersKnown: known === true, bytes: entries.bytes }
}

function checkHashes(
  { record }: BrickView,
  root: { readonly treeHash: Uint8Array; readonly metaHash: Uint8Array },
): void {
  const { offset } = record.entries.pointer
  if (!equalBytes(root.treeHash, record.treeHash)) {
    throw new BrickDamage('page-hash', "the commit's tree hash is not that of its entries", offset)
  }
  if (!equalBytes(root.metaHash, record.metaHash)) {
    throw new BrickDamage('page-hash', "the commit's meta hash is not that of its entries", offset)
  }
}

const noId = new Uint8Array(0)
const emptyContentId = nodeTools.sha256(new Uint8Array(0))

/** Records of ENTRIES as they come, in order of keys: a directory before what is in it, a content before its links. */
class EntriesCheck {
  readonly owners: ContentOwner[] = []
  bytes = 0
  readonly #view: BrickView
  readonly #damages: DamageList
  readonly #directories = new Set<string>()
  /** Files that are no links themselves. */
  readonly #files = new Map<string, { readonly size: number; readonly contentId: Uint8Array | undefined }>()
  readonly #kind: BrickKind
  #count = 0

  constructor(view: BrickView, kind: BrickKind, damages: DamageList) {
    this.#view = view
    this.#kind = kind
    this.#damages = damages
  }

  take(key: Uint8Array, value: Uint8Array): void {
    this.#count++
    const path = this.#damages.catch({ part: 'ENTRIES' }, () => pathOfKey(key))
    if (path === undefined) return
    this.#damages.catch({ part: 'ENTRIES', paths: [path] }, () => {
      const entry = decodeEntry(path, value)
      this.#checkPlace(entry)
      if (entry.kind === 'file') this.#checkFile(entry)
    })
  }

  finish(): void {
    const kind = this.#kind
    if (kind === undefined || (isOneFile(kind) ? this.#count === 1 : this.#directories.has(''))) return
    const detail = isOneFile(kind) ? `a one-file brick has ${this.#count} entries` : 'the root directory has no entry'
    this.#damages.add({ rule: 'entry', offset: this.#view.record.entries.pointer.offset, detail, part: 'ENTRIES' })
  }

  #checkPlace(entry: EntryRecord): void {
    const { path, kind } = entry
    if (this.#kind !== undefined && isOneFile(this.#kind)) {
      if (kind !== 'file' || path.includes(slash)) fail('entry', path, `a ${kind} in a one-file brick`)
      return
    }
    if (kind === 'dir') this.#directories.add(bytesKey(path))
    if (path.length === 0) {
      if (kind !== 'dir') fail('path', path, 'the root is not a directory')
      return
    }
    const parent = parentPath(path)
    // Without META it may be a one-file brick, whose file has no parent.
    const needsParent = this.#kind !== undefined || parent.length > 0
    if (needsParent && !this.#directories.has(bytesKey(parent))) {
      fail('path', path, 'its parent is not a directory of the brick')
    }
  }

  #checkFile(entry: EntryRecord): void {
    const { path, size, linkTo, slot, contentId, unreadable } = entry
    if (linkTo !== undefined) return this.#checkLink(entry, linkTo)
    this.#files.set(bytesKey(path), { size, contentId })
    this.bytes += size
    if (size === 0) {
      const isEmptyId = contentId !== undefined && equalBytes(contentId, emptyContentId)
      if (!isEmptyId && unreadable === undefined) fail('entry', path, 'an empty file without the content id of nothing')
      return
    }
    if (contentId === undefined && unreadable === undefined && entry.unreadableRanges === undefined) {
      fail('entry', path, 'it has no content id, and nothing says why')
    }
    if (slot === undefined) return fail('slots', path, `a file of ${size} bytes has no slot`)
    const problem = slotProblem(slot, { size, length: this.#view.record.length })
    if (problem !== undefined) fail('slots', path, problem)
    this.owners.push(ownerOf(entry, slot))
  }

  #checkLink({ path, size, contentId }: EntryRecord, linkTo: Uint8Array): void {
    const holder = this.#files.get(bytesKey(linkTo))
    if (holder === undefined)
      return fail('path', path, `${displayPath(linkTo)}, which it links to, is no file before it`)
    const isSame = equalBytes(holder.contentId ?? noId, contentId ?? noId)
    if (holder.size !== size || !isSame) fail('entry', path, `it and ${displayPath(linkTo)} have different content`)
  }
}

const slash = 0x2f

function fail(rule: 'entry' | 'path' | 'slots', path: Uint8Array, detail: string): void {
  throw new BrickDamage(rule, `${displayPath(path)}: ${detail}`)
}

/** Ascending; of two that overlap the second is left out and reported. */
function disjoint(owners: readonly ContentOwner[], damages: DamageList): readonly ContentOwner[] {
  const sorted = [...owners].sort((a, b) => a.slot.start - b.slot.start)
  const kept: ContentOwner[] = []
  for (const owner of sorted) {
    const before = kept.at(-1)
    if (before === undefined || before.slot.start + before.slot.length <= owner.slot.start) kept.push(owner)
    else {
      const detail = `slots overlap at ${owner.slot.start}`
      damages.add({ rule: 'slots', offset: -1, detail, part: 'SLOTS', paths: [before.path, owner.path] })
    }
  }
  return kept
}

/** Each slot of the map is the slot of its entry, and the reverse. */
function checkSlots(view: BrickView, owners: readonly ContentOwner[], damages: DamageList): void {
  let next = 0
  damages.catch({ part: 'SLOTS' }, () => {
    checkMap(view.pages, 'slots', view.record.slots, {
      generation: view.record.generation,
      record(key, value) {
        const start = slotStart(key)
        const { length, entryKey } = decodeSlotRecord(value)
        const owner = owners[next++]
        const isSame =
          owner !== undefined &&
          owner.slot.start === start &&
          owner.slot.length === length &&
          compareBytes(keyOfPath(owner.path), entryKey) === 0
        if (!isSame) throw new BrickDamage('slots', `slot ${start} + ${length} is not the slot of its entry`)
      },
    })
    if (next !== owners.length)
      throw new BrickDamage('slots', `${owners.length - next} entries have slots that SLOTS lacks`)
  })
}

function checkHistory(view: BrickView, damages: DamageList): void {
  const tags = new Set<string>()
  checkMapRecords(view, 'history', view.record.history, damages, (key, value) => {
    const generation = historyGeneration(key)
    const { id, commit, fileEnd, tag = '' } = decodeHistory(value)
    damages.catch({ part: `commit ${generation}` }, () => {
      if (tag !== '' && tags.has(tag)) throw new BrickDamage('commit', 'two commits have one tag', commit.offset)
      tags.add(tag)
      const { record } = view.file.commit(commit, view.record)
      const isNamed = equalBytes(record.id, id) && record.generation === generation && record.fileEnd === fileEnd
      if (!isNamed || generation >= view.record.generation) {
        throw new BrickDamage('commit', 'it is not the commit that HISTORY names', commit.offset)
      }
    })
  })
}

/** Each lies in the content of one entry; `owners` ascend, undefined where they are not known. */
function checkRegions(view: BrickView, owners: readonly ContentOwner[] | undefined, damages: DamageList): void {
  checkMapRecords(view, 'regions', view.record.regions, damages, (key, value) => {
    damages.catch({ part: 'REGIONS' }, () => {
      const { start, length } = checkedRegion(key, value)
      if (owners === undefined) return
      const owner = ownerAt(owners, start)
      const end = owner === undefined ? 0 : owner.slot.start + owner.size
      if (start >= end) throw new BrickDamage('regions', `a region begins at ${start}, in no content`)
      if (start + length > end) throw new BrickDamage('regions', `a region at ${start} reaches beyond its content`)
    })
  })
}

/** The last one whose slot begins at or before the position. */
function ownerAt(owners: readonly ContentOwner[], position: number): ContentOwner | undefined {
  let [low, high] = [0, owners.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((owners[middle] as ContentOwner).slot.start <= position) low = middle + 1
    else high = middle
  }
  return owners[low - 1]
}

function checkMapRecords(
  view: BrickView,
  map: MapName,
  root: MapRoot,
  damages: DamageList,
  record: (key: Uint8Array, value: Uint8Array) => void,
): void {
  damages.catch({ part: map.toUpperCase() }, () =>
    checkMap(view.pages, map, root, { generation: view.record.generation, record }),
  )
}
