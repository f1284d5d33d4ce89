/**
 * Passes over all content of a brick, a slice at a time: a store through mmap can change a file without an event and
 * without new times, and only reading it again finds that.
 *
 * A slice reads and compares; it never writes and never decides: what is different is named as scopes, to be looked at
 * by a reconcile. A pass takes the files that were there when it began, in path order; a file that came or was read by a
 * reconcile since then is as true as if the pass had read it. Nothing is remembered across a restart: a pass begins anew.
 * The brick must not change during a slice. How often slices come is `sync`'s business.
 */
import type { Clock } from '../base/ports.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import type { Scope } from '../fold/listing.ts'
import type { BrickModel, PathKey } from '../fold/model.ts'
import type { Lister } from '../source/artifact.ts'
import { ContentProbe, type ProbeAnswer } from './content-probe.ts'

/** Entries of one slice. */
export const scrubEntriesMax = 200
/** Between two chances for everything else in this thread. */
const stepBytes = 2 ** 20
const entriesPerStep = 25
/** Entries of one slice, with those that have no content to compare. */
const visitedMax = 10_000

export interface ScrubTarget {
  readonly model: BrickModel
  readonly lister: Pick<Lister, 'stat'>
  /** Absolute path of the directory that entry paths start from. */
  readonly root: Uint8Array
}

export interface ScrubSlice {
  /** What is not as the brick says: `look: 'content'` where the times say that it is. */
  readonly suspects: readonly Scope[]
  /** Files whose content could not be read again, in this slice. */
  readonly unreadable: number
  /** Read. */
  readonly bytes: number
  /** Files looked at. */
  readonly entries: number
  readonly isPassDone: boolean
  /** Monotonic. */
  readonly passBeganMs: number
}

interface Pass {
  readonly beganMs: number
  /** Ascending. */
  readonly keys: readonly PathKey[]
  next: number
}

export class Scrubber {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #pass: Pass | undefined
  /** A large file that earlier steps began. */
  #probe: ContentProbe | undefined

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** Entries of the pass so far and in all; undefined between passes. */
  get progress(): { readonly done: number; readonly all: number } | undefined {
    return this.#pass && { done: this.#pass.next, all: this.#pass.keys.length }
  }

  /**
   * Goes on with the pass, or begins one. Reads up to `bytesMax` and at most a step more. Stops early when `signal` is
   * aborted. Errors: SOURCE_*, those of read(2); the pass goes on where it was.
   */
  async slice(
    target: ScrubTarget,
    { bytesMax, signal }: { bytesMax: number; signal: AbortSignal },
  ): Promise<ScrubSlice> {
    this.#pass ??= { beganMs: this.#clock.monotonicMs(), keys: [...target.model.entries.keys()].sort(), next: 0 }
    const pass = this.#pass
    const tally = new Tally()
    while (pass.next < pass.keys.length && !signal.aborted) {
      if (tally.bytes >= bytesMax || tally.entries >= scrubEntriesMax || tally.visited >= visitedMax) break
      this.#step(target, pass, tally)
      if (tally.isStepFull()) await new Promise<void>((resolve) => setImmediate(resolve))
    }
    const isPassDone = pass.next >= pass.keys.length
    if (isPassDone) this.#pass = undefined
    const { suspects, unreadable, bytes, entries } = tally
    return { suspects, unreadable, bytes, entries, isPassDone, passBeganMs: pass.beganMs }
  }

  /** A step further in the file at the cursor, or beyond it. */
  #step(target: ScrubTarget, pass: Pass, tally: Tally): void {
    const key = pass.keys[pass.next] as PathKey
    const record = target.model.entries.get(key)
    tally.visit()
    if (record === undefined || !isComparable(record)) {
      pass.next++
      return
    }
    const probe = this.#probeOf(target, record)
    const { answer, bytesRead } = probe === 'changed' ? { answer: probe, bytesRead: 0 } : probe.step(stepBytes)
    tally.add(record.path, answer, bytesRead)
    this.#probe = answer === 'more' && probe !== 'changed' ? probe : undefined
    if (answer !== 'more') pass.next++
  }

  #probeOf({ root, lister }: ScrubTarget, record: EntryRecord): ContentProbe | 'changed' {
    if (this.#probe?.isOf(record)) return this.#probe
    return ContentProbe.begin(root, record, lister.stat(record.path))
  }
}

class Tally {
  readonly suspects: Scope[] = []
  unreadable = 0
  bytes = 0
  entries = 0
  visited = 0
  #stepBytes = 0
  #stepEntries = 0

  visit(): void {
    this.visited++
    this.#stepEntries++
  }

  add(path: Uint8Array, answer: ProbeAnswer, bytesRead: number): void {
    this.bytes += bytesRead
    this.#stepBytes += bytesRead
    if (answer === 'more') return
    this.entries++
    if (answer === 'unreadable') this.unreadable++
    if (answer === 'changed') this.suspects.push({ path, reach: 'entry' })
    if (answer === 'different') this.suspects.push({ path, reach: 'entry', look: 'content' })
  }

  isStepFull(): boolean {
    if (this.#stepBytes < stepBytes && this.#stepEntries < entriesPerStep) return false
    this.#stepBytes = 0
    this.#stepEntries = 0
    return true
  }
}

/** One name of each content that the brick has read as a whole; what the kernel makes up is polled, not scrubbed. */
function isComparable({ kind, linkTo, flags, contentId, size, unreadable }: EntryRecord): boolean {
  if (kind !== 'file' || linkTo !== undefined || size === 0) return false
  return !flags.special && !flags.torn && contentId !== undefined && unreadable === undefined
}
