/**
 * How a folding thread gets at the bytes of an entry: one way of opening for each kind of source.
 *
 * A reader is of one version of one entry. What it gives is content only if `isSame` still holds afterwards. It never
 * follows a link, never blocks for long, never throws for what the source does (but for errors with an errno's name).
 */
import type { EntryMeta } from '../base/entry.ts'
import { closeFd } from '../linux/directory.ts'
import type { ReaderKind } from './artifact.ts'
import { openPackedModule } from './module/module-reader.ts'
import { openMemory } from './process/memory-reader.ts'
import { type FileVersion, openContent, type ReadResult, readExactly, sameVersion, statOpen } from './read.ts'

/** What was listed: the version of the entry that is wanted. */
export type WantedContent = FileVersion & Pick<EntryMeta, 'kind' | 'path'>

export interface OpenedReader {
  readonly kind: 'open'
  /**
   * Fills `target` with the content from `offset` on, both in bytes. Less than asked only where the content ends;
   * what cannot be had is zeroed and told. Errors: those with an errno's name as `code` or `errnoName`.
   */
  read(target: Uint8Array, offset: number): ReadResult
  /** Whether it still is the version that was wanted. */
  isSame(): boolean
  close(): void
}

export type OpenedContentReader =
  | OpenedReader
  /** `why`: an errno's name, or the word for why nobody reads it. */
  | { readonly kind: 'unreadable'; readonly why: string }
  /** Gone, replaced or modified since it was listed: list it again. */
  | { readonly kind: 'changed' }

/** `any`: whatever version is there now. */
export type Accept = 'same version' | 'any'

/** `root`: absolute path of what entry paths start from; of a process /proc/PID. */
export type OpenContent = (root: Uint8Array, wanted: WantedContent, accept: Accept) => OpenedContentReader

/** The caller closes what was opened. */
export function openContentBy(
  reader: ReaderKind,
  root: Uint8Array,
  wanted: WantedContent,
  accept: Accept,
): OpenedContentReader {
  return openers[reader](root, wanted, accept)
}

const openFile: OpenContent = (root, wanted, accept) => {
  const opened = openContent(root, wanted, accept)
  return opened.kind === 'open' ? new FileReader(opened.fd, wanted) : opened
}

/** A module that lies packed on disk is an entry under the name without the packing's suffix. */
const openModule: OpenContent = (root, wanted, accept) => {
  const opened = openFile(root, wanted, accept)
  return opened.kind === 'changed' ? openPackedModule(root, wanted, accept) : opened
}

/** Its bytes come with the listing, and what came once is in the brick: there is nothing to be read again. */
const openNothing: OpenContent = () => ({ kind: 'unreadable', why: 'ENODATA' })

// Readers of other kinds are named here by those who write them.
const openers: Readonly<Record<ReaderKind, OpenContent>> = {
  files: openFile,
  logs: openNothing,
  memory: openMemory,
  modules: openModule,
}

class FileReader implements OpenedReader {
  readonly kind = 'open'
  readonly #fd: number
  readonly #wanted: WantedContent

  constructor(fd: number, wanted: WantedContent) {
    this.#fd = fd
    this.#wanted = wanted
  }

  read(target: Uint8Array, offset: number): ReadResult {
    return readExactly(this.#fd, target, offset)
  }

  isSame(): boolean {
    return sameVersion(statOpen(this.#fd), this.#wanted)
  }

  close(): void {
    closeFd(this.#fd)
  }
}
