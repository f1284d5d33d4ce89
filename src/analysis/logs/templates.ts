/** The most frequent of any number of texts in bounded room: what is frequent is never missed, rare ones may be. */

export interface Counted {
  readonly text: string
  /** At least; too low by at most `Templates.missed`. */
  readonly count: number
  /** Of the first and the last byte of what was counted first and last. */
  readonly first: number
}

export class Templates {
  readonly #counts = new Map<string, { count: number; first: number }>()
  /** How often a count may have been taken away from any of them. */
  missed = 0

  add(text: string, at: number): void {
    const known = this.#counts.get(text)
    if (known !== undefined) known.count++
    else if (this.#counts.size < keptMax) this.#counts.set(text, { count: 1, first: at })
    else this.#makeRoom()
  }

  /** Most frequent first; of equals the one that came first. */
  top(countMax: number): Counted[] {
    const all = [...this.#counts].map(([text, one]) => ({ text, ...one }))
    return all.sort((a, b) => b.count - a.count || a.first - b.first).slice(0, countMax)
  }

  /** Misra and Gries: one off from all, and what is at nothing goes. */
  #makeRoom(): void {
    this.missed++
    for (const [text, one] of this.#counts) if (--one.count === 0) this.#counts.delete(text)
  }
}

const keptMax = 4_000
