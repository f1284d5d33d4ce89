/**
 * What a brick on disk says of a model disk, and the work that makes it say so: looks at paths at different moments,
 * reads that may be torn, commits that are all or nothing.
 */
import type { Chance } from '../fold/chance.ts'
import { isBeneath, isRacy, type ModelDisk, type ModelFile } from './model-disk.ts'

export interface ModelScope {
  readonly path: string
  readonly reach: 'entry' | 'subtree'
  readonly look?: 'content'
}

export interface ModelRecord extends ModelFile {
  readonly doubt: 'none' | 'racy' | 'torn'
}

export interface WorkResult {
  readonly changed: number
  readonly racy: readonly string[]
  readonly torn: readonly string[]
}

/** A reconcile under way: nothing of it is visible before it is committed. */
export class ModelWork {
  readonly records: Map<string, ModelRecord>
  /** Of each path that was looked at: the last change that could be known then. */
  readonly seen = new Map<string, number>()
  readonly #disk: ModelDisk
  readonly #chance: Chance
  #changed = 0

  constructor(brick: ReadonlyMap<string, ModelRecord>, disk: ModelDisk, chance: Chance) {
    this.records = new Map(brick)
    this.#disk = disk
    this.#chance = chance
  }

  /** Looks at a scope as it is at `nowMs`; `later` runs the end of a read. */
  look({ path, reach, look }: ModelScope, nowMs: number, later: (delayMs: number, run: () => void) => void): void {
    const covers = (key: string): boolean => (reach === 'subtree' ? isBeneath(key, path) : key === path)
    const { files, told } = this.#disk
    for (const key of new Set([...this.records.keys(), ...files.keys(), ...told.keys()])) {
      if (!covers(key)) continue
      this.seen.set(key, told.get(key)?.change ?? 0)
      this.#lookAt(key, { nowMs, look, later })
    }
  }

  #lookAt(
    path: string,
    how: { nowMs: number; look: 'content' | undefined; later: (delayMs: number, run: () => void) => void },
  ): void {
    const file = this.#disk.files.get(path)
    const known = this.records.get(path)
    if (file === undefined) {
      if (this.records.delete(path)) this.#changed++
      return
    }
    const isSame = known?.ino === file.ino && known.tick === file.tick && known.doubt === 'none'
    if (isSame && how.look !== 'content') return
    if (known?.content !== file.content || known.tick !== file.tick) this.#changed++
    this.records.set(path, { ...file, doubt: isRacy(file, how.nowMs) ? 'racy' : 'none' })
    how.later(1 + this.#chance.below(5), () => this.#endRead(path, file))
  }

  /** A file whose times are others after it was read holds bytes of nobody knows which state. */
  #endRead(path: string, before: ModelFile): void {
    const after = this.#disk.files.get(path)
    const record = this.records.get(path)
    if (record === undefined || (after?.tick === before.tick && after.ino === before.ino)) return
    this.records.set(path, { ...record, doubt: 'torn' })
  }

  result(): WorkResult {
    const doubtful = (doubt: string): string[] =>
      [...this.records].filter(([path, record]) => record.doubt === doubt && this.seen.has(path)).map(([path]) => path)
    return { changed: this.#changed, racy: doubtful('racy'), torn: doubtful('torn') }
  }
}
