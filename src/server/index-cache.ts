/**
 * The indexes that are in memory: made when first asked for, once, from the one before where there is one.
 *
 * At most `perBrickMax` of a brick and `entriesMax` entries in all (but always the last one asked for). One is made at
 * a time, in slices.
 */
import { equalBytes, toHex } from '../base/bytes.ts'
import type { CommitRecord } from '../brick/commit-record.ts'
import { BrickDamage } from '../brick/damage.ts'
import type { BrickView } from '../store/brick-view.ts'
import { type DirectoryRuns, directoryRuns } from './directory-runs.ts'
import { type Base, indexOfAll, indexOfChanges, type Steps } from './index-build.ts'
import type { PathIndex } from './path-index.ts'

const perBrickMax = 4
const entriesMax = 4_000_000

export interface CommitIndex {
  readonly index: PathIndex
  /** Made when first asked for. */
  directories(): Promise<readonly DirectoryRuns[]>
}

interface Held extends CommitIndex {
  readonly uuid: string
  readonly record: CommitRecord
}

export class IndexCache {
  readonly #pause: () => Promise<void>
  /** By uuid and commit, the longest unused first. */
  readonly #held = new Map<string, Held>()
  readonly #making = new Map<string, Promise<Held>>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(pause: () => Promise<void>) {
    this.#pause = pause
  }

  /** Errors: those of reading the brick; an error of the system where its file was closed in the meantime. */
  async of(view: BrickView): Promise<CommitIndex> {
    const uuid = toHex(view.record.uuid)
    const key = `${uuid}/${toHex(view.record.id)}`
    const held = this.#held.get(key)
    if (held !== undefined) {
      this.#held.delete(key)
      this.#held.set(key, held)
      return held
    }
    let making = this.#making.get(key)
    if (making === undefined) {
      making = this.#inTurn(() => this.#make(uuid, view))
      this.#making.set(key, making)
      const forget = () => this.#making.delete(key)
      making.then((made) => this.#hold(key, made)).then(forget, forget)
    }
    return making
  }

  async #make(uuid: string, view: BrickView): Promise<Held> {
    const base = this.#baseFor(uuid, view)
    const index = await (base === undefined ? this.#run(allOf(view)) : this.#update(base, view))
    let directories: Promise<readonly DirectoryRuns[]> | undefined
    return {
      uuid,
      record: view.record,
      index,
      directories: () => {
        directories ??= this.#run(directoryRuns(index))
        return directories
      },
    }
  }

  /** From another commit; anew where the pages of that one are gone. */
  async #update(base: Base, view: BrickView): Promise<PathIndex> {
    try {
      return await this.#run(indexOfChanges(base, view))
    } catch (error) {
      if (!(error instanceof BrickDamage)) throw error
      return this.#run(allOf(view))
    }
  }

  /** The commit of the same file that is nearest in generations. */
  #baseFor(uuid: string, { record }: BrickView): Base | undefined {
    const distance = (held: Held) => Math.abs(held.record.generation - record.generation)
    const [other] = [...this.#held.values()]
      .filter((held) => held.uuid === uuid && equalBytes(held.record.epoch, record.epoch))
      .sort((a, b) => distance(a) - distance(b))
    return other && { before: other.index, beforeRecord: other.record }
  }

  #hold(key: string, made: Held): void {
    this.#held.set(key, made)
    const drop = (isDropped: (held: Held) => boolean): void => {
      for (const [other, held] of this.#held) {
        if (other === key || !isDropped(held)) continue
        this.#held.delete(other)
        return
      }
    }
    const ofBrick = [...this.#held.values()].filter((held) => held.uuid === made.uuid)
    if (ofBrick.length > perBrickMax) drop((held) => held.uuid === made.uuid)
    while (this.#held.size > 1 && this.#entryCount() > entriesMax) drop(() => true)
  }

  #entryCount(): number {
    let count = 0
    for (const { index } of this.#held.values()) count += index.columns.count
    return count
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => undefined)
    return result
  }

  async #run<T>(steps: Steps<T>): Promise<T> {
    for (;;) {
      const step = steps.next()
      if (step.done) return step.value
      await this.#pause()
    }
  }
}

function allOf(view: BrickView): Steps<PathIndex> {
  return indexOfAll({ entries: view.entries(), count: view.record.entries.count })
}
