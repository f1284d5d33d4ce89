/**
 * A disk in memory, and the channel that tells of its changes: what the real ones do to a brick that follows a tree.
 *
 * Contents are numbers that only grow; a file's times tick every 4 ms, so two writes may leave the same times. Some
 * changes are told (and may be lost, merged, delayed, reordered), some only change the times, some change nothing but the
 * content. What a look at a path sees is all that the follower ever learns.
 */
import type { Chance } from '../fold/chance.ts'

const tickMs = 4

export interface ModelFile {
  readonly ino: number
  /** Number of the write that the content is of. */
  readonly content: number
  /** Stands for mtime and ctime. */
  readonly tick: number
}

/** A hint as a watcher gives it. */
export interface ModelHint {
  readonly path: string
  readonly reach: 'entry' | 'subtree'
}

export class ModelDisk {
  readonly files = new Map<string, ModelFile>()
  /** Of each path: the last change of it that a watcher or a poll can know of, and what was there after it. */
  readonly told = new Map<string, { readonly change: number; readonly content: number | undefined }>()
  /** The filesystem is not mounted: nothing can be listed. */
  isAway = false
  #changes = 0
  #inodes = 0

  write(path: string, nowMs: number): ModelHint[] {
    const change = ++this.#changes
    const ino = this.files.get(path)?.ino ?? ++this.#inodes
    this.files.set(path, { ino, content: change, tick: tickOf(nowMs) })
    return this.#tell(path, change)
  }

  remove(path: string): ModelHint[] {
    if (!this.files.delete(path)) return []
    return this.#tell(path, ++this.#changes)
  }

  rename(from: string, to: string, nowMs: number): ModelHint[] {
    const file = this.files.get(from)
    if (file === undefined || from === to) return []
    this.files.delete(from)
    this.files.set(to, { ...file, tick: tickOf(nowMs) })
    const change = ++this.#changes
    return [...this.#tell(from, change), ...this.#tell(to, change)]
  }

  /** Everything beneath `from` is beneath `to`, which had nothing beneath it. */
  renameFolder(from: string, to: string): ModelHint[] {
    if (this.beneath(to).length > 0) return []
    const change = ++this.#changes
    for (const path of this.beneath(from)) {
      const moved = to + path.slice(from.length)
      this.files.set(moved, this.files.get(path) as ModelFile)
      this.files.delete(path)
      this.#tell(path, change)
      this.#tell(moved, change)
    }
    return [
      { path: from, reach: 'subtree' },
      { path: to, reach: 'subtree' },
    ]
  }

  /** Through a link from elsewhere: the times change, nobody is told. */
  writeElsewhere(path: string, nowMs: number): void {
    const file = this.files.get(path)
    if (file !== undefined) this.files.set(path, { ...file, content: ++this.#changes, tick: tickOf(nowMs) })
  }

  /** A store into a dirty page. */
  writeSilently(path: string): void {
    const file = this.files.get(path)
    if (file !== undefined) this.files.set(path, { ...file, content: ++this.#changes })
  }

  beneath(folder: string): string[] {
    return [...this.files.keys()].filter((path) => isBeneath(path, folder))
  }

  #tell(path: string, change: number): ModelHint[] {
    this.told.set(path, { change, content: this.files.get(path)?.content })
    return [{ path, reach: 'entry' }]
  }
}

export function isBeneath(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`)
}

function tickOf(nowMs: number): number {
  return Math.floor(nowMs / tickMs)
}

/** Whether a file whose times are these may change once more without changing them. */
export function isRacy({ tick }: ModelFile, nowMs: number): boolean {
  return tick * tickMs > nowMs - 20
}

export interface ChannelSink {
  hint(hint: ModelHint): void
  overflow(): void
}

/** Between the disk and the follower. `later` runs something after a delay, unless the follower dies before. */
export class HintChannel {
  readonly #chance: Chance
  readonly #sink: ChannelSink
  readonly #later: (delayMs: number, run: () => void) => void
  readonly #pending = new Set<ModelHint>()
  #isOverflown = false
  lossPercent = 0

  constructor(chance: Chance, sink: ChannelSink, later: (delayMs: number, run: () => void) => void) {
    this.#chance = chance
    this.#sink = sink
    this.#later = later
  }

  send(hints: readonly ModelHint[]): void {
    for (const hint of hints) {
      if (this.#chance.happens(this.lossPercent)) this.#lose()
      else if (![...this.#pending].some((other) => other.path === hint.path && other.reach === hint.reach)) {
        this.#pending.add(hint)
        this.#later(this.#chance.below(60), () => this.#deliver(hint))
      }
    }
  }

  /** All that was sent is told now: what a cookie proves. */
  flush(): void {
    for (const hint of [...this.#pending]) this.#deliver(hint)
    this.#tellOverflow()
  }

  #lose(): void {
    if (this.#isOverflown) return
    this.#isOverflown = true
    this.#later(this.#chance.below(200), () => this.#tellOverflow())
  }

  #tellOverflow(): void {
    if (!this.#isOverflown) return
    this.#isOverflown = false
    this.#sink.overflow()
  }

  #deliver(hint: ModelHint): void {
    if (this.#pending.delete(hint)) this.#sink.hint(hint)
  }
}
