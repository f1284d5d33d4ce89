/**
 * Copies commits of a brick into a new file, oldest first: the same ids, contents and hashes at new places, in a new epoch.
 *
 * Each commit gets its frames, its history of what was copied before it, and its COMMIT frame, as if it had been written
 * so. Nothing is visible before `finish`; until then the source may get more commits, which are copied after.
 */
import { must } from '../base/assert.ts'
import type { Run } from '../base/entry.ts'
import { type Commit, encodeCommitPayload } from '../brick/commit.ts'
import { type CommitRecord, commitRecordBytes, type MapRoot } from '../brick/commit-record.ts'
import { FrameType } from '../brick/frame.ts'
import { type BrickMeta, encodeMeta, parseMeta } from '../brick/meta.ts'
import { padBytesAfter } from '../brick/pad.ts'
import { emptyMap } from '../brick/page-map.ts'
import { frameBytes, frameHeaderBytes, noPointer, type Pointer, slotBytes } from '../brick/pointer.ts'
import { encodeSlot, inlineBytesMax } from '../brick/slot.ts'
import type { BrickFile, Head } from './brick-file.ts'
import { MapsCopy } from './copy-maps.ts'
import { RegionsCopy } from './copy-regions.ts'
import type { CopyTarget, FrameSource } from './copy-target.ts'
import { type NodeWalk, type Prune, TreeCopy } from './copy-tree.ts'
import { type HistoryItem, historyItems, updateHistory } from './history.ts'
import { nodeTools } from './node-tools.ts'
import { readOnlyPages } from './page-store.ts'

export interface BrickCopyParts {
  readonly source: BrickFile
  readonly target: CopyTarget
  /** Tiles that lose their bytes, by the generation that is copied. */
  readonly prune?: Prune & { readonly enter: (generation: number) => void }
  /** Slots whose regions are left behind, by the generation that is copied. */
  readonly regionsWithout?: (generation: number) => readonly Run[]
  /** What META of every commit says afterwards. */
  readonly meta?: (meta: BrickMeta) => BrickMeta
  /** Awaited between pieces of work. */
  readonly step: NodeWalk['step']
}

export class BrickCopy {
  readonly #parts: BrickCopyParts
  readonly #tree: TreeCopy
  readonly #maps: MapsCopy
  readonly #regions: RegionsCopy | undefined
  readonly #copied = new Map<number, Head>()
  #history: { readonly root: MapRoot; readonly items: readonly HistoryItem[] } = { root: emptyMap, items: [] }
  #meta: { readonly old: Pointer; readonly copied: CommitRecord['meta'] } | undefined

  constructor(parts: BrickCopyParts) {
    this.#parts = parts
    this.#tree = new TreeCopy(parts.target, parts.prune)
    this.#maps = new MapsCopy(parts.target)
    const { target, regionsWithout } = parts
    this.#regions = regionsWithout && new RegionsCopy(target, regionsWithout)
  }

  get commits(): number {
    return this.#copied.size
  }

  get prunedTiles(): number {
    return this.#tree.prunedTiles
  }

  /** Generations ascend. Errors: BrickDamage, DISK_*, and those of `step`. */
  async add(commit: Commit): Promise<void> {
    const { target, source, step, prune } = this.#parts
    const { record } = commit
    const { generation } = record
    target.generation = generation
    prune?.enter(generation)
    const frames: FrameSource = { file: source, bounds: record }
    const { root, topOverview } = await this.#tree.root(record, { source: frames, generation, step })
    await step()
    const maps = {
      entries: this.#maps.root('entries', record.entries, frames),
      slots: this.#maps.root('slots', record.slots, frames),
      regions: this.#regions?.root(record, frames) ?? this.#maps.root('regions', record.regions, frames),
    }
    const ownFrom = target.end
    const places = {
      root,
      topOverview,
      ...maps,
      history: this.#historyOf(record, frames),
      meta: this.#metaOf(record, frames),
      parent: this.#copied.get(generation - 1)?.commit ?? noPointer,
    }
    this.#copied.set(generation, this.#write(commit, places, ownFrom))
  }

  /** The file is complete and durable; `head` is its newest commit. */
  finish(): void {
    const { target } = this.#parts
    const heads = [...this.#copied.values()].slice(-2)
    const newest = must(heads.at(-1), 'a commit')
    const slots = heads.filter(({ record }) => record.generation >= newest.record.generation - 1)
    const encoded = slots.map((head) => ({ offset: (head.record.generation % 2) * slotBytes, bytes: this.#slot(head) }))
    target.sync()
    target.writeHead(encoded)
  }

  /** `ownFrom`: where its META and its history begin. */
  #write({ record, extrasBytes }: Commit, places: Partial<CommitRecord>, ownFrom: number): Head {
    const { target } = this.#parts
    const end = target.end + frameBytes(commitRecordBytes + extrasBytes.length)
    const grown = this.#tree.grownBytes + this.#maps.grownBytes + (this.#regions?.grownBytes ?? 0) + end - ownFrom
    const copied: CommitRecord = {
      ...record,
      ...places,
      epoch: target.epoch,
      fileEnd: end + padBytesAfter(end),
      liveBytes: Math.min(end, record.liveBytes + grown),
    }
    const payload = encodeCommitPayload({ record: copied, extras: extrasBytes, tools: nodeTools })
    const id = BigInt(record.generation)
    const commit = target.append({ type: FrameType.commit, id, payload, codec: 'raw' })
    target.pad()
    return { record: copied, commit, readOnly: false }
  }

  /** What the old history says and was copied. */
  #historyOf(record: CommitRecord, { file }: FrameSource): MapRoot {
    const before = this.#history
    const known = new Map(before.items.map((item) => [item.generation, item]))
    const items = historyItems(readOnlyPages(file, record), record.history).flatMap((old): HistoryItem[] => {
      const head = this.#copied.get(old.generation)
      if (head === undefined) return []
      const same = known.get(old.generation)
      if (same !== undefined && same.tag === old.tag) return [same]
      return [{ ...old, commit: head.commit, fileEnd: head.record.fileEnd }]
    })
    const root = updateHistory(this.#parts.target, before.root, { before: before.items, after: items })
    this.#history = { root, items }
    return root
  }

  #metaOf({ meta }: CommitRecord, frames: FrameSource): CommitRecord['meta'] {
    const { target, meta: change } = this.#parts
    if (this.#meta?.old.offset === meta.pointer.offset) return this.#meta.copied
    const copied = change === undefined ? target.copy(FrameType.meta, meta.pointer, frames) : undefined
    if (copied !== undefined) return this.#keepMeta(meta.pointer, { pointer: copied, hash: meta.hash })
    const old = parseMeta(frames.file.frame(FrameType.meta, meta.pointer, frames.bounds), meta.pointer.offset)
    const payload = encodeMeta(must(change, 'a change of META')(old))
    const pointer = target.append({ type: FrameType.meta, id: 0n, payload })
    return this.#keepMeta(meta.pointer, { pointer, hash: nodeTools.sha256(payload) })
  }

  #keepMeta(old: Pointer, copied: CommitRecord['meta']): CommitRecord['meta'] {
    this.#meta = { old, copied }
    return copied
  }

  #slot({ record, commit }: Head): Uint8Array {
    const { target } = this.#parts
    target.flush()
    const { node } = record.root
    const inline = target.file.readAt(node.offset, frameHeaderBytes + node.storedLength)
    return encodeSlot({ commit, record, tools: nodeTools, ...(inline.length <= inlineBytesMax && { inline }) })
  }
}
