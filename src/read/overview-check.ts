/**
 * Overviews computed anew, to be compared with the stored ones (spec section 5).
 *
 * Works node by node from the leaves up: 256 children each give 256 texels a plane, 16 of them fill a page, 16 pages
 * give the one page that stands for the node.
 */
import { createKernel, type Kernel, level4PageBytes, pageTexels, planeCount } from '../kernel/kernel.ts'

const chunkTexels = 256
/** Children whose texels fill a page. */
const chunksPerPage = 16
const pageCount = 16

/** A page of level 4 and above, 24,576 bytes; `zeros`: not stored; `unknown`: something beneath is damaged. */
export type PageState = Uint8Array | 'zeros' | 'unknown'

/** One kernel for all pages of a walk. */
export class OverviewKernel {
  readonly kernel: Kernel = createKernel({ tileCapacity: 1 })

  /** The 6 x 256 texels that a page becomes two levels up: valid until the kernel's next work. */
  reduced(page: PageState): Uint8Array | 'zeros' | 'unknown' {
    if (typeof page === 'string') return page
    this.kernel.input.set(page)
    return this.kernel.reduce()
  }
}

/** The pages of one node while its children go by. */
export class NodePages {
  readonly #overviews: OverviewKernel
  readonly #pages: (Uint8Array | undefined)[] = new Array(pageCount).fill(undefined)
  readonly #unknown = new Uint8Array(pageCount)

  constructor(overviews: OverviewKernel) {
    this.#overviews = overviews
  }

  /** Texels of child 0 .. 255: 6 x 256, copied. */
  setChild(child: number, chunk: Uint8Array | 'zeros' | 'unknown'): void {
    if (chunk === 'zeros') return
    const index = Math.floor(child / chunksPerPage)
    if (chunk === 'unknown') {
      this.#unknown[index] = 1
      return
    }
    this.#pages[index] ??= new Uint8Array(level4PageBytes)
    patch(this.#pages[index], child % chunksPerPage, chunk)
  }

  /** Page 0 .. 15 of section C. */
  page(index: number): PageState {
    if (this.#unknown[index] === 1) return 'unknown'
    const page = this.#pages[index]
    return page === undefined || isAllZero(page) ? 'zeros' : page
  }

  /** The page of the level above that stands for the whole node. */
  whole(): PageState {
    const whole = new Uint8Array(level4PageBytes)
    for (let index = 0; index < pageCount; index++) {
      const chunk = this.#overviews.reduced(this.page(index))
      if (chunk === 'unknown') return 'unknown'
      if (chunk !== 'zeros') patch(whole, index, chunk)
    }
    return isAllZero(whole) ? 'zeros' : whole
  }
}

function patch(page: Uint8Array, place: number, chunk: Uint8Array): void {
  for (let plane = 0; plane < planeCount; plane++) {
    const texels = chunk.subarray(plane * chunkTexels, (plane + 1) * chunkTexels)
    page.set(texels, plane * pageTexels + place * chunkTexels)
  }
}

const zeroPage = new Uint8Array(level4PageBytes)

function isAllZero(page: Uint8Array): boolean {
  return Buffer.compare(page, zeroPage) === 0
}
