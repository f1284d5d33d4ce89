/** The commits of a brick that are served: the newest, and a few before it that a client may still be asking for. */
import { toHex } from '../base/bytes.ts'
import { BrickFile, type Head } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'

const servedCommitsMax = 8

export class ServedViews {
  readonly #path: Uint8Array
  readonly #views = new Map<string, BrickView>()
  #file: BrickFile | undefined
  #newest: BrickView | undefined

  constructor(path: Uint8Array) {
    this.#path = path
  }

  get newest(): BrickView | undefined {
    return this.#newest
  }

  /** `commit`: commit id in hex. */
  get(commit: string): BrickView | undefined {
    return this.#views.get(commit)
  }

  add(head: Head): void {
    this.#file ??= BrickFile.open(this.#path)
    const view = new BrickView(this.#file, head)
    this.#newest = view
    this.#views.set(toHex(head.record.id), view)
    for (const commit of this.#views.keys()) {
      if (this.#views.size <= servedCommitsMax) break
      this.#views.delete(commit)
    }
  }

  close(): void {
    this.#views.clear()
    this.#newest = undefined
    this.#file?.close()
  }
}
