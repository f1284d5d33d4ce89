/**
 * Copies the directories of a brick's commits into another file, oldest first: frames that two commits share are written
 * once, in the order in which a node names them, so that locators get short.
 *
 * A frame is known to be shared by its place: the same item of the same node had the same frame in the commit before. So
 * nothing is remembered for a tile, one pair of places for a node. SHARED frames are remembered by offset, up to a bound;
 * beyond it some are written twice, which is no mistake.
 *
 * With a `Prune` tiles lose their bytes on the way: PRUNED, their hash kept, the overviews above them computed anew.
 */
import { must } from '../base/assert.ts'
import { FrameType, frameId } from '../brick/frame.ts'
import { fanOut } from '../brick/merkle.ts'
import { encodeNode, type NodeTable, parseNode, type Section, TileKind } from '../brick/node.ts'
import { copyNode, framePointer, hashesPointer, setFrame, setKind } from '../brick/node-table.ts'
import { frameBytes, type NodePointer, noPointer, type Pointer } from '../brick/pointer.ts'
import { hasFrame } from '../brick/tile-kind.ts'
import type { CopyTarget, FrameSource } from './copy-target.ts'
import { type OverviewTools, PrunedPages } from './pruned-pages.ts'

/** Which tiles lose their bytes. */
export interface Prune {
  readonly overviews: OverviewTools
  /** `offset`: of its DATA frame in the old file, 0 where it has none. */
  readonly takes: (tile: { readonly index: number; readonly offset: number }) => boolean
}

export interface CopiedRoot {
  readonly root: NodePointer
  /** Offset 0 where nothing is owned. */
  readonly topOverview: Pointer
}

interface Place {
  readonly height: number
  readonly index: number
}

/** A node in both files. `page`: its own page, of level 4 * height + 2, where pruning changed it. */
interface CopiedNode {
  readonly old: NodePointer
  readonly copied: NodePointer
  readonly page: Uint8Array | undefined
}

const sharedMax = 1 << 20

export class TreeCopy {
  readonly #target: CopyTarget
  readonly #prune: Prune | undefined
  /** The latest version of each node, by its place. */
  readonly #latest = new Map<string, CopiedNode>()
  readonly #shared = new Map<number, Pointer>()
  #top: { readonly old: Pointer; readonly copied: Pointer } | undefined
  /** Bytes that nodes written again are longer than they were. */
  grownBytes = 0
  prunedTiles = 0

  constructor(target: CopyTarget, prune: Prune | undefined) {
    this.#target = target
    this.#prune = prune
  }

  /** One commit's directory; lets others work now and then. Errors: BrickDamage, DISK_*. */
  async root(
    record: { readonly root: NodePointer; readonly height: number; readonly topOverview: Pointer },
    walk: NodeWalk,
  ): Promise<CopiedRoot> {
    const { root, height, topOverview } = record
    const node = await this.#node(root, { height, index: 0, page: topOverview }, walk)
    return { root: node.copied, topOverview: this.#topOf(topOverview, node, { height, walk }) }
  }

  #topOf(old: Pointer, node: CopiedNode, { height, walk }: { height: number; walk: NodeWalk }): Pointer {
    if (node.page !== undefined) return this.#writePage(node.page, { level: 4 * height + 2, index: 0 }) ?? noPointer
    if (old.offset === 0) return old
    if (this.#top?.old.offset !== old.offset) {
      this.#top = { old, copied: this.#target.copy(FrameType.overview, old, walk.source) }
    }
    return this.#top.copied
  }

  async #node(old: NodePointer, place: Place & { page: Pointer }, walk: NodeWalk): Promise<CopiedNode> {
    const { height, index } = place
    const key = `${height} ${index}`
    const latest = this.#latest.get(key)
    if (latest?.old.node.offset === old.node.offset && latest.old.hashes.offset === old.hashes.offset) return latest
    await walk.step()
    const table = this.#table(old, height, walk)
    const before = latest && { old: this.#table(latest.old, height, walk), copied: this.#copiedTable(latest, height) }
    const copy = copyNode(table)
    const parts: NodeParts = { table, copy, before, place, walk }
    const pruned =
      this.#prune && new PrunedPages({ overviews: this.#prune.overviews, read: (page) => this.#readPage(page, walk) })
    if (height === 1) this.#tiles(parts, pruned)
    else await this.#children(parts, pruned)
    // Pages over pruned tiles are not copied: they would tell of the bytes.
    this.#pages(parts, 'b', (item) => pruned?.changesItem(item) ?? false)
    this.#pages(parts, 'c', (group) => pruned?.changesGroup(group) ?? false)
    const page = pruned?.isTouched ? this.#prunedPages(parts, pruned) : undefined
    const node = this.#target.append({ type: FrameType.node, id: frameId(height, index), payload: encodeNode(copy) })
    const hashes = this.#target.copy(FrameType.hashes, old.hashes, walk.source)
    this.grownBytes += Math.max(0, frameBytes(node.storedLength) - frameBytes(old.node.storedLength))
    const copied = { old, copied: { node, hashes }, page }
    this.#latest.set(key, copied)
    return copied
  }

  #tiles({ table, copy, before, place, walk }: NodeParts, pruned: PrunedPages | undefined): void {
    for (let item = 0; item < fanOut; item++) {
      const kind = table.a.kinds[item] as number
      if (!hasFrame(kind) && kind !== TileKind.fill) continue
      const frame = framePointer(table.a, item)
      const index = place.index * fanOut + item
      if (pruned !== undefined && this.#prune?.takes({ index, offset: frame.offset })) {
        setKind(copy.a, item, { kind: TileKind.pruned })
        pruned.clear(item)
        this.prunedTiles++
      } else if (frame.offset > 0) {
        this.#setFrame(
          copy.a,
          item,
          this.#carried(before, 'a', item, frame) ?? this.#copy(FrameType.data, frame, kind, walk),
        )
      }
    }
  }

  async #children({ table, copy, place, walk }: NodeParts, pruned: PrunedPages | undefined): Promise<void> {
    for (let item = 0; item < fanOut; item++) {
      const node = framePointer(table.a, item)
      if (node.offset === 0) continue
      const old = { node, hashes: hashesPointer(table.a, item) }
      const child = { height: place.height - 1, index: place.index * fanOut + item, page: framePointer(table.b, item) }
      const { copied, page } = await this.#node(old, child, walk)
      const { kind, birth } = itemOf(table.a, item)
      setFrame(copy.a, item, { kind, birth, frame: copied.node, hashes: copied.hashes })
      if (page !== undefined) pruned?.change(item, page)
    }
  }

  /** Section B or C: every page that stays as it is. */
  #pages({ table, copy, before, walk }: NodeParts, name: 'b' | 'c', changes: (item: number) => boolean): void {
    const section = table[name]
    for (let item = 0; item < section.kinds.length; item++) {
      const frame = framePointer(section, item)
      if (frame.offset === 0 || changes(item)) continue
      const carried = this.#carried(before, name, item, frame)
      const kind = section.kinds[item] as number
      this.#setFrame(copy[name], item, carried ?? this.#copy(FrameType.overview, frame, kind, walk))
    }
  }

  /** Writes the pages that pruning changed; gives the node's own. */
  #prunedPages({ table, copy, place }: NodeParts, pruned: PrunedPages): Uint8Array {
    const { height, index } = place
    for (const [item, page] of pruned.children()) {
      const placed = page && this.#writePage(page, { level: 4 * height - 2, index: index * fanOut + item })
      this.#setPage(copy.b, item, placed, table.b)
    }
    for (const [group, page] of pruned.groups((at) => framePointer(table.c, at))) {
      const placed = this.#writePage(page, { level: 4 * height, index: index * copy.c.kinds.length + group })
      this.#setPage(copy.c, group, placed, table.c)
    }
    return pruned.own(place.page)
  }

  #setPage(section: Section, item: number, placed: Pointer | undefined, old: Section): void {
    if (placed === undefined) setKind(section, item, { kind: TileKind.absent })
    else
      setFrame(section, item, { kind: TileKind.stored, birth: Math.max(1, old.births[item] as number), frame: placed })
  }

  /** Undefined where nothing is owned beneath: such a page is not stored. */
  #writePage(page: Uint8Array, { level, index }: { level: number; index: number }): Pointer | undefined {
    if (must(this.#prune, 'prune').overviews.isEmpty(page)) return undefined
    return this.#target.append({ type: FrameType.overview, id: frameId(level, index), payload: page })
  }

  #setFrame(section: Section, item: number, { offset, storedLength }: Pointer): void {
    section.offsets[item] = offset
    section.lengths[item] = storedLength
  }

  /** Where the frame lies already: the commit before had it at the same item. */
  #carried(before: Before, name: 'a' | 'b' | 'c', item: number, frame: Pointer): Pointer | undefined {
    if (before === undefined || framePointer(before.old[name], item).offset !== frame.offset) return undefined
    const copied = framePointer(before.copied[name], item)
    return copied.offset === 0 || copied.storedLength !== frame.storedLength ? undefined : copied
  }

  #copy(type: FrameType, frame: Pointer, kind: number, { source }: NodeWalk): Pointer {
    if (kind !== TileKind.shared) return this.#target.copy(type, frame, source)
    const known = this.#shared.get(frame.offset)
    if (known !== undefined) return known
    const copied = this.#target.copy(type, frame, source)
    if (this.#shared.size < sharedMax) this.#shared.set(frame.offset, copied)
    return copied
  }

  #readPage(pointer: Pointer, { source }: NodeWalk): Uint8Array {
    return source.file.frame(FrameType.overview, pointer, source.bounds)
  }

  #table({ node }: NodePointer, height: number, { source, generation }: NodeWalk): NodeTable {
    const { file, bounds } = source
    const payload = file.frame(FrameType.node, node, bounds)
    return parseNode(payload, { height, generation, fileEnd: bounds.fileEnd, offset: node.offset })
  }

  #copiedTable({ copied: { node } }: CopiedNode, height: number): NodeTable {
    const { generation, end } = this.#target
    const payload = this.#target.read(FrameType.node, node)
    return parseNode(payload, { height, generation, fileEnd: end, offset: node.offset })
  }
}

/** How one commit is walked. */
export interface NodeWalk {
  readonly source: FrameSource
  readonly generation: number
  /** Awaited before every node that is new: progress, cancelling, the event loop. */
  readonly step: () => Promise<void>
}

type Before = { readonly old: NodeTable; readonly copied: NodeTable } | undefined

interface NodeParts {
  readonly table: NodeTable
  /** The table being made. */
  readonly copy: NodeTable
  readonly before: Before
  readonly place: Place & { readonly page: Pointer }
  readonly walk: NodeWalk
}

function itemOf(section: Section, item: number): { kind: 1 | 6; birth: number } {
  return { kind: section.kinds[item] as 1 | 6, birth: section.births[item] as number }
}
