/**
 * Files that a reconcile has read and cannot vouch for, and has to be asked about again: racy ones, whose times may stay
 * the same through another change, and torn ones, which changed each time they were read.
 */
import { bytesKey } from '../base/bytes.ts'
import { nanosecondsOf } from '../base/entry.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { alwaysGone } from './leaf-read.ts'
import type { BrickModel, PathKey } from './model.ts'

/** A change so shortly before the look at a file may be followed by one with the same times. */
const racyNs = 20_000_000n

export class Doubts {
  readonly #racy = new Set<PathKey>()
  readonly #torn = new Set<PathKey>()

  /** Measured from the look, not from now: reading may have taken long. A time of the future proves as much as any. */
  isRacy(entry: EntryRecord, { lookedAtNs, nowNs }: { lookedAtNs: bigint; nowNs: bigint }): boolean {
    const changedNs = nanosecondsOf(entry.ctime)
    const racy = changedNs > lookedAtNs - racyNs && changedNs < nowNs + racyNs
    if (racy) this.#racy.add(bytesKey(entry.path))
    else this.#racy.delete(bytesKey(entry.path))
    return racy
  }

  /** After a round: whether the file that it read is torn, or was not there each time it was opened. */
  noteTorn(model: BrickModel, holder: PathKey): void {
    const entry = model.entries.get(holder)
    if (entry?.flags.torn === true || entry?.unreadable === alwaysGone) this.#torn.add(holder)
    else this.#torn.delete(holder)
  }

  racy(model: BrickModel): Uint8Array[] {
    return pathsOf(model, this.#racy)
  }

  torn(model: BrickModel): Uint8Array[] {
    return pathsOf(model, this.#torn)
  }
}

function pathsOf(model: BrickModel, keys: ReadonlySet<PathKey>): Uint8Array[] {
  return [...keys].flatMap((key) => model.entries.get(key)?.path ?? [])
}
