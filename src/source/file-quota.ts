/**
 * At most so many regular files of a tree. Those that were let in stay in while they are there, so a file that comes
 * never pushes another one out; the first in the order of listing come in first.
 *
 * One quota serves all listings of a tree. Memory: one key for each file let in.
 */

import { bytesKey } from '../base/bytes.ts'

export class FileQuota {
  readonly max: number
  readonly #admitted: Set<string>
  #seen: Set<string> | undefined
  #counted = 0
  #leftOut = 0

  /** `known`: paths of files that are in already, such as those of the brick. */
  constructor(max: number, known: Iterable<Uint8Array> = []) {
    this.max = max
    this.#admitted = new Set()
    for (const path of known) this.#admitted.add(bytesKey(path))
  }

  /** Files that the last complete listing left out. */
  get leftOut(): number {
    return this.#leftOut
  }

  /** Files were left out and places are free now: a complete listing would let some in. */
  get wantsListing(): boolean {
    return this.#leftOut > 0 && this.#admitted.size < this.max
  }

  /** Whether a file that is there is listed. */
  admits(path: Uint8Array): boolean {
    const key = bytesKey(path)
    const isIn = this.#admitted.has(key) || this.#admitted.size < this.max
    if (isIn) this.#admitted.add(key)
    else this.#counted++
    if (isIn) this.#seen?.add(key)
    return isIn
  }

  /** The file is not there any more. */
  gone(path: Uint8Array): void {
    this.#admitted.delete(bytesKey(path))
  }

  /** A complete listing begins. */
  begin(): void {
    this.#seen = new Set()
    this.#counted = 0
  }

  /** It came to its end. One that did not is as none. */
  end(): void {
    const seen = this.#seen
    this.#seen = undefined
    if (seen === undefined) return
    this.#leftOut = this.#counted
    for (const key of this.#admitted) if (!seen.has(key)) this.#admitted.delete(key)
  }
}
