/**
 * Copies the pages of ENTRIES, SLOTS and REGIONS into another file, each once, however many commits share them.
 *
 * A leaf page without long records names no offset and is copied as it is stored. All others are written again with the new
 * places; so their page hashes change, and the tree hashes do not. Remembers one place a page.
 */
import { equalBytes } from '../base/bytes.ts'
import type { MapRoot } from '../brick/commit-record.ts'
import { BrickDamage } from '../brick/damage.ts'
import { FrameType } from '../brick/frame.ts'
import { encodePage, type IndexItem, type LeafItem, type MapName, maps, type Page, parsePage } from '../brick/page.ts'
import { frameBytes, type Pointer } from '../brick/pointer.ts'
import type { CopyTarget, FrameSource } from './copy-target.ts'
import { nodeTools } from './node-tools.ts'

interface CopiedPage {
  readonly pointer: Pointer
  readonly hash: Uint8Array
}

export class MapsCopy {
  readonly #target: CopyTarget
  /** By offset in the old file. */
  readonly #pages = new Map<number, CopiedPage>()
  readonly #records = new Map<number, Pointer>()
  /** Bytes that pages written again are longer than they were. */
  grownBytes = 0

  constructor(target: CopyTarget) {
    this.#target = target
  }

  root(map: MapName, root: MapRoot, source: FrameSource): MapRoot {
    if (root.pointer.offset === 0) return root
    return { ...this.#page(map, { ...root, parentLevel: undefined }, source), count: root.count }
  }

  #page(
    map: MapName,
    item: CopiedPage & { readonly parentLevel: number | undefined },
    source: FrameSource,
  ): CopiedPage {
    const known = this.#pages.get(item.pointer.offset)
    if (known !== undefined) return known
    const { offset, storedLength } = item.pointer
    const raw = source.file.frame(FrameType.pages, item.pointer, source.bounds)
    if (!equalBytes(nodeTools.sha256(raw), item.hash)) {
      throw new BrickDamage('page-hash', 'a page does not have the hash that points to it', offset)
    }
    const page = parsePage(raw, { map: maps[map], offset })
    if (item.parentLevel !== undefined && page.level !== item.parentLevel - 1) {
      throw new BrickDamage('page', `a page of level ${page.level} lies under level ${item.parentLevel}`, offset)
    }
    const moved = this.#moved(map, page, source)
    const copied =
      moved === undefined
        ? { pointer: this.#target.copy(FrameType.pages, item.pointer, source), hash: item.hash }
        : this.#write(map, moved)
    this.grownBytes += Math.max(0, frameBytes(copied.pointer.storedLength) - frameBytes(storedLength))
    this.#pages.set(offset, copied)
    return copied
  }

  /** The page with new places; undefined where it names none. */
  #moved(map: MapName, page: Page, source: FrameSource): Page | undefined {
    if (page.kind === 'index') {
      const items = page.items.map((item): IndexItem => {
        const { pointer, hash } = this.#page(map, { ...item, parentLevel: page.level }, source)
        return { ...item, pointer, hash }
      })
      return { ...page, items }
    }
    if (page.items.every(({ kind }) => kind === 'inline')) return undefined
    return { ...page, items: page.items.map((item) => this.#movedRecord(item, source)) }
  }

  #movedRecord(item: LeafItem, source: FrameSource): LeafItem {
    if (item.kind === 'inline') return item
    const { offset } = item.pointer
    const pointer = this.#records.get(offset) ?? this.#target.copy(FrameType.pages, item.pointer, source)
    this.#records.set(offset, pointer)
    return { ...item, pointer }
  }

  #write(map: MapName, page: Page): CopiedPage {
    const raw = encodePage(maps[map], page)
    return { pointer: this.#target.writePage(raw), hash: nodeTools.sha256(raw) }
  }
}
