/**
 * What contents the commits of a brick have, for a writer that has to know which of them say the same (7.3). Read once and
 * kept; of a commit that cannot be read, its own.
 */
import { toHex } from '../base/bytes.ts'
import type { CommitRecord } from '../brick/commit-record.ts'
import { BrickDamage } from '../brick/damage.ts'
import type { Pointer } from '../brick/pointer.ts'
import type { BrickFile, CommitBounds } from './brick-file.ts'

export class PastContents {
  readonly #file: BrickFile
  readonly #known = new Map<number, string>()

  constructor(file: BrickFile) {
    this.#file = file
  }

  note(generation: number, record: ContentHashes): void {
    if (this.#known.size >= knownMax) this.#known.clear()
    this.#known.set(generation, contentsText(record))
  }

  /** Of the commit at that place; `from` bounds where its frames may lie. */
  of({ generation, commit }: { readonly generation: number; readonly commit: Pointer }, from: CommitBounds): string {
    const known = this.#known.get(generation)
    if (known !== undefined) return known
    const contents = this.#read(commit, from) ?? String(generation)
    this.#known.set(generation, contents)
    return contents
  }

  #read(commit: Pointer, from: CommitBounds): string | undefined {
    try {
      return contentsText(this.#file.commit(commit, from).record)
    } catch (error) {
      if (error instanceof BrickDamage) return undefined
      throw error
    }
  }
}

/** More than any policy keeps; a few megabytes. */
const knownMax = 32_768

export type ContentHashes = Pick<CommitRecord, 'contentRoot' | 'metaHash'>

export function contentsText({ contentRoot, metaHash }: ContentHashes): string {
  return `${toHex(contentRoot)}${toHex(metaHash)}`
}
