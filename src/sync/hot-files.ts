/**
 * Files that changed while they were read. Reading them again at once would most likely fail again, and everything else
 * of the brick would wait: each is left alone for a while, longer each time, with what was hinted of it meanwhile.
 *
 * Bounded: beyond `hotFilesMax` a file is treated as any other.
 */
import { bytesKey } from '../base/bytes.ts'

export const hotFilesMax = 1_000

interface HotFile {
  readonly path: Uint8Array
  /** How long it is left alone, this time. */
  restMs: number
  untilMs: number
  /** When it was hinted first while it was left alone. */
  hintedMs: number | undefined
  isLookedAt: boolean
}

export interface ReleasedFile {
  readonly path: Uint8Array
  /** When it was hinted; undefined: it was not, it is only doubtful. */
  readonly hintedMs: number | undefined
}

export class HotFiles {
  readonly #files = new Map<string, HotFile>()
  readonly #rest: { readonly firstMs: number; readonly maxMs: number }

  constructor(rest: { readonly firstMs: number; readonly maxMs: number }) {
    this.#rest = rest
  }

  /** Whether the hint was kept here: the file is left alone. */
  keeps(path: Uint8Array, hintedMs: number): boolean {
    if (this.#files.size === 0) return false
    const file = this.#files.get(bytesKey(path))
    if (file === undefined || file.isLookedAt) return false
    file.hintedMs ??= hintedMs
    return true
  }

  /** Those whose rest is over at `nowMs`; Infinity: all. */
  release(nowMs: number): ReleasedFile[] {
    const released: ReleasedFile[] = []
    for (const file of this.#files.values()) {
      if (file.isLookedAt || file.untilMs > nowMs) continue
      released.push({ path: file.path, hintedMs: file.hintedMs })
      file.isLookedAt = true
      file.hintedMs = undefined
    }
    return released
  }

  /** What came of the last look: those that were torn again rest longer, those that were not are like any other. */
  settle(torn: readonly Uint8Array[], nowMs: number): void {
    for (const path of torn) {
      const key = bytesKey(path)
      const known = this.#files.get(key)
      if (known === undefined && this.#files.size >= hotFilesMax) continue
      const { firstMs, maxMs } = this.#rest
      const restMs = known === undefined ? firstMs : Math.min(2 * known.restMs, maxMs)
      this.#files.set(key, { path, restMs, untilMs: nowMs + restMs, hintedMs: undefined, isLookedAt: false })
    }
    for (const [key, file] of this.#files) if (file.isLookedAt) this.#files.delete(key)
  }

  get nextMs(): number {
    let nextMs = Number.POSITIVE_INFINITY
    for (const { untilMs, isLookedAt } of this.#files.values()) {
      if (!isLookedAt) nextMs = Math.min(nextMs, untilMs)
    }
    return nextMs
  }

  /** Of the oldest hint kept here; undefined where there is none. */
  get hintedSinceMs(): number | undefined {
    let sinceMs: number | undefined
    for (const { hintedMs } of this.#files.values()) {
      if (hintedMs !== undefined && (sinceMs === undefined || hintedMs < sinceMs)) sinceMs = hintedMs
    }
    return sinceMs
  }
}
