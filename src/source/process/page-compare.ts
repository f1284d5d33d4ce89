/**
 * Finds the pages that are not what was folded: reads those that are known and compares their crc32. What is not known
 * is changed without a look. One buffer of 1 MiB, reused: larger reads are slower.
 */
import fs from 'node:fs'
import { crc32 } from 'node:zlib'
import type { PageSums } from './page-sums.ts'
import { pageBytes } from './present-pages.ts'
import { RunList } from './run-list.ts'

export interface Comparison {
  readonly memoryFd: number
  /** Address of content byte 0. */
  readonly key: number
  /** Pages that are in memory: pairs of address and length, ascending. */
  readonly runs: readonly number[]
  readonly sums: PageSums
  /** Asked before every step; true ends the comparison. */
  readonly isCancelled: () => boolean
}

/**
 * Pairs of first byte and length of the content, ascending, joined. `gone`: the memory is not there any more, because
 * of an exit or an exec. Of a page that cannot be read the folding thread finds out.
 */
export function changedPages({ memoryFd, key, runs, sums, isCancelled }: Comparison): number[] | 'gone' | 'cancelled' {
  const changed = new RunList()
  for (let i = 0; i < runs.length; i += 2) {
    const end = (runs[i] as number) + (runs[i + 1] as number)
    for (let at = runs[i] as number; at < end; at += buffer.length) {
      if (isCancelled()) return 'cancelled'
      const length = Math.min(buffer.length, end - at)
      const start = at - key
      const firstPage = start / pageBytes
      if (!sums.hasAny(firstPage, length / pageBytes)) {
        changed.add(start, start + length)
        continue
      }
      const filled = readMemory(memoryFd, at, length)
      if (filled === 0) return 'gone'
      for (let page = 0; page < length / pageBytes; page++) {
        const isRead = (page + 1) * pageBytes <= filled
        if (!isRead || crc32(pages[page] as Uint8Array) !== sums.get(firstPage + page)) {
          changed.add(start + page * pageBytes, start + (page + 1) * pageBytes)
          // Until somebody reads it, nothing is known of it.
          sums.set(firstPage + page, 0)
        }
      }
    }
  }
  return changed.flat
}

const buffer = new Uint8Array(2 ** 20)
const pages = Array.from({ length: buffer.length / pageBytes }, (_, page) =>
  buffer.subarray(page * pageBytes, (page + 1) * pageBytes),
)

/** Bytes read into the buffer; -1 where the first page cannot be read. */
function readMemory(memoryFd: number, address: number, length: number): number {
  try {
    return fs.readSync(memoryFd, buffer, 0, length, address)
  } catch (failed) {
    if ((failed as NodeJS.ErrnoException).code === 'EIO') return -1
    throw failed
  }
}
