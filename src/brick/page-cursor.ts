/**
 * Moving sideways through the pages of one level of a map, reading only the index pages on the way.
 *
 * A position is a path of steps from the root down to the page's item; paths are values and are never changed.
 */
import type { MapRoot } from './commit-record.ts'
import type { IndexItem, Page } from './page.ts'
import { firstAtOrAfter } from './page-read.ts'
import { keyBefore, type MapTree, openChild, openRoot } from './page-store.ts'

type IndexPage = Extract<Page, { kind: 'index' }>

interface Step {
  readonly page: IndexPage
  readonly index: number
  /** Lower bound of the keys under the item. */
  readonly after: Uint8Array | undefined
}

/** Where a page of some level stands: from the root down, the last step holds its item. Empty: the root page itself. */
export type PagePath = readonly Step[]

/** The pages of one root, as they stood when it was opened. Not for an empty map. */
export class PageCursor {
  readonly #tree: MapTree
  readonly #root: Page
  readonly #rootItem: IndexItem
  /** Index pages by offset: neighbours share their ancestors. */
  readonly #opened = new Map<number, IndexPage>()

  constructor(tree: MapTree, root: MapRoot) {
    this.#tree = tree
    const page = openRoot(tree, root)
    if (page === undefined) throw new RangeError('an empty map has no pages')
    this.#root = page
    const last = page.items.at(-1) as { key: Uint8Array }
    const noHash = new Uint8Array(0)
    this.#rootItem = { kind: 'page', key: last.key, ...root, birth: 0, treeHash: noHash, metaHash: noHash }
  }

  get rootLevel(): number {
    return this.#root.level
  }

  /** The page of this level that holds the key or would hold it: the first that does not end before it, else the last. */
  seek(level: number, key: Uint8Array): PagePath {
    return this.#descend([], level, (page) => Math.min(firstAtOrAfter(page, key), page.items.length - 1))
  }

  first(level: number): PagePath {
    return this.#descend([], level, () => 0)
  }

  next(path: PagePath): PagePath | undefined {
    for (let depth = path.length - 1; depth >= 0; depth--) {
      const step = path[depth] as Step
      if (step.index + 1 >= step.page.items.length) continue
      return this.#descend([...path.slice(0, depth), stepTo(path, depth, 1)], this.#levelOf(path), () => 0)
    }
    return undefined
  }

  previous(path: PagePath): PagePath | undefined {
    for (let depth = path.length - 1; depth >= 0; depth--) {
      const step = path[depth] as Step
      if (step.index === 0) continue
      const moved = [...path.slice(0, depth), stepTo(path, depth, -1)]
      return this.#descend(moved, this.#levelOf(path), (page) => page.items.length - 1)
    }
    return undefined
  }

  /** What points to the page; of the root page, without birth and tree hashes. */
  item(path: PagePath): IndexItem {
    const step = path.at(-1)
    return step === undefined ? this.#rootItem : itemOf(step)
  }

  page(path: PagePath): Page {
    const step = path.at(-1)
    if (step === undefined) return this.#root
    const item = itemOf(step)
    const known = this.#opened.get(item.pointer.offset)
    if (known !== undefined) return known
    const page = openChild(this.#tree, item, { parentLevel: step.page.level, after: step.after })
    if (page.kind === 'index') this.#opened.set(item.pointer.offset, page)
    return page
  }

  #levelOf(path: PagePath): number {
    return this.#root.level - path.length
  }

  #descend(path: PagePath, level: number, choose: (page: IndexPage) => number): PagePath {
    let deeper = path
    while (this.#levelOf(deeper) > level) {
      const page = this.page(deeper)
      if (page.kind === 'leaf') throw new RangeError(`level ${level} lies under a leaf page`)
      const index = choose(page)
      deeper = [...deeper, { page, index, after: keyBefore(page, index, deeper.at(-1)?.after) }]
    }
    return deeper
  }
}

function itemOf(step: Step): IndexItem {
  return step.page.items[step.index] as IndexItem
}

/** The step at this depth, one item further or back. */
function stepTo(path: PagePath, depth: number, by: 1 | -1): Step {
  const { page, index } = path[depth] as Step
  return { page, index: index + by, after: keyBefore(page, index + by, path[depth - 1]?.after) }
}
