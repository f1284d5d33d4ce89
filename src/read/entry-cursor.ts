/**
 * Entries by path for someone who asks in about the order of paths, as slots lie after a first fold: what is asked for next is
 * mostly near, and the page at hand is not parsed again.
 */
import { compareBytes } from '../base/bytes.ts'
import { decodeEntry, type EntryRecord, keyOfPath } from '../brick/entry-record.ts'
import { type MapItem, scan } from '../brick/page-map.ts'
import type { BrickView } from '../store/brick-view.ts'

/** Folders and links lie between files. Further ahead a new look costs less. */
const aheadMax = 64

export class EntryCursor {
  readonly #view: BrickView
  #items: Iterator<MapItem, void> | undefined
  #item: MapItem | undefined

  constructor(view: BrickView) {
    this.#view = view
  }

  /** As `view.entry`. BrickDamage. */
  entry(path: Uint8Array): EntryRecord | undefined {
    const key = keyOfPath(path)
    if (!this.#goOn(key)) {
      const { pages, record } = this.#view
      this.#items = scan(pages, 'entries', record.entries, { from: key })
      this.#next()
    }
    const item = this.#item
    return item !== undefined && compareBytes(item.key, key) === 0 ? decodeEntry(path, item.value) : undefined
  }

  /** True where it stands at that key now. */
  #goOn(key: Uint8Array): boolean {
    for (let step = 0; step < aheadMax && this.#item !== undefined; step++) {
      const order = compareBytes(this.#item.key, key)
      if (order >= 0) return order === 0
      this.#next()
    }
    return false
  }

  #next(): void {
    const next = this.#items?.next()
    this.#item = next?.done === false ? next.value : undefined
  }
}
