/**
 * The commits of a brick that are served: every one that it retains.
 *
 * The newest few are at hand, for clients that still draw them; any other is looked up in HISTORY when asked for and kept
 * for a while. Commit ids outlive a compaction: `reopen` turns to the new file, and what was at hand is forgotten.
 */
import { fromHex, toHex } from '../base/bytes.ts'
import { viewOfPast } from '../read/commits.ts'
import { BrickFile, type Head } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'
import { pastCommits } from '../store/history.ts'

const recentViewsMax = 8
const pastViewsMax = 16

export class ServedViews {
  readonly #path: Uint8Array
  /** By commit id, the oldest first. Also those that HISTORY has dropped meanwhile: a client may still be drawing them. */
  readonly #recent = new Map<string, BrickView>()
  /** By commit id, the longest unused first. */
  readonly #past = new Map<string, BrickView>()
  #file: BrickFile | undefined
  #newest: BrickView | undefined

  constructor(path: Uint8Array) {
    this.#path = path
  }

  get newest(): BrickView | undefined {
    return this.#newest
  }

  /** `commit`: commit id in hex. Undefined where it is not retained. Errors: BrickDamage. */
  get(commit: string): BrickView | undefined {
    return this.#recent.get(commit) ?? this.#keptPast(commit) ?? this.#lookUp(commit)
  }

  add(head: Head): void {
    this.#file ??= BrickFile.open(this.#path)
    const view = new BrickView(this.#file, head)
    this.#newest = view
    this.#recent.set(toHex(head.record.id), view)
    dropFirst(this.#recent, recentViewsMax)
  }

  /** The brick's name belongs to another file now (it was compacted): its newest commit is the newest. Errors: BRICK_*. */
  reopen(): void {
    const file = BrickFile.open(this.#path)
    try {
      const head = file.readHeadOnce()
      this.close()
      this.#file = file
      this.add(head)
    } catch (error) {
      if (this.#file !== file) file.close()
      throw error
    }
  }

  close(): void {
    this.#recent.clear()
    this.#past.clear()
    this.#newest = undefined
    this.#file?.close()
    this.#file = undefined
  }

  #keptPast(commit: string): BrickView | undefined {
    const view = this.#past.get(commit)
    if (view === undefined) return undefined
    this.#past.delete(commit)
    this.#past.set(commit, view)
    return view
  }

  #lookUp(commit: string): BrickView | undefined {
    const newest = this.#newest
    const id = fromHex(commit)
    if (newest === undefined || id?.length !== idBytes) return undefined
    for (const past of pastCommits(newest)) {
      if (toHex(past.id) !== commit) continue
      const view = viewOfPast(newest, past)
      this.#past.set(commit, view)
      dropFirst(this.#past, pastViewsMax)
      return view
    }
    return undefined
  }
}

const idBytes = 32

function dropFirst(views: Map<string, BrickView>, max: number): void {
  for (const commit of views.keys()) {
    if (views.size <= max) return
    views.delete(commit)
  }
}
