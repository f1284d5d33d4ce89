/**
 * The daemon's desk for the model: bricks offer what was said of their entries, and descriptions come one after another,
 * the most worth while first, within budgets. Nobody waits for it, and nothing is missing where it never answers.
 *
 * What was described is kept by content: it is known for every later commit and every other brick.
 */
import { displayPath } from '../../base/bytes.ts'
import type { Region } from '../../base/region.ts'
import { type DescribeParts, dayOf, describeRegion, knownDescription } from './describe-region.ts'
import { type Description, descriptionRegion, type Skipped } from './description.ts'
import type { ExchangeLog } from './exchange-log.ts'
import type { ModelStatus } from './model-status.ts'
import { statusOf } from './model-status-of.ts'
import { entryQuestion, type LabelledEntry, priorityOf } from './region-facts.ts'
import type { RegionQuestion } from './region-question.ts'
import { BestQuestions, type WaitingQuestion, WaitingQuestions } from './waiting-questions.ts'

export interface BrickOffer {
  readonly uuid: string
  readonly name: string
  /** What the brick holds: its budget begins anew with another text. */
  readonly contents: string
  /** The model that its task names. */
  readonly model: string | undefined
  /** For what it holds now; undefined: the default. 0: none. */
  readonly maxTokens: number | undefined
  readonly entries: Iterable<LabelledEntry>
}

export interface DeskParts extends DescribeParts {
  /** Something of that brick was described: `descriptionsOf` says more than before. */
  readonly onDescribed: (uuid: string) => void
}

/** Between two looks whether a server that was not well is well again. */
const againMs = 30_000
type Looked =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'known'; readonly description: Description }
  | { readonly kind: 'open'; readonly priority: number; readonly question: RegionQuestion }

export class ModelDesk {
  readonly #parts: DeskParts
  readonly #waiting = new WaitingQuestions()
  readonly #running = new Map<WaitingQuestion, AbortController>()
  /** Of what a brick holds now. */
  readonly #spent = new Map<string, { readonly contents: string; tokens: number }>()
  #described = 0
  #failed = 0
  #isClosed = false
  #isStarting = false
  #stopTimer: (() => void) | undefined
  #idle: (() => void)[] = []

  constructor(parts: DeskParts) {
    this.#parts = parts
  }

  /** What is known now; where that is old, a look begins. */
  status(): ModelStatus {
    const { link } = this.#parts
    if (!this.#isClosed) link.refreshed().catch(() => {})
    const queue = { queued: this.#waiting.count, running: this.#running.size }
    return statusOf(this.#parts, { ...queue, described: this.#described, failed: this.#failed })
  }

  /** What is known already of an entry, as regions of it; `model`: as its task names it. Asks nobody. */
  descriptionsOf(entry: LabelledEntry, model?: string): readonly Region[] {
    const looked = this.#look(entry, model)
    return looked.kind === 'known' ? [descriptionRegion({ offset: 0, length: entry.size }, looked.description)] : []
  }

  /**
   * What labels leave to be described of entries of a brick; beside what waits of its other entries, within the brick's
   * bound. Reads `entries` at once.
   */
  offer({ uuid, name, contents, model, maxTokens, entries }: BrickOffer): void {
    const { budget } = this.#parts.link.settings
    if (this.#isClosed) return
    if (this.#spent.get(uuid)?.contents !== contents) this.#spent.set(uuid, { contents, tokens: 0 })
    const brick = { uuid, name, model }
    const tokensMax = maxTokens ?? budget.tokensPerBrick
    const best = new BestQuestions(budget.regionsPerBrick)
    for (const entry of entries) {
      const looked = this.#look(entry, model)
      if (looked.kind !== 'open' || this.#isRunning(uuid, entry.path)) continue
      const { priority, question } = looked
      best.add({ brick, path: displayPath(entry.path), priority, tokensMax, question })
    }
    this.#waiting.add(uuid, best.best(), budget.regionsPerBrick)
    this.#pump()
  }

  /** The record of what was asked. */
  get log(): ExchangeLog {
    return this.#parts.log
  }

  /** The brick is gone, or not to be described any more. */
  forget(uuid: string): void {
    this.#waiting.drop(uuid)
    this.#spent.delete(uuid)
    for (const [{ brick }, controller] of this.#running) if (brick.uuid === uuid) controller.abort()
  }

  /** Resolves when nothing waits or runs, or nothing more can be asked for now. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve)
      this.#tellIdle()
    })
  }

  /** Calls off what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#stopTimer?.()
    this.#waiting.clear()
    for (const controller of this.#running.values()) controller.abort()
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #look(entry: LabelledEntry, model: string | undefined): Looked {
    if (this.#isClosed || this.#parts.link.settings.use === 'off') return { kind: 'nothing' }
    const priority = priorityOf(entry)
    if (priority === undefined || !entry.isPublic) return { kind: 'nothing' }
    const question = entryQuestion(entry)
    if (question.isSuspected) return { kind: 'nothing' }
    const description = this.#known(question, model)
    return description === undefined ? { kind: 'open', priority, question } : { kind: 'known', description }
  }

  #isRunning(uuid: string, path: Uint8Array): boolean {
    const shown = displayPath(path)
    for (const running of this.#running.keys()) if (running.brick.uuid === uuid && running.path === shown) return true
    return false
  }

  #known(question: RegionQuestion, model: string | undefined): Description | undefined {
    const { cache, link } = this.#parts
    return knownDescription(cache, question, model ?? link.settings.model ?? '')
  }

  /** Starts what may run; where the server is not well, looks again later. */
  #pump(): void {
    if (this.#isStarting || this.#isClosed || this.#waiting.count === 0) {
      this.#tellIdle()
      return
    }
    this.#isStarting = true
    this.#start().then(
      () => this.#started(),
      () => this.#started(),
    )
  }

  #started(): void {
    this.#isStarting = false
    if (this.#waiting.count > 0 && this.#running.size === 0) this.#later()
    this.#tellIdle()
  }

  async #start(): Promise<void> {
    const { link, log, clock } = this.#parts
    const { model } = await link.refreshed(this.#waiting.first?.brick.model)
    const isLeft = log.tokensOn(dayOf(clock)) < link.settings.budget.tokensPerDay
    while (
      !this.#isClosed &&
      model !== undefined &&
      isLeft &&
      link.mayAsk(this.#running.size) &&
      this.#running.size < model.parallel
    ) {
      const next = this.#waiting.take()
      if (next === undefined) return
      if ((this.#spent.get(next.brick.uuid)?.tokens ?? 0) >= next.tokensMax) this.#waiting.drop(next.brick.uuid)
      else this.#run(next)
    }
  }

  #run(waiting: WaitingQuestion): void {
    const controller = new AbortController()
    const { brick, path, question } = waiting
    this.#running.set(waiting, controller)
    const account = this.#spent.get(brick.uuid)
    const onSpent = (tokens: number): void => {
      if (account !== undefined) account.tokens += tokens
    }
    const options = { signal: controller.signal, wanted: brick.model, brick: brick.name, path, onSpent }
    describeRegion(question, this.#parts, options).then(
      (said) => this.#ended(waiting, said),
      (error: Error) => this.#ended(waiting, { kind: 'skipped', why: 'failed', reason: error.message }),
    )
  }

  #ended(waiting: WaitingQuestion, said: Description | Skipped): void {
    this.#running.delete(waiting)
    if (said.kind === 'described') {
      this.#described++
      if (!this.#isClosed) this.#parts.onDescribed(waiting.brick.uuid)
    } else if (said.why === 'failed') this.#failed++
    else if (said.why === 'no-server' && !this.#isClosed) this.#waiting.putBack(waiting)
    this.#pump()
  }

  #later(): void {
    if (this.#stopTimer !== undefined || this.#isClosed) return
    this.#stopTimer = this.#parts.timers.after(againMs, () => {
      this.#stopTimer = undefined
      this.#pump()
    })
  }

  #tellIdle(): void {
    const isBusy = this.#running.size > 0 || this.#isStarting
    const canGoOn = this.#waiting.count > 0 && this.#stopTimer === undefined && !this.#isClosed
    if (isBusy || canGoOn) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }
}
