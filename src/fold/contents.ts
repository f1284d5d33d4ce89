/**
 * What came of reading: content ids, flags, and which files have to be read again.
 *
 * A large content's id comes from the hashes of the directory that the leaves have made; holes cost nothing, and neither
 * does what was not read.
 */
import { assert, must } from '../base/assert.ts'
import type { Run } from '../base/entry.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { hashBytes, type Merkle } from '../brick/merkle.ts'
import { largeContentId } from './content-id.ts'
import type { FileOutcome } from './leaf-job.ts'
import type { BrickModel, PathKey } from './model.ts'
import type { Reading } from './placing.ts'
import { sortedRuns, union } from './runs.ts'
import type { TreeReader } from './tree-reader.ts'

const tileSizeBytes = 65_536

interface Gathered {
  changed: boolean
  /** Runs of it that the brick was to have and has not. */
  missing: Run[]
  torn: boolean
  /** Why nothing of it could be read. */
  why: string | undefined
  /** Why not all of a part could be. */
  whyInPart: string | undefined
  digest: Uint8Array | undefined
  unreadable: Run[]
}

interface Applying {
  /** The directory with what was read in it. */
  readonly tree: TreeReader
  readonly isRacy: (entry: EntryRecord) => boolean
}

export class ContentOutcomes {
  readonly #merkle: Merkle
  readonly #gathered = new Map<PathKey, Gathered>()
  /** Of contents that were read whole and without trouble, nearly all: which of `#digestBytes`, counted in digests. */
  readonly #digests = new Map<PathKey, number>()
  #digestBytes = new Uint8Array(1_024 * hashBytes)

  constructor(merkle: Merkle) {
    this.#merkle = merkle
  }

  take(outcomes: readonly FileOutcome[], holders: readonly PathKey[]): void {
    for (const [index, outcome] of outcomes.entries()) {
      this.#takeFile(must(holders[index], 'holder of a file'), outcome)
    }
  }

  /** A run of a content that was read in part is neither in the brick nor was it read. */
  takeMissing(holder: PathKey, run: Run): void {
    this.#gatheredOf(holder).missing.push(run)
  }

  /** Writes ids and flags into the model; returns the contents that have to be read again. */
  apply(model: BrickModel, readings: Iterable<Reading>, how: Applying): Uint8Array[] {
    const again: Uint8Array[] = []
    for (const reading of readings) {
      const { holder, part } = reading
      const entry = must(model.entries.get(holder), `entry ${holder}`)
      const gathered = this.#gathered.get(holder) ?? { ...blank(), digest: this.#digestOf(holder) }
      if (gathered.changed || gathered.missing.length > 0) again.push(entry.path)
      model.set(this.#finished(entry, gathered, { ...how, reading }))
      if (part !== undefined) noteUnsure(model, reading, gathered)
      model.shareContent(holder)
    }
    return again
  }

  #takeFile(holder: PathKey, outcome: FileOutcome): void {
    if (outcome.kind === 'read' && outcome.digest && !outcome.torn && !outcome.unreadable) {
      // A digest is there where a leaf has the whole content: no other outcome of this file comes.
      this.#keepDigest(holder, outcome.digest)
      return
    }
    const gathered = this.#gatheredOf(holder)
    if (outcome.kind === 'changed') gathered.changed = true
    if (outcome.kind === 'unreadable') gathered.why = outcome.why
    if (outcome.kind !== 'read') return
    gathered.digest = outcome.digest
    gathered.torn ||= outcome.torn === true
    gathered.unreadable.push(...(outcome.unreadable ?? []))
    gathered.whyInPart ??= outcome.why
  }

  #gatheredOf(holder: PathKey): Gathered {
    const known = this.#gathered.get(holder)
    if (known !== undefined) return known
    const gathered = blank()
    this.#gathered.set(holder, gathered)
    return gathered
  }

  #keepDigest(holder: PathKey, digest: Uint8Array): void {
    const index = this.#digests.size
    if ((index + 1) * hashBytes > this.#digestBytes.length) {
      const longer = new Uint8Array(2 * this.#digestBytes.length)
      longer.set(this.#digestBytes)
      this.#digestBytes = longer
    }
    this.#digestBytes.set(digest, index * hashBytes)
    this.#digests.set(holder, index)
  }

  #digestOf(holder: PathKey): Uint8Array | undefined {
    const index = this.#digests.get(holder)
    return index === undefined ? undefined : this.#digestBytes.slice(index * hashBytes, (index + 1) * hashBytes)
  }

  #finished(entry: EntryRecord, gathered: Gathered, how: Applying & { readonly reading: Reading }): EntryRecord {
    const { contentId: _id, sha256: _sha256, unreadable: told, unreadableRanges: _ranges, ...rest } = entry
    const { part } = how.reading
    const flags = { ...entry.flags, torn: gathered.torn, racy: part?.isVouched !== true && how.isRacy(entry) }
    const lost = [...gathered.unreadable, ...(part?.lost ?? [])]
    const why = gathered.why ?? (gathered.unreadable.length > 0 ? (gathered.whyInPart ?? 'EIO') : told)
    if (gathered.why !== undefined || gathered.changed || gathered.missing.length > 0)
      return { ...rest, flags, ...(why !== undefined && { unreadable: why }) }
    if (lost.length > 0) return { ...rest, flags, unreadable: why ?? notHere, unreadableRanges: sortedRuns(lost) }
    const isSmall = entry.size <= tileSizeBytes
    const contentId = isSmall
      ? (gathered.digest ?? this.#idOfHole(entry))
      : largeContentId(this.#merkle, how.tree, { slot: must(entry.slot, 'slot of a content'), size: entry.size })
    return {
      ...rest,
      flags,
      ...(told !== undefined && { unreadable: told }),
      contentId,
      ...(!isSmall && gathered.digest !== undefined && { sha256: gathered.digest }),
    }
  }

  /** A small file that kept a slot of whole tiles and is nothing but a hole now: no leaf had to read it. */
  #idOfHole({ size, extents }: EntryRecord): Uint8Array {
    assert(extents?.length === 0, 'a content with data was not read')
    return this.#merkle.contentIdOf({ bytes: new Uint8Array(size) })
  }
}

/** Of bytes that came and went before they were seen. */
const notHere = 'PRUNED'

/** What is not right in the brick is read again, whatever its lister says; the rest of the content is as good as it was. */
function noteUnsure(model: BrickModel, { holder, part }: Reading, { changed, torn, missing }: Gathered): void {
  const { prunedBytes = 0 } = model.notes.get(holder) ?? {}
  const isDoubtful = (changed || torn || missing.length > 0) && part?.from !== undefined
  const unsure = isDoubtful ? union(part.fresh, sortedRuns(missing)) : undefined
  if (unsure === undefined && prunedBytes === 0) model.notes.delete(holder)
  else model.notes.set(holder, { unsure, prunedBytes })
}

function blank(): Gathered {
  return {
    changed: false,
    missing: [],
    torn: false,
    why: undefined,
    whyInPart: undefined,
    digest: undefined,
    unreadable: [],
  }
}
