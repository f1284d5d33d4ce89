/** Which bytes of a content a brick does not have: they could not be read, or were forgotten. */
import type { Run } from '../base/entry.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { TileKind } from '../brick/tile-kind.ts'
import { dataRuns, piecesOf } from '../read/content.ts'
import type { Forgotten } from '../read/forgotten.ts'
import type { BrickView } from '../store/brick-view.ts'

/** Ascending, inside the content. Errors: BrickDamage. */
export function missingRuns(view: BrickView, entry: EntryRecord, forgotten: Forgotten): readonly Run[] {
  const unreadable = entry.unreadableRanges ?? []
  if (!forgotten.hasBytesOf(entry)) return unreadable
  return merged([...unreadable, ...prunedRuns(view, entry)])
}

function* prunedRuns(view: BrickView, entry: EntryRecord): Generator<Run> {
  const { slot } = entry
  if (slot === undefined) return
  for (const run of dataRuns(entry)) {
    for (const { tile, offset, length } of piecesOf(slot, run)) {
      if (view.locateTile(tile).kind === TileKind.pruned) yield { start: offset, length }
    }
  }
}

function merged(runs: readonly Run[]): readonly Run[] {
  const all: Run[] = []
  for (const { start, length } of [...runs].sort((a, b) => a.start - b.start)) {
    const last = all.at(-1)
    if (last !== undefined && start <= last.start + last.length) {
      const end = Math.max(last.start + last.length, start + length)
      all[all.length - 1] = { start: last.start, length: end - last.start }
    } else all.push({ start, length })
  }
  return all
}
