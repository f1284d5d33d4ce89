/** What the server says of its model, asked again now and then while the page is looked at. */
import type { ModelStatusJson } from '../../wire/api.ts'
import { after, type Timer, timeLimit } from '../clock.ts'
import { getModel } from './api-client.ts'

const pauseMs = 15_000
const askMsMax = 5_000

export class ModelWatch {
  status: ModelStatusJson | undefined
  readonly #changed: () => void
  #timer: Timer | undefined
  #asking = false

  constructor(changed: () => void) {
    this.#changed = changed
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) void this.renew()
    })
  }

  /** Asks now, and again after a pause. */
  async renew(): Promise<void> {
    if (this.#asking) return
    this.#asking = true
    this.#timer?.cancel()
    const answer = await getModel(timeLimit(askMsMax))
    this.#asking = false
    // What was true a while ago is not said again: without an answer nobody knows.
    this.status = answer.kind === 'ok' ? answer.value : undefined
    this.#changed()
    this.#timer = after(pauseMs, () => {
      if (!document.hidden) void this.renew()
    })
  }
}
