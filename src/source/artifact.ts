/**
 * What a source is to those who keep it as a brick: something that can be looked at, listed, read and described.
 *
 * A look is made, then listed, then its contents are read by folding threads; when all of that is committed, the look is
 * settled. Until then nothing that was seen may be taken for known. One look at a time.
 */
import type { Run } from '../base/entry.ts'
import type { JsonValue, Region } from '../base/region.ts'
import type { Listed } from './describe.ts'

/** The entries as a reconcile asks for them. */
export interface Lister {
  /** One entry, or undefined when it is gone or excluded. */
  stat(path: Uint8Array): Listed | undefined
  /** The entry at `path` and everything beneath, parents before children; nothing where it is gone. */
  walk(path: Uint8Array): Iterable<Listed>
}

/** How a folding thread gets at the bytes of an entry: `readerOf` in content-reader.ts. */
export type ReaderKind = 'files' | 'memory' | 'modules' | 'logs'

export interface Artifact {
  readonly lister: Lister
  readonly reader: ReaderKind
  /**
   * Looks at the source, off this thread where it takes long; `lister` then tells of this look. `same`: nothing can have
   * changed since the last settled look. Missing: the lister looks by itself. Errors: SOURCE_*, CANCELLED.
   */
  look?(signal: AbortSignal): Promise<'looked' | 'same'>
  /** More is there than the last look took: another look is worth while at once. */
  readonly isBehind?: boolean
  /** What a folding thread has read: the crc32 of each whole 4 KiB page from `start` on. Only of reader `memory`. */
  noteRead?(read: { readonly path: Uint8Array; readonly start: number; readonly crcs: Uint32Array }): void
  /** Regions of the entries of the last look, to replace those that the brick has of these entries. Asked when a commit is made. */
  regions?(): Iterable<EntryRegions>
  /** What the source says of itself as a whole, for META: of a process its command, of a log where it lies. */
  about?(): { readonly [key: string]: JsonValue }
  /** The brick holds what the last look saw. */
  settled?(): void
  /** What the brick holds is not known any more: nothing of earlier looks counts. */
  unsettled?(): void
  close?(): Promise<void>
}

export interface EntryRegions {
  readonly path: Uint8Array
  readonly regions: readonly Region[]
  /**
   * Regions that the brick has of this entry and that begin in this run of its content stay, beside those given: what a log
   * said before its new lines. Left out: none stays. Given ones must not begin in it.
   */
  readonly kept?: Run
}
