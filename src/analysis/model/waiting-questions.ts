/** Questions that wait, the most worth while first, those of equal worth in the order in which they came; bounded. */
import type { RegionQuestion } from './region-question.ts'

export interface WaitingQuestion {
  readonly brick: { readonly uuid: string; readonly name: string; readonly model: string | undefined }
  /** For display. */
  readonly path: string
  /** The lower, the earlier. */
  readonly priority: number
  /** Of all questions of the offer. */
  readonly tokensMax: number
  readonly question: RegionQuestion
}

/** Of all bricks; what is beyond is dropped, the least worth while first. */
export const waitingMax = 1_024

export class WaitingQuestions {
  #rows: WaitingQuestion[] = []

  get count(): number {
    return this.#rows.length
  }

  get first(): WaitingQuestion | undefined {
    return this.#rows[0]
  }

  /** Beside what waits of the brick, in the place of what waits of the same entries; at most `countMax` of it remain. */
  add(uuid: string, questions: readonly WaitingQuestion[], countMax: number): void {
    const paths = new Set(questions.map(({ path }) => path))
    const others = this.#rows.filter(({ brick }) => brick.uuid !== uuid)
    const before = this.#rows.filter(({ brick, path }) => brick.uuid === uuid && !paths.has(path))
    const kept = [...before, ...questions].sort(byPriority).slice(0, countMax)
    this.#rows = [...others, ...kept].sort(byPriority).slice(0, waitingMax)
  }

  take(): WaitingQuestion | undefined {
    return this.#rows.shift()
  }

  /** Before all others of its worth. */
  putBack(question: WaitingQuestion): void {
    this.#rows = [question, ...this.#rows].sort(byPriority)
  }

  drop(uuid: string): void {
    this.#rows = this.#rows.filter(({ brick }) => brick.uuid !== uuid)
  }

  clear(): void {
    this.#rows = []
  }
}

/** The questions most worth while of those that are added, at most `countMax`; never holds more than twice that. */
export class BestQuestions {
  readonly #countMax: number
  #rows: WaitingQuestion[] = []

  constructor(countMax: number) {
    this.#countMax = countMax
  }

  add(question: WaitingQuestion): void {
    this.#rows.push(question)
    if (this.#rows.length >= 2 * this.#countMax) this.#rows = this.best()
  }

  best(): WaitingQuestion[] {
    return [...this.#rows].sort(byPriority).slice(0, this.#countMax)
  }
}

function byPriority(a: WaitingQuestion, b: WaitingQuestion): number {
  return a.priority - b.priority
}
