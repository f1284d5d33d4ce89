/** While a model is asked: on stderr for how long already, on a terminal what it says as it says it. */
import { systemTimers } from '../daemon/timers.ts'
import type { Call } from './command.ts'
import { spoken } from './model-words.ts'
import { shownText } from './text.ts'

export class ModelWaiting {
  readonly #call: Call
  readonly #isShown: boolean
  #stop: (() => void) | undefined
  #printing: Promise<void> = Promise.resolve()
  #printed = ''
  #isEnded = false
  /** What of the summary was printed. */
  heard = ''

  constructor(call: Call) {
    this.#call = call
    this.#isShown = !call.json && process.stdout.isTTY
  }

  /** It is asked from now on. */
  asking(model: string): void {
    const what = `asking ${shownText(model)}`
    const isTerminal = this.#call.stderr.isTTY === true
    const startMs = this.#call.clock.monotonicMs()
    const tick = (): void => {
      const seconds = Math.floor((this.#call.clock.monotonicMs() - startMs) / 1_000)
      // A plain line says itself for how long.
      this.#call.progress.update({ what: isTerminal ? `${what}, ${seconds} s` : what, doneBytes: 0, totalBytes: 0 })
      this.#stop = systemTimers.after(tickMs, tick)
    }
    this.#stop?.()
    tick()
  }

  /** The answer's JSON so far, unchecked. */
  said(json: string): void {
    if (!this.#isShown) return
    this.#printing = this.#printing.then(async () => {
      const { partialField } = await import('../analysis/model/partial-field.ts')
      const text = shownText(partialField(json, 'summary') ?? '').slice(0, summaryMax)
      // The word that is being said may have to go to the next line.
      const words = text.slice(0, text.lastIndexOf(' ') + 1).trimEnd()
      if (words.length > 0) await this.#print(words)
      this.heard = text
    })
  }

  /** More than once is as good as once. */
  async end(): Promise<void> {
    if (this.#isEnded) return
    this.#stop?.()
    this.#call.progress.end()
    await this.#printing
    if (this.heard !== '') await this.#print(this.heard)
    if (this.#printed !== '') await this.#call.output.text('\n')
    this.#printed = ''
    this.#isEnded = true
  }

  async #print(text: string): Promise<void> {
    this.#stop?.()
    this.#call.progress.end()
    const lines = `\nA model says (unchecked while it speaks)\n${spoken(text)}`
    await this.#call.output.text(lines.slice(this.#printed.length))
    await this.#call.output.flush()
    this.#printed = lines
  }
}

const tickMs = 1_000
const summaryMax = 600
