/** Which tiles of a brick a commit changes: single ones and runs, as they are found, in any order. */
import type { Run } from '../base/entry.ts'

export class DirtyTiles {
  readonly #tiles = new Set<number>()
  readonly #runs: Run[] = []

  get isEmpty(): boolean {
    return this.#tiles.size === 0 && this.#runs.length === 0
  }

  add(tile: number): void {
    this.#tiles.add(tile)
  }

  addRun(run: Run): void {
    this.#runs.push(run)
  }

  /** Ascending, apart from each other. */
  runs(): Run[] {
    const single = [...this.#tiles].map((start) => ({ start, length: 1 }))
    const merged: Run[] = []
    for (const run of [...single, ...this.#runs].sort((a, b) => a.start - b.start)) {
      const last = merged.at(-1)
      if (last === undefined || last.start + last.length < run.start) merged.push(run)
      else {
        const end = Math.max(last.start + last.length, run.start + run.length)
        merged[merged.length - 1] = { start: last.start, length: end - last.start }
      }
    }
    return merged
  }
}
