/**
 * Changes of one level of a map on their way up: edits merged into a run of old pages, and pages turned into edits of the
 * level above. Items that nothing changed stay the same objects, by which unchanged pages are known again.
 */
import { compareBytes, equalBytes } from '../base/bytes.ts'
import type { IndexItem, Item } from './page.ts'

/** What shall stand under a key: `next` sees the old item and gives the new one, the old itself, or undefined. */
export interface Edit {
  readonly key: Uint8Array
  readonly next: (old: Item | undefined) => Item | undefined
}

/** Old pages of one run, merged with its edits. */
export interface MergedRun {
  readonly old: { readonly item: IndexItem; readonly items: readonly Item[] }[]
  readonly items: Item[]
  /** Indexes into `items` of those that may be natural cuts: new ones, and the last of old pages. */
  readonly candidates: Set<number>
  changed: boolean
}

/** Index behind the last edit from `from` on whose key is not above `last`. */
export function endOfEdits(edits: readonly Edit[], from: number, last: Uint8Array): number {
  let end = from
  while (end < edits.length && compareBytes((edits[end] as Edit).key, last) <= 0) end++
  return end
}

/** Appends the items of one old page, with its edits in their places. */
export function mergeItems(run: MergedRun, items: readonly Item[], edits: readonly Edit[]): void {
  let at = 0
  const take = (item: Item) => {
    at++
    if (at === items.length) run.candidates.add(run.items.length)
    run.items.push(item)
  }
  for (const edit of edits) {
    while (at < items.length && compareBytes((items[at] as Item).key, edit.key) < 0) take(items[at] as Item)
    const found = items[at]
    const old = found && equalBytes(found.key, edit.key) ? found : undefined
    const next = edit.next(old)
    if (next !== old) run.changed = true
    if (old !== undefined && next !== undefined) take(next)
    else if (old !== undefined) at++
    else if (next !== undefined) {
      run.candidates.add(run.items.length)
      run.items.push(next)
    }
  }
  while (at < items.length) take(items[at] as Item)
}

/** Are items[start .. end) the very items of the old page? */
export function isSame(
  old: readonly Item[],
  items: readonly Item[],
  { start, end }: { start: number; end: number },
): boolean {
  return old.length === end - start && old.every((item, i) => item === items[start + i])
}

/** Pages that go and pages that come, as edits of the level above; a new page takes the place of one with its last key. */
export function editsOf(dropped: readonly IndexItem[], written: readonly IndexItem[]): Edit[] {
  const edits: Edit[] = []
  let at = 0
  for (const page of written) {
    for (; at < dropped.length; at++) {
      const order = compareBytes((dropped[at] as IndexItem).key, page.key)
      if (order > 0) break
      if (order < 0) edits.push(removal(dropped[at] as IndexItem))
    }
    edits.push({ key: page.key, next: () => page })
  }
  return edits.concat(dropped.slice(at).map(removal))
}

function removal({ key }: IndexItem): Edit {
  return { key, next: () => undefined }
}
