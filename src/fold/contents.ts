/**
 * What came of reading: content ids, flags, and which files have to be read again.
 *
 * A large content's id comes from the hashes of its tiles, which the leaves have computed anyway; holes cost nothing.
 */
import { assert, must } from '../base/assert.ts'
import type { Run } from '../base/entry.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { fanOut, hashBytes, heightFor, type Merkle } from '../brick/merkle.ts'
import type { FileOutcome, LeafResult } from './leaf-job.ts'
import type { BrickModel, PathKey } from './model.ts'
import type { Reading } from './placing.ts'

const tileSizeBytes = 65_536

interface Gathered {
  changed: boolean
  torn: boolean
  why: string | undefined
  digest: Uint8Array | undefined
  unreadable: Run[]
}

export class ContentOutcomes {
  readonly #merkle: Merkle
  readonly #gathered = new Map<PathKey, Gathered>()
  /** Of contents that were read whole and without trouble, nearly all: which of `#digestBytes`, counted in digests. */
  readonly #digests = new Map<PathKey, number>()
  #digestBytes = new Uint8Array(1_024 * hashBytes)
  readonly #tileHashes = new Map<number, Uint8Array>()

  constructor(merkle: Merkle) {
    this.#merkle = merkle
  }

  take(result: LeafResult, holders: readonly PathKey[]): void {
    this.#tileHashes.set(result.leafIndex, result.tileHashes)
    for (const [index, outcome] of result.files.entries()) {
      this.#takeFile(must(holders[index], 'holder of a file'), outcome)
    }
  }

  /** Writes ids and flags into the model; returns the files that have to be read again. */
  apply(model: BrickModel, readings: Iterable<Reading>, isRacy: (entry: EntryRecord) => boolean): Uint8Array[] {
    const again: Uint8Array[] = []
    const leaves = [...this.#tileHashes.keys()].sort((a, b) => a - b)
    for (const reading of readings) {
      const entry = must(model.entries.get(reading.holder), `entry ${reading.holder}`)
      const gathered = this.#gathered.get(reading.holder) ?? { ...blank(), digest: this.#digestOf(reading.holder) }
      if (gathered.changed) again.push(entry.path)
      model.set(this.#finished(entry, gathered, { leaves, racy: isRacy(entry) }))
      model.shareContent(reading.holder)
    }
    return again
  }

  #takeFile(holder: PathKey, outcome: FileOutcome): void {
    if (outcome.kind === 'read' && outcome.digest && !outcome.torn && !outcome.unreadable) {
      // A digest is there where a leaf has the whole content: no other outcome of this file comes.
      this.#keepDigest(holder, outcome.digest)
      return
    }
    const gathered = this.#gathered.get(holder) ?? blank()
    this.#gathered.set(holder, gathered)
    if (outcome.kind === 'changed') gathered.changed = true
    if (outcome.kind === 'unreadable') gathered.why = outcome.why
    if (outcome.kind !== 'read') return
    gathered.digest = outcome.digest
    gathered.torn ||= outcome.torn === true
    gathered.unreadable.push(...(outcome.unreadable ?? []))
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

  #finished(entry: EntryRecord, gathered: Gathered, how: { leaves: readonly number[]; racy: boolean }): EntryRecord {
    const { contentId: _id, sha256: _sha256, unreadable: told, unreadableRanges: _ranges, ...rest } = entry
    const flags = { ...entry.flags, torn: gathered.torn, racy: how.racy }
    const why = gathered.why ?? (gathered.unreadable.length > 0 ? 'EIO' : told)
    if (gathered.why !== undefined || gathered.changed)
      return { ...rest, flags, ...(why !== undefined && { unreadable: why }) }
    if (gathered.unreadable.length > 0) {
      return { ...rest, flags, unreadable: 'EIO', unreadableRanges: mergeRuns(gathered.unreadable) }
    }
    const isSmall = entry.size <= tileSizeBytes
    const contentId = isSmall ? (gathered.digest ?? this.#idOfHole(entry)) : this.#largeId(entry, how.leaves)
    return {
      ...rest,
      flags,
      ...(told !== undefined && { unreadable: told }),
      ...(contentId !== undefined && { contentId }),
      ...(!isSmall && gathered.digest !== undefined && { sha256: gathered.digest }),
    }
  }

  /** A small file that kept a slot of whole tiles and is nothing but a hole now: no leaf had to read it. */
  #idOfHole({ size, extents }: EntryRecord): Uint8Array {
    assert(extents?.length === 0, 'a content with data was not read')
    return this.#merkle.contentIdOf({ bytes: new Uint8Array(size) })
  }

  #largeId(entry: EntryRecord, leaves: readonly number[]): Uint8Array {
    const slot = must(entry.slot, 'slot of a content')
    const content = { firstTile: slot.start / tileSizeBytes, tileCount: Math.ceil(entry.size / tileSizeBytes), leaves }
    return this.#merkle.contentRoot(entry.size, this.#rootOf(content, heightFor(entry.size), 0))
  }

  /** Hash of the node of `height` over the content's tiles from `from` on. */
  #rootOf(content: LargeContent, height: number, from: number): Uint8Array {
    const span = { from, to: Math.min(from + fanOut ** height, content.tileCount) }
    if (span.from >= span.to || !touches(content, span)) return this.#merkle.zero(height)
    if (height === 0) return this.#tileHash(content.firstTile + from)
    const hashes = new Uint8Array(fanOut * hashBytes)
    for (let child = 0; child < fanOut; child++) {
      hashes.set(this.#rootOf(content, height - 1, from + child * fanOut ** (height - 1)), child * hashBytes)
    }
    return this.#merkle.node(height, hashes)
  }

  #tileHash(tile: number): Uint8Array {
    const hashes = this.#tileHashes.get(Math.floor(tile / fanOut))
    const at = (tile % fanOut) * hashBytes
    return hashes === undefined ? this.#merkle.zero(0) : hashes.subarray(at, at + hashBytes)
  }
}

interface LargeContent {
  /** Of the brick. */
  readonly firstTile: number
  readonly tileCount: number
  /** Leaves with hashes, ascending. */
  readonly leaves: readonly number[]
}

/** Whether any leaf with hashes lies in the content's tiles [from, to). */
function touches({ firstTile, leaves }: LargeContent, { from, to }: { from: number; to: number }): boolean {
  const firstLeaf = Math.floor((firstTile + from) / fanOut)
  const lastLeaf = Math.floor((firstTile + to - 1) / fanOut)
  let low = 0
  let high = leaves.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((leaves[middle] as number) < firstLeaf) low = middle + 1
    else high = middle
  }
  return low < leaves.length && (leaves[low] as number) <= lastLeaf
}

function blank(): Gathered {
  return { changed: false, torn: false, why: undefined, digest: undefined, unreadable: [] }
}

function mergeRuns(runs: readonly Run[]): Run[] {
  const merged: Run[] = []
  for (const run of [...runs].sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last !== undefined && last.start + last.length >= run.start) {
      merged[merged.length - 1] = { start: last.start, length: run.start + run.length - last.start }
    } else merged.push(run)
  }
  return merged
}
