/**
 * The link to the model: which server and which model, what is wrong with it, and what is known of its state right now.
 *
 * Servers are looked for at most once in `surveyMs`, and again as soon as one that was there is not.
 */
import type { Clock } from '../../base/ports.ts'
import { Breaker } from './breaker.ts'
import type { ChatFailure } from './chat-failure.ts'
import { type Choice, type ChosenModel, chooseModel, type Looked } from './choose-model.ts'
import { type DiscoveryParts, lookForModels } from './discovery.ts'
import type { ModelSettings } from './model-settings.ts'
import type { ModelState } from './model-status.ts'

export interface LinkParts extends DiscoveryParts {
  readonly clock: Clock
}

export type LinkState =
  | { readonly state: 'ready'; readonly model: ChosenModel; readonly reason: string }
  | { readonly state: Exclude<ModelState, 'ready'>; readonly model: ChosenModel | undefined; readonly reason: string }

const surveyMs = 30_000

export class ModelLink {
  readonly settings: ModelSettings
  readonly #parts: LinkParts
  readonly #breaker = new Breaker()
  #looked: readonly Looked[] | undefined
  #lookedAtMs = 0
  #looking: Promise<void> | undefined
  #lastFailure: ChatFailure | undefined
  /** Set while a question runs that loads the model first. */
  #loading = 0

  constructor(settings: ModelSettings, parts: LinkParts) {
    this.settings = settings
    this.#parts = parts
  }

  /** What is known now; `wanted`: the model that a task names. */
  state(wanted?: string): LinkState {
    if (this.settings.use === 'off') return { state: 'off', model: undefined, reason: 'it was turned off' }
    if (this.#looked === undefined) return { state: 'unreachable', model: undefined, reason: 'nobody has looked yet' }
    const choice = chooseModel(this.#looked, wanted ?? this.settings.model)
    if (choice.state !== 'ready') return { ...choice, model: undefined }
    return this.#troubled(choice)
  }

  /** The same after a look, where the last one is old or the server was in trouble. Errors: USAGE of the settings. */
  async refreshed(wanted?: string): Promise<LinkState> {
    if (this.settings.use === 'off') return this.state(wanted)
    const isOld = this.#parts.clock.monotonicMs() - this.#lookedAtMs >= surveyMs
    if (this.#looked === undefined || isOld) {
      this.#looking ??= this.#look()
      await this.#looking
    }
    return this.state(wanted)
  }

  /** Whether a question may be sent beside those that run: of a server that failed again and again, one at a time. */
  mayAsk(running = 0): boolean {
    const judged = this.#breaker.judge(this.#parts.clock.monotonicMs())
    return judged === 'closed' || (judged === 'trial' && running === 0)
  }

  /** To be told how each question ended. */
  began(model: ChosenModel): () => void {
    if (model.isLoaded !== false) return () => {}
    this.#loading++
    return () => {
      this.#loading--
    }
  }

  succeeded(): void {
    this.#breaker.succeeded()
    // What was loaded by it is worth a new look.
    if (this.#lastFailure !== undefined) this.#lookedAtMs = Number.NEGATIVE_INFINITY
    this.#lastFailure = undefined
  }

  failed(failure: ChatFailure): void {
    if (failure.cause === 'cancelled') return
    this.#lastFailure = failure
    this.#breaker.failed(this.#parts.clock.monotonicMs())
    if (failure.cause === 'unreachable' || failure.cause === 'no-model') this.#lookedAtMs = Number.NEGATIVE_INFINITY
  }

  async #look(): Promise<void> {
    try {
      this.#looked = await lookForModels(this.settings, this.#parts)
      this.#lookedAtMs = this.#parts.clock.monotonicMs()
    } finally {
      this.#looking = undefined
    }
  }

  #troubled(choice: Choice & { readonly state: 'ready' }): LinkState {
    const failure = this.#lastFailure
    if (this.#loading > 0)
      return { state: 'loading', model: choice.model, reason: `${choice.model.id} is being loaded` }
    if (failure === undefined) return choice
    const states: Partial<Record<ChatFailure['cause'], Exclude<ModelState, 'ready'>>> = {
      unreachable: 'unreachable',
      'no-model': 'no-model',
      loading: 'loading',
    }
    return { state: states[failure.cause] ?? 'degraded', model: choice.model, reason: failure.message }
  }
}
