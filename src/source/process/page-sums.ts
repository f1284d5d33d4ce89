/**
 * What the brick holds of one mapping: the crc32 of each page that was folded. Sparse: 4 KiB of memory for every 4 MiB
 * of addresses in which pages are known. A crc tells that a page changed; which bytes it has, the brick's hashes tell.
 */
import { RunList } from './run-list.ts'

/** 0: not known. A page whose crc is 0 is taken for unknown, and read again. */
export class PageSums {
  readonly #chunks = new Map<number, Uint32Array>()

  /** `page` counts from the beginning of the content. */
  get(page: number): number {
    return this.#chunks.get(Math.floor(page / chunkPages))?.[page % chunkPages] ?? 0
  }

  set(page: number, sum: number): void {
    const index = Math.floor(page / chunkPages)
    let chunk = this.#chunks.get(index)
    if (chunk === undefined) {
      if (sum === 0) return
      chunk = new Uint32Array(chunkPages)
      this.#chunks.set(index, chunk)
    }
    chunk[page % chunkPages] = sum
  }

  /** Whether any of the pages is known. */
  hasAny(first: number, count: number): boolean {
    for (let page = first; page < first + count; page++) {
      if (page % chunkPages === 0 && !this.#chunks.has(page / chunkPages)) page += chunkPages - 1
      else if (this.get(page) !== 0) return true
    }
    return false
  }

  /** Pages of `runs` (pairs of first page and count, ascending) that are not known: as such pairs. */
  unknownIn(runs: readonly number[]): number[] {
    const unknown = new RunList()
    for (let at = 0; at < runs.length; at += 2) {
      const end = (runs[at] as number) + (runs[at + 1] as number)
      for (let page = runs[at] as number; page < end; page++) if (this.get(page) === 0) unknown.add(page, page + 1)
    }
    return unknown.flat
  }

  /** Pages that are known and lie in none of `runs` (pairs of first page and count, ascending), in no order. */
  *outside(runs: readonly number[]): Generator<number> {
    for (const [index, chunk] of this.#chunks) {
      const from = index * chunkPages
      let at = firstEndingAfter(runs, from)
      for (let i = 0; i < chunkPages; i++) {
        const page = from + i
        while (at < runs.length && (runs[at] as number) + (runs[at + 1] as number) <= page) at += 2
        const isInside = at < runs.length && page >= (runs[at] as number)
        if (!isInside && chunk[i] !== 0) yield page
      }
    }
  }

  /** Only of these pages anything stays known. */
  keepOnly(runs: readonly number[]): void {
    for (const page of this.outside(runs)) this.set(page, 0)
    for (const [index, chunk] of this.#chunks) if (chunk.every((sum) => sum === 0)) this.#chunks.delete(index)
  }
}

const chunkPages = 1_024

/** Index of the first run that ends after `page`. */
function firstEndingAfter(runs: readonly number[], page: number): number {
  let low = 0
  let high = runs.length / 2
  while (low < high) {
    const middle = (low + high) >> 1
    if ((runs[2 * middle] as number) + (runs[2 * middle + 1] as number) <= page) low = middle + 1
    else high = middle
  }
  return 2 * low
}
