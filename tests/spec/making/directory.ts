/** The frames of a planned space, from the tiles up: DATA, OVERVIEW, NODE and HASHES. */
import { toHex } from '../../../src/base/bytes.ts'
import { FrameType, frameId } from '../../../src/brick/frame.ts'
import { fanOut, tileBytes, tilesAt } from '../../../src/brick/merkle.ts'
import {
  createNode,
  encodeNode,
  type NodeTable,
  pageGroups,
  type Section,
  setFrame,
  setKind,
} from '../../../src/brick/node.ts'
import { type NodePointer, noPointer, type Pointer } from '../../../src/brick/pointer.ts'
import { TileKind } from '../../../src/brick/tile-kind.ts'
import { level4PageBytes, pageTexels, planeCount } from '../../../src/kernel/pages.ts'
import { describeTile, reducePage, type TileDescription } from '../../../src/kernel/reference.ts'
import { nodeTools } from '../../../src/store/node-tools.ts'
import type { FrameLog } from './frame-log.ts'
import type { PlannedSpace } from './space.ts'

/** What a damaged fixture does to a payload before its frame is made; everything above it is made from the result. */
export interface DirectoryChanges {
  readonly tile?: (bytes: Uint8Array, tile: number) => Uint8Array
  readonly table?: (table: NodeTable) => void
  readonly node?: (payload: Uint8Array) => Uint8Array
  readonly hashes?: (payload: Uint8Array) => Uint8Array
  /** Undefined: left out. */
  readonly overview?: (
    page: Uint8Array | undefined,
    place: { readonly level: number; readonly index: number },
  ) => Uint8Array | undefined
}

export interface DirectoryPlan {
  readonly space: PlannedSpace
  readonly log: FrameLog
  readonly generation: number
  readonly height: number
  /** Equal tiles have one frame. */
  readonly tiles: 'single' | 'shared'
  readonly changes: DirectoryChanges
}

export function writeDirectory(plan: DirectoryPlan): { readonly root: NodePointer; readonly top: Pointer } {
  const directory = new Directory(plan)
  const { node, hashes, page } = directory.node(plan.height, 0)
  const top = directory.overview(page, { level: 4 * plan.height + 2, index: 0 })
  return { root: { node: node.pointer, hashes: hashes.pointer }, top: top?.pointer ?? noPointer }
}

interface Placed {
  readonly pointer: Pointer
  readonly birth: number
}

const chunkTexels = 256

class Directory {
  readonly #plan: DirectoryPlan

  constructor(plan: DirectoryPlan) {
    this.#plan = plan
  }

  /** `page`: of level 4 * height + 2, undefined where nothing beneath is owned. */
  node(height: number, index: number): { node: Placed; hashes: Placed; page: Uint8Array | undefined } {
    const { space, changes } = this.#plan
    const table = createNode(height)
    const chunks = Array.from({ length: fanOut }, (_, i) => {
      const child = index * fanOut + i
      return height === 1 ? this.#tile(table, i, child) : this.#child(table, i, child)
    })
    const groups = Array.from({ length: pageGroups }, (_, group) => {
      const page = joined(chunks.slice(16 * group, 16 * group + 16))
      this.#setPage(table.c, group, { page, level: 4 * height, index: index * pageGroups + group })
      return page && reducePage(page)
    })
    changes.table?.(table)
    const id = frameId(height, index)
    const payload = encodeNode(table)
    const hashes = space.childHashes(height, index)
    return {
      node: this.#place(FrameType.node, id, changes.node?.(payload) ?? payload),
      hashes: this.#place(FrameType.hashes, id, changes.hashes?.(hashes) ?? hashes),
      page: joined(groups),
    }
  }

  overview(page: Uint8Array | undefined, place: { level: number; index: number }): Placed | undefined {
    const { overview } = this.#plan.changes
    const stored = overview === undefined ? page : overview(page, place)
    return stored && this.#place(FrameType.overview, frameId(place.level, place.index), stored)
  }

  /** Gives the tile's level-4 texels. */
  #tile(table: NodeTable, item: number, tile: number): Uint8Array | undefined {
    const { space, tiles, changes } = this.#plan
    const { kind, bytes, fillByte } = space.tile(tile)
    if (kind === TileKind.stored || kind === TileKind.shared) {
      const stored = changes.tile?.(bytes, tile) ?? bytes
      const id = tiles === 'shared' ? 0n : frameId(0, tile)
      const { pointer, birth } = this.#place(FrameType.data, id, withoutZeros(stored))
      setFrame(table.a, item, { kind, birth, frame: pointer })
    } else {
      setKind(table.a, item, { kind: kind as 0 | 2 | 3 | 4 | 5, ...(fillByte !== undefined && { fillByte }) })
    }
    const owns = kind !== TileKind.hole && kind !== TileKind.unreadable && kind !== TileKind.pruned
    const described = owns ? descriptionOf(bytes, space.mask(tile)) : undefined
    this.#setPage(table.b, item, { page: described?.level2, level: 2, index: tile })
    return described?.level4
  }

  #child(table: NodeTable, item: number, child: number): Uint8Array | undefined {
    const { space } = this.#plan
    const height = table.height - 1
    const first = child * tilesAt(height)
    if (first * tileBytes >= space.length) setKind(table.a, item, { kind: TileKind.absent })
    else if (!space.hasTiles(first, tilesAt(height))) setKind(table.a, item, { kind: TileKind.hole })
    else {
      const { node, hashes, page } = this.node(height, child)
      const birth = Math.max(node.birth, hashes.birth)
      setFrame(table.a, item, { kind: TileKind.stored, birth, frame: node.pointer, hashes: hashes.pointer })
      this.#setPage(table.b, item, { page, level: 4 * height + 2, index: child })
      return page && reducePage(page)
    }
    this.#setPage(table.b, item, { page: undefined, level: 4 * height + 2, index: child })
    return undefined
  }

  #setPage(
    section: Section,
    item: number,
    { page, ...place }: { page: Uint8Array | undefined; level: number; index: number },
  ): void {
    const placed = this.overview(page, place)
    if (placed === undefined) return
    setFrame(section, item, { kind: TileKind.stored, birth: placed.birth, frame: placed.pointer })
  }

  #place(type: FrameType, id: bigint, payload: Uint8Array): Placed {
    return this.#plan.log.keepOrAppend({ type, id, payload }, this.#plan.generation)
  }
}

const descriptions = new Map<string, TileDescription>()

/** Kept: most fixtures differ in other things. Undefined where nothing is owned. */
function descriptionOf(bytes: Uint8Array, mask: Uint8Array): TileDescription | undefined {
  if (!mask.includes(1)) return undefined
  const key = toHex(nodeTools.sha256(bytes, mask))
  const description = descriptions.get(key) ?? describeTile(bytes, mask)
  descriptions.set(key, description)
  return description
}

/** A DATA payload may end before its tile does: at the last byte that is not zero, and never empty here. */
function withoutZeros(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(
    0,
    1 +
      Math.max(
        0,
        bytes.findLastIndex((byte) => byte !== 0),
      ),
  )
}

/** Sixteen runs of 256 texels as one page; undefined where all are. */
function joined(chunks: readonly (Uint8Array | undefined)[]): Uint8Array | undefined {
  if (chunks.every((chunk) => chunk === undefined)) return undefined
  const page = new Uint8Array(level4PageBytes)
  chunks.forEach((chunk, place) => {
    for (let plane = 0; plane < planeCount && chunk !== undefined; plane++) {
      const texels = chunk.subarray(plane * chunkTexels, (plane + 1) * chunkTexels)
      page.set(texels, plane * pageTexels + place * chunkTexels)
    }
  })
  return page
}
