/**
 * Which pages of a mapping are in memory, asked before anything is read: reading a page that is not there would make
 * the kernel map one into the process, which then grows by being watched.
 */
import fs from 'node:fs'
import { pageCategory, scanPages } from '../../linux/pagemap-scan.ts'
import { RunList } from './run-list.ts'

export const pageBytes = 4_096

export interface PageRange {
  /** Addresses, whole pages. */
  readonly start: number
  readonly end: number
  readonly wanted: 'present' | 'present or swapped'
}

/**
 * Runs as pairs of start address and length, ascending, joined. The errno's name where they cannot be had: EFBIG of a
 * mapping that would take minutes to look through, ESRCH or ENOENT of a process that is gone.
 */
export function presentRuns(pagemapFd: number, range: PageRange): number[] | string {
  const runs = new RunList()
  if (canScan) {
    const categories = pageCategory.present | (range.wanted === 'present' ? 0 : pageCategory.swapped)
    const failed = scanPages(pagemapFd, { ...range, categories }, (start, end) => runs.add(start, end))
    if (failed === undefined) return runs.flat
    if (failed !== 'ENOTTY' && failed !== 'EINVAL') return failed
    canScan = false
  }
  return presentRunsByTable(pagemapFd, range)
}

/** The same on kernels before 6.7, from the table of all pages. */
export function presentRunsByTable(pagemapFd: number, { start, end, wanted }: PageRange): number[] | string {
  if (end - start > tableBytesMax) return 'EFBIG'
  const runs = new RunList()
  for (let at = start; at < end; at += tablePages * pageBytes) {
    const states = pageStates(pagemapFd, at, Math.min(tablePages, (end - at) / pageBytes), wanted)
    if (typeof states === 'string') return states
    for (let page = 0; page < states.length; page++) {
      if (states[page] === 1) runs.add(at + page * pageBytes, at + (page + 1) * pageBytes)
    }
  }
  return runs.flat
}

/** 1 for each page from `address` on that is as wanted, at most `tablePages` of them: the next call reuses the array. */
export function pageStates(
  pagemapFd: number,
  address: number,
  pages: number,
  wanted: PageRange['wanted'],
): Uint8Array | string {
  try {
    const filled = fs.readSync(pagemapFd, table, 0, pages * wordBytes, (address / pageBytes) * wordBytes)
    if (filled < pages * wordBytes) return 'ESRCH'
  } catch (failed) {
    const { code } = failed as NodeJS.ErrnoException
    if (code === undefined) throw failed
    return code
  }
  const mask = masks[wanted]
  for (let page = 0; page < pages; page++) states[page] = ((table[page * wordBytes + 7] as number) & mask) === 0 ? 0 : 1
  return states.subarray(0, pages)
}

/** Pages in one look at the table. */
export const tablePages = 8_192
/** 64 GiB of addresses take most of a second. */
const tableBytesMax = 64 * 2 ** 30
const wordBytes = 8
/** Bits 63 and 62, in the highest byte of a little-endian word. */
const masks = { present: 0x80, 'present or swapped': 0xc0 } as const
const table = new Uint8Array(tablePages * wordBytes)
const states = new Uint8Array(tablePages)
let canScan = true
