/** Where bytes of a content come from that is read in part, other than from the source: the listing, or the brick itself. */
import type { Run } from '../base/entry.ts'
import type { ContentPiece } from '../source/describe.ts'
import type { GivenBytes, TileCopy } from './leaf-job.ts'
import { type Reading, staysInPlace } from './placing.ts'
import { endOf } from './runs.ts'
import type { TreeReader } from './tree-reader.ts'

const tileSizeBytes = 65_536

/** A run of bytes that came with the listing; `at`: where in the leaf the content begins. */
export function* givenBytes(
  run: Run,
  { pieces, at }: { readonly pieces: readonly ContentPiece[]; readonly at: number },
): Generator<GivenBytes> {
  for (const { start, bytes } of pieces) {
    const from = Math.max(start, run.start)
    const to = Math.min(start + bytes.length, endOf(run))
    // A copy: a view would take all of its memory along into the thread.
    if (from < to) yield { at: at + from, bytes: new Uint8Array(bytes.subarray(from - start, to - start)) }
  }
}

/** A run of a content that had the slot `from`, tile by tile. `tiles`: of the directory in which it had it. */
export function* copiesOf(
  run: Run,
  { from, at, tiles }: { readonly from: Run; readonly at: number; readonly tiles: Pick<TreeReader, 'tile'> },
): Generator<TileCopy> {
  for (let start = run.start; start < endOf(run); ) {
    const position = from.start + start
    const index = Math.floor(position / tileSizeBytes)
    const length = Math.min(endOf(run) - start, (index + 1) * tileSizeBytes - position)
    yield { at: at + start, length, from: position - index * tileSizeBytes, tile: tiles.tile(index) }
    start += length
  }
}

/** The tile in which a content that has another slot now had what belongs at `position`, if it had whole tiles. */
export function tileBefore(reading: Reading, position: number): number | undefined {
  const from = reading.part?.from
  if (from === undefined || staysInPlace(reading)) return undefined
  const offset = position - reading.slot.start
  return from.length >= tileSizeBytes && offset < from.length ? (from.start + offset) / tileSizeBytes : undefined
}
