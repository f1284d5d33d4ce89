/** Where the bytes of a job come from: what the kinds of places have in common. */
import type { Run } from '../base/entry.ts'

export interface RawContent {
  readonly size: number
  /** Runs that read as zeros because nobody has them, ascending; of a live file those that were met so far. */
  readonly missing: readonly Run[]
  /** Fills all of `target` with the content from `offset` on, which lies inside. Errors: ContentGone. */
  readInto(target: Uint8Array, offset: number): void
  /** Whether everything that was read is of one version. */
  isSame(): boolean
  close(): void
}

/** What is read cannot be had: all that was said of it is void. */
export class ContentGone extends Error {
  override readonly name = 'ContentGone'
  /** `changed`: list it again. Else why it cannot be read. */
  readonly why: 'changed' | { readonly unreadable: string }

  constructor(why: ContentGone['why']) {
    super(why === 'changed' ? 'it changed while it was read' : why.unreadable)
    this.why = why
  }
}
