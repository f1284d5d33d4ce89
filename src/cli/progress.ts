/** What is under way, on stderr: on a terminal one line drawn again and again, else a plain line every 5 seconds. */
import type { Clock } from '../base/ports.ts'
import { grouped, iec } from './text.ts'

export interface ProgressState {
  /** Such as `folding`. */
  readonly what: string
  readonly doneBytes: number
  /** 0 while unknown. */
  readonly totalBytes: number
  /** Entries, files or tiles so far, with their name. */
  readonly count?: { readonly done: number; readonly unit: string }
}

/** The part of a terminal's stream that is used. */
export interface ProgressStream {
  readonly isTTY?: boolean
  /** 0 where the terminal does not say. */
  readonly columns?: number
  write(text: string): unknown
}

const redrawMs = 80
const plainLineMs = 5_000
const barCells = 24
const columnsDefault = 80

export class Progress {
  readonly #stream: ProgressStream
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #startMs: number
  #lastMs: number
  #isDrawn = false

  constructor(stream: ProgressStream, clock: Pick<Clock, 'monotonicMs'>) {
    this.#stream = stream
    this.#clock = clock
    this.#startMs = clock.monotonicMs()
    this.#lastMs = this.#startMs
  }

  update(state: ProgressState): void {
    const nowMs = this.#clock.monotonicMs()
    const isTerminal = this.#stream.isTTY === true
    if (nowMs - this.#lastMs < (isTerminal ? redrawMs : plainLineMs)) return
    this.#lastMs = nowMs
    const seconds = Math.floor((nowMs - this.#startMs) / 1000)
    if (!isTerminal) {
      this.#stream.write(`sfd: ${plainLine(state)}, ${seconds} s\n`)
      return
    }
    this.#isDrawn = true
    const line = barLine(state).slice(0, (this.#stream.columns || columnsDefault) - 1)
    this.#stream.write(`\r\x1b[K${line}`)
  }

  /** Removes the drawn line. */
  end(): void {
    if (this.#isDrawn) this.#stream.write('\r\x1b[K')
    this.#isDrawn = false
  }
}

function plainLine(state: ProgressState): string {
  return [state.what, amountText(state), countText(state)].filter((part) => part !== '').join(', ')
}

function barLine(state: ProgressState): string {
  const share = state.totalBytes > 0 ? Math.min(1, state.doneBytes / state.totalBytes) : 0
  const cells = Math.round(share * barCells)
  const bar = state.totalBytes > 0 ? `${'█'.repeat(cells)}${'░'.repeat(barCells - cells)}` : ''
  const percent = state.totalBytes > 0 ? `${String(Math.floor(100 * share)).padStart(3)} %` : ''
  return [state.what.padEnd(10), bar, percent, amountText(state), countText(state)]
    .filter((part) => part !== '')
    .join('  ')
}

function amountText({ doneBytes, totalBytes }: ProgressState): string {
  if (totalBytes > 0) return `${iec(doneBytes)} of ${iec(totalBytes)}`
  return doneBytes > 0 ? iec(doneBytes) : ''
}

function countText({ count }: ProgressState): string {
  return count === undefined ? '' : `${grouped(count.done)} ${count.unit}`
}
