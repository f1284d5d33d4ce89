/**
 * One process as its looks see it, from look to look. Lives in the looking thread.
 *
 * Known is only what a folding thread said that it read (`noteRead`) and what was settled since. A look begins with the
 * threads' run times: whatever is written after that is found by the next look.
 */
import { ElfFiles, ElfRegions } from './elf-regions.ts'
import { addSample } from './growth.ts'
import type { KnownMapping } from './known-mapping.ts'
import type { LookAnswer, MemoryRules } from './look-protocol.ts'
import { MappingRegions } from './mapping-regions.ts'
import type { MapsEntry } from './maps.ts'
import { surveyMemory } from './memory-survey.ts'
import { PageSums } from './page-sums.ts'
import { pageBytes } from './present-pages.ts'
import { ProcFolder } from './proc-folder.ts'
import { hasEnded, type ProcessStat } from './proc-stat.ts'
import { runMark } from './run-gate.ts'
import { DirtySince, hasSoftDirty, quietMark } from './soft-dirty.ts'
import { ownerOf } from './status-fields.ts'

export interface WatchedProcess {
  /** /proc/PID. */
  readonly root: Uint8Array
  readonly startTicks: bigint
  readonly rules: MemoryRules
  readonly isCancelled: () => boolean
}

export class MemoryWatch {
  readonly #process: WatchedProcess
  readonly #regions: MappingRegions
  #folder: ProcFolder | undefined
  #known: readonly KnownMapping[] = []
  #mark: string | undefined
  #settledMark: string | undefined
  #sameLooks = 0
  readonly #dirty = new DirtySince()

  /** `files`: what is known of ELF files, shared by all watches of a thread. */
  constructor(process: WatchedProcess, files = new ElfFiles()) {
    this.#process = process
    this.#regions = new MappingRegions(new ElfRegions(files))
  }

  /** `nowMs`: of a clock that nobody sets. */
  look(nowMs: number): LookAnswer {
    for (let attempt = 1; ; attempt++) {
      const begun = this.#begin()
      if (begun === undefined) return { kind: 'ended' }
      const { folder, stat } = begun
      this.#mark = runMark(folder)
      if (this.#isIdle()) return this.#same(nowMs)
      this.#sameLooks = 0
      const place = folder.memoryPlace(stat)
      const quiet = hasSoftDirty() ? quietMark(folder) : undefined
      const usesSoftDirty = this.#dirty.isKnown
      const found = surveyMemory({ ...this.#process, folder, place, usesSoftDirty, formers: this.#known })
      if (found.kind === 'cancelled') return { kind: 'cancelled' }
      // Another program was started in the middle of the look, unless the next attempt finds that the process ended.
      if (found.kind === 'gone' && attempt < attemptsMax) continue
      const owner = ownerOf(folder)
      if (found.kind !== 'surveyed') {
        this.#known = []
        const unreadable = found.kind === 'unreadable' ? found.why : 'ESRCH'
        return { kind: 'looked', owner, unreadable, mappings: [], regions: [] }
      }
      this.#known = found.known
      this.#dirty.end(quiet, { mark: () => quietMark(folder), clear: () => folder.clearSoftDirty() })
      this.#sample(nowMs)
      const regions = this.#regions.changed(this.#known, { folder, nowMs })
      return { kind: 'looked', owner, mappings: found.mappings, regions }
    }
  }

  /** A folding thread read these pages, `start` bytes from the beginning of the content, a multiple of a page. */
  noteRead({ key, start, sums }: { readonly key: number; readonly start: number; readonly sums: Uint32Array }): void {
    const known = this.#known.find((each) => each.key === key)
    if (known === undefined) return
    const first = start / pageBytes
    for (let i = 0; i < sums.length; i++) known.sums.set(first + i, sums[i] as number)
  }

  settled(): void {
    this.#settledMark = this.#mark
    for (const known of this.#known) {
      known.isSettled = true
      known.sums.keepOnly(known.pages)
    }
  }

  /** Nothing of earlier looks counts. What grew stays remembered: that does not depend on what was committed. */
  unsettled(): void {
    this.#settledMark = undefined
    this.#dirty.forget()
    this.#regions.forget()
    this.#known = this.#known.map((known) => ({ ...known, sums: new PageSums(), isSettled: false }))
  }

  close(): void {
    this.#folder?.close()
    this.#folder = undefined
  }

  /** Undefined where the process that is meant is not there. The folder stays open: it cannot become another's. */
  #begin(): { readonly folder: ProcFolder; readonly stat: ProcessStat } | undefined {
    const { root, startTicks } = this.#process
    if (this.#folder === undefined) {
      const opened = ProcFolder.open(root)
      if (typeof opened === 'string') return undefined
      this.#folder = opened
    }
    const stat = this.#folder.stat()
    if (typeof stat === 'string' || hasEnded(stat) || stat.startTicks !== startTicks) return undefined
    return { folder: this.#folder, stat }
  }

  #isIdle(): boolean {
    const isQuiet = this.#mark !== undefined && this.#mark === this.#settledMark && this.#sameLooks < sameLooksMax
    return isQuiet && !this.#known.some(({ entry }) => isSharedMemory(entry))
  }

  #same(nowMs: number): LookAnswer {
    this.#sameLooks++
    this.#sample(nowMs)
    return { kind: 'same' }
  }

  #sample(nowMs: number): void {
    for (const { samples, presentBytes } of this.#known) addSample(samples, { atMs: nowMs, bytes: presentBytes })
  }
}

/** After so many quiet looks there is a real one: a device or a debugger may have written. */
const sameLooksMax = 300
const attemptsMax = 3

/** Others may write to it: memory that is shared for writing, or that only this process may not write. */
function isSharedMemory({ permissions, name }: MapsEntry): boolean {
  if (!permissions.endsWith('s')) return false
  return permissions[1] === 'w' || /^\/(dev\/zero|dev\/shm\/|memfd:|SYSV)/.test(name)
}
