/**
 * The kernel's own note of which pages were written (soft-dirty bits, proc_pid_pagemap(5)), where it keeps one.
 *
 * Asking for it proves nothing: without the feature the bits can be cleared, and are never set. So it is tried on a page of
 * our own first. What others write into shared memory, or into a file, is not noted; of those mappings it says nothing.
 */
import fs from 'node:fs'
import { addressOf } from '../../linux/libc.ts'
import { pageCategory, scanPages } from '../../linux/pagemap-scan.ts'
import { pageBytes } from './present-pages.ts'
import type { ProcFolder } from './proc-folder.ts'
import { runMark } from './run-gate.ts'
import { RunList } from './run-list.ts'

/** Whether this kernel notes writes. Tried once a thread. */
export function hasSoftDirty(): boolean {
  isTried ??= tryOnOwnPage()
  return isTried
}

/**
 * Pages of [start, end) that were written since the bits were cleared, and those that are the kernel's page of zeros: a page
 * that was given back and is only read since becomes one without being noted. Pairs of address and length; the errno's
 * name where that cannot be had (kernels before 6.7 among them).
 */
export function dirtyRuns(
  pagemapFd: number,
  { start, end }: { readonly start: number; readonly end: number },
): number[] | string {
  const runs = new RunList()
  const categories = pageCategory.softDirty | pageCategory.zeros
  return scanPages(pagemapFd, { start, end, categories }, (from, to) => runs.add(from, to)) ?? runs.flat
}

/**
 * A mark like that of `runMark`, given only while no thread runs: two equal ones prove that none ran in between. A thread
 * that runs right now is counted later, so that run times alone prove nothing of the last milliseconds.
 */
export function quietMark(folder: ProcFolder): string | undefined {
  const stands = folder.tasks().every((tid) => /\) [^R] /.test(folder.text(`task/${tid}/stat`) ?? ') R '))
  return stands ? runMark(folder) : undefined
}

/** What two looks have to agree on. Pure: says when bits may be believed, and when they may be cleared. */
export class DirtySince {
  #isKnown = false

  /** Every page that is not dirty is what it was when the bits were cleared, and its sum was right then or is unknown. */
  get isKnown(): boolean {
    return this.#isKnown
  }

  /**
   * At the end of a look, before whose first question `before` was marked: clears the bits if nobody ran meanwhile. A write
   * between question and clearing would be forgotten; where one could have been, bits are believed no more.
   */
  end(
    before: string | undefined,
    process: { readonly mark: () => string | undefined; readonly clear: () => boolean },
  ): void {
    if (before === undefined || process.mark() !== before) return
    this.#isKnown = process.clear() && process.mark() === before
  }

  /** Nothing that was cleared before counts. */
  forget(): void {
    this.#isKnown = false
  }
}

let isTried: boolean | undefined

function tryOnOwnPage(): boolean {
  const room = new Uint8Array(4 * pageBytes)
  const first = Number(addressOf(room))
  const at = pageBytes - (first % pageBytes)
  const address = first + at
  room[at] = 1
  try {
    const pagemap = fs.openSync('/proc/self/pagemap', 'r')
    try {
      fs.writeFileSync('/proc/self/clear_refs', '4')
      const before = dirtyRuns(pagemap, { start: address, end: address + pageBytes })
      room[at] = 2
      const after = dirtyRuns(pagemap, { start: address, end: address + pageBytes })
      return Array.isArray(before) && Array.isArray(after) && before.length === 0 && after.length > 0
    } finally {
      fs.closeSync(pagemap)
    }
  } catch {
    return false
  }
}
