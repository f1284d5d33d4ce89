/**
 * The directory of a commit: every node, every tile, every overview page, from the root down.
 *
 * What was found of a subtree is kept by its frame and height, so that frames which share children cost once; and all
 * frames that are read together may not exceed a few times the file, so that no brick is walked forever. Beneath damage
 * the recorded hash stands in, and what would be computed from it counts as unknown: one damage is reported once.
 */
import { equalBytes } from '../base/bytes.ts'
import { BrickDamage } from '../brick/damage.ts'
import { FrameType } from '../brick/frame.ts'
import { fanOut, hashBytes, tileBytes, tilesAt } from '../brick/merkle.ts'
import {
  checkNodeExtent,
  framePointer,
  hasFrame,
  hashesPointer,
  type NodeTable,
  parseHashes,
  parseNode,
  type Section,
  TileKind,
} from '../brick/node.ts'
import { frameBytes, type NodePointer, type Pointer } from '../brick/pointer.ts'
import { level4PageBytes } from '../kernel/kernel.ts'
import { type BrickView, merkle } from '../store/brick-view.ts'
import type { ContentCheck } from './content-check.ts'
import type { DamageList } from './damage-list.ts'
import { NodePages, OverviewKernel, type PageState } from './overview-check.ts'
import type { VerifyRequest } from './verify.ts'
import { TileCheck } from './verify-tile.ts'

/** How many times the file's size may be read, shared frames included. */
const readingsMax = 4
const rememberedMax = 4_096

export interface TreeCheckParts extends VerifyRequest {
  readonly damages: DamageList
  readonly content: ContentCheck
  /** `unknown`: some entries could not be read, so nobody can say what is owned, and overviews are not computed anew. */
  readonly owners: 'known' | 'unknown'
}

/** What is known of a subtree after it was walked. */
export interface Walked {
  /** Undefined where the damage beneath leaves it open. */
  readonly hash: Uint8Array | undefined
  /** The page that stands for it one node higher up. */
  readonly page: PageState
}

interface NodePlace {
  readonly pointer: NodePointer
  readonly height: number
  readonly firstTile: number
}

export class TreeCheck {
  readonly #parts: TreeCheckParts
  readonly #view: BrickView
  readonly #overviews = new OverviewKernel()
  readonly #tiles: TileCheck
  readonly #remembered = new Map<string, Walked>()
  #readBytes = 0
  #isOverBudget = false
  #prunedTiles = 0
  tilesSeen = 0

  constructor(parts: TreeCheckParts) {
    this.#parts = parts
    this.#view = parts.view
    this.#tiles = new TileCheck(parts, this.#overviews)
  }

  /** Tiles of which only the hash is here. */
  get prunedTiles(): number {
    return this.#prunedTiles + this.#tiles.prunedTiles
  }

  async run(): Promise<void> {
    const { record } = this.#view
    const root = await this.#node({ pointer: record.root, height: record.height, firstTile: 0 })
    if (root.hash !== undefined && !equalBytes(merkle.contentRoot(record.length, root.hash), record.contentRoot)) {
      this.#damage(record.root.node, 'node', 'the content root is not that of the directory', 'directory')
    }
    const part = `overview level ${4 * record.height + 2} page 0`
    this.#comparePage(root.page, record.topOverview, part)
  }

  async #node(place: NodePlace): Promise<Walked> {
    const { height, firstTile, pointer } = place
    const { damages, content, signal, pause, onProgress } = this.#parts
    const part = `directory node of height ${height} over tile ${firstTile}`
    const table = damages.catch({ part }, () => this.#table(place))
    const hashes = damages.catch({ part }, () => this.#hashes(pointer.hashes))
    if (table === undefined) {
      content.takeBare(firstTile, { count: tilesAt(height), hash: undefined, bytes: 'unknown' })
      return { hash: hashes && merkle.node(height, hashes), page: 'unknown' }
    }
    damages.catch({ part }, () => {
      checkNodeExtent(table, { firstTile, length: this.#view.record.length, offset: pointer.node.offset })
    })
    const pages = new NodePages(this.#overviews)
    const actual = hashes?.slice() ?? new Uint8Array(fanOut * hashBytes)
    let isWhole = true
    for (let item = 0; item < fanOut; item++) {
      const at = item * hashBytes
      const recorded = hashes?.subarray(at, at + hashBytes)
      const hash =
        height === 1
          ? this.#tiles.check({ table, item, tile: firstTile + item, recorded, pages })
          : await this.#child({ table, item, firstTile: firstTile + item * tilesAt(height - 1), recorded, pages })
      if (hash === undefined) isWhole = false
      else actual.set(hash, at)
    }
    this.#comparePages(table, pages, place)
    if (height === 1) {
      this.tilesSeen = Math.min(firstTile + fanOut, this.#view.tileCount)
      onProgress({ doneBytes: this.tilesSeen * tileBytes, totalBytes: this.#view.tileCount * tileBytes })
      await pause()
      signal.throwIfAborted()
    }
    return {
      hash: isWhole ? merkle.node(height, actual) : undefined,
      page: this.#knowsOwners() ? pages.whole() : 'unknown',
    }
  }

  /** A child node or what stands for it; gives its hash, undefined where unknown. */
  async #child(child: {
    table: NodeTable
    item: number
    firstTile: number
    recorded: Uint8Array | undefined
    pages: NodePages
  }): Promise<Uint8Array | undefined> {
    const { table, item, firstTile, recorded, pages } = child
    const height = table.height - 1
    const kind = table.a.kinds[item] as number
    const walked = hasFrame(kind)
      ? await this.#shared({
          pointer: { node: framePointer(table.a, item), hashes: hashesPointer(table.a, item) },
          height,
          firstTile,
        })
      : this.#bare(kind, { height, firstTile, recorded })
    const part = `overview level ${4 * height + 2} page ${firstTile / tilesAt(height)}`
    this.#comparePage(walked.page, framePointer(table.b, item), part)
    pages.setChild(item, this.#overviews.reduced(walked.page))
    if (walked.hash !== undefined && recorded !== undefined && !equalBytes(walked.hash, recorded)) {
      const name = `directory node of height ${height} over tile ${firstTile}`
      this.#damage(framePointer(table.a, item), 'node', `${name} does not have the hash that its parent records`, name)
      return recorded
    }
    return walked.hash ?? recorded
  }

  /** A child node, walked unless the same frames were walked before and belong to one content, or to none, again. */
  async #shared(place: NodePlace): Promise<Walked> {
    const { height, firstTile, pointer } = place
    const { content } = this.#parts
    const ownership = content.ownership(firstTile, tilesAt(height))
    if (ownership === 'mixed') return this.#node(place)
    const key = `${pointer.node.offset} ${pointer.hashes.offset} ${height} ${ownership}`
    const known = this.#remembered.get(key)
    if (known !== undefined) {
      content.takeSubtree(firstTile, { height, hash: known.hash })
      this.tilesSeen = Math.min(firstTile + tilesAt(height), this.#view.tileCount)
      return known
    }
    const walked = await this.#node(place)
    if (this.#remembered.size >= rememberedMax) this.#remembered.delete(this.#remembered.keys().next().value as string)
    this.#remembered.set(key, walked)
    return walked
  }

  #bare(kind: number, at: { height: number; firstTile: number; recorded: Uint8Array | undefined }): Walked {
    const { height, firstTile, recorded } = at
    const count = tilesAt(height)
    const { content } = this.#parts
    this.tilesSeen = Math.min(firstTile + count, this.#view.tileCount)
    if (kind === TileKind.pruned) {
      this.#prunedTiles += count
      content.takeBare(firstTile, { count, hash: undefined, bytes: 'unknown' })
      return { hash: recorded, page: 'zeros' }
    }
    const bare = kind === TileKind.unreadable ? TileKind.unreadable : TileKind.hole
    const leaf = merkle.subtree({ kind: bare, height: 0 })
    content.takeBare(firstTile, { count, hash: leaf, bytes: bare === TileKind.hole ? 'zeros' : 'unknown' })
    return { hash: merkle.subtree({ kind: bare, height }), page: 'zeros' }
  }

  #table({ pointer, height }: NodePlace): NodeTable {
    this.#spend(pointer.node)
    const { file, record } = this.#view
    const { generation, fileEnd } = record
    const { offset } = pointer.node
    return parseNode(file.frame(FrameType.node, pointer.node, record), { height, generation, fileEnd, offset })
  }

  #hashes(pointer: Pointer): Uint8Array {
    this.#spend(pointer)
    return parseHashes(this.#view.file.frame(FrameType.hashes, pointer, this.#view.record), pointer.offset)
  }

  /** Counts what is read. BrickDamage where it is too much: then the same frames are used over and over. */
  #spend(pointer: Pointer): void {
    this.#readBytes += frameBytes(pointer.storedLength) + this.#tiles.takeReadBytes()
    if (this.#readBytes <= readingsMax * this.#view.record.fileEnd) return
    const isFirst = !this.#isOverBudget
    this.#isOverBudget = true
    const detail = 'frames are used over and over, many times what the file holds; they are not followed any further'
    if (isFirst) throw new BrickDamage('node', detail, pointer.offset)
    throw new BrickDamage('node', 'not followed', pointer.offset)
  }

  /** Section C of any node. */
  #comparePages({ c }: NodeTable, pages: NodePages, { height, firstTile }: NodePlace): void {
    const tilesPerPage = tilesAt(height) / c.kinds.length
    for (let index = 0; index < c.kinds.length; index++) {
      const page = this.#knowsOwners() ? pages.page(index) : 'unknown'
      this.#comparePage(
        page,
        framePointer(c as Section, index),
        `overview level ${4 * height} page ${firstTile / tilesPerPage + index}`,
      )
    }
  }

  #comparePage(expected: PageState, pointer: Pointer, part: string): void {
    this.#parts.damages.catch({ part }, () => {
      if (pointer.offset === 0) {
        if (typeof expected !== 'string') throw new BrickDamage('node', 'it is missing though bytes beneath are owned')
        return
      }
      this.#spend(pointer)
      const stored = this.#view.file.frame(FrameType.overview, pointer, this.#view.record)
      if (stored.length !== level4PageBytes)
        throw new BrickDamage('frame-limit', `it has ${stored.length} bytes`, pointer.offset)
      if (expected === 'zeros')
        throw new BrickDamage('node', 'it is there though nothing beneath is owned', pointer.offset)
      if (expected !== 'unknown' && !equalBytes(stored, expected)) {
        throw new BrickDamage('content', 'it is not the summary of what lies beneath', pointer.offset)
      }
    })
  }

  #knowsOwners(): boolean {
    return this.#parts.owners === 'known'
  }

  #damage({ offset }: Pointer, rule: 'node', detail: string, part: string): void {
    this.#parts.damages.add({ rule, offset, detail, part })
  }
}
