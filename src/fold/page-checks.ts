/** crc32 of the whole pages of a read, for artifacts that compare with them at their next look. */
import { crc32 } from 'node:zlib'
import type { ReadResult } from '../source/read.ts'
import type { PageChecks } from './leaf-job.ts'

const pageBytes = 4_096

/**
 * Of the pages that lie whole in `target`, which begins at byte `offset` of the content. Of those that were not read, or
 * not all of them, nothing is said.
 */
export function* pageChecks(target: Uint8Array, offset: number, read: ReadResult): Generator<PageChecks> {
  let from = 0
  for (const { start, length } of [...read.unreadable, { start: read.bytesRead, length: 0 }]) {
    const first = Math.ceil((offset + from) / pageBytes)
    const end = Math.floor((offset + start) / pageBytes)
    if (first < end) yield { start: first * pageBytes, crcs: crcsOf(target, { first, end, offset }) }
    from = start + length
  }
}

function crcsOf(target: Uint8Array, pages: { first: number; end: number; offset: number }): Uint32Array {
  const { first, end, offset } = pages
  return Uint32Array.from({ length: end - first }, (_, page) => {
    const at = (first + page) * pageBytes - offset
    return crc32(target.subarray(at, at + pageBytes))
  })
}
