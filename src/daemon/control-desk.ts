/** What scripts ask of the daemon: to sync, to stop, and about single bricks, whether they are followed or only shown. */
import { FoundryError } from '../base/errors.ts'
import type { Clock, Random } from '../base/ports.ts'
import type { ControlPath } from '../wire/api.ts'
import type {
  AnalyzeAnswer,
  AnalyzeOrder,
  CompactAnswer,
  ForgetAnswer,
  ForgetOrder,
  TagAnswer,
  TagOrder,
} from '../wire/care.ts'
import type { AnalysisDesk } from './analysis-desk.ts'
import { type CareParts, compact, compactAnswer, entryPathOf, forget, forgetAnswer, tagStored } from './brick-care.ts'
import { analysisIsOff, labelStored } from './brick-labels.ts'
import type { Forgotten } from './forget-traces.ts'
import type { Keepers } from './keepers.ts'

export interface ControlDeskParts {
  readonly keepers: Keepers
  /** Undefined: nothing is analysed. */
  readonly analysis?: AnalysisDesk
  readonly clock: Clock
  readonly random: Random
  readonly signal: AbortSignal
  /** What the state knows of it beside the brick goes; what stays, each a sentence. */
  readonly forgetTraces: (forgotten: Forgotten) => Promise<readonly string[]>
  readonly sync: () => Promise<void>
  readonly stop: () => void
}

export class ControlDesk {
  readonly #parts: ControlDeskParts

  constructor(parts: ControlDeskParts) {
    this.#parts = parts
  }

  /** The JSON answer. Errors: USAGE, BRICK_*, COMMIT_MISSING, DISK_*, SOURCE_*. */
  async answer(path: ControlPath, body: unknown): Promise<unknown> {
    if (path === '/api/tag') return this.#tag(body)
    if (path === '/api/compact') return this.#compact(body)
    if (path === '/api/forget') return this.#forget(body)
    if (path === '/api/analyze') return this.#analyze(body)
    if (path === '/api/sync') await this.#parts.sync()
    else if (path === '/api/stop') this.#parts.stop()
    else await this.#remove(body)
    return { ok: true }
  }

  async #remove(body: unknown): Promise<void> {
    const name = (body as { name?: unknown } | null)?.name
    if (typeof name !== 'string') throw new FoundryError('USAGE', 'Name the brick to remove.')
    await this.#parts.keepers.remove(name)
  }

  async #tag(body: unknown): Promise<TagAnswer> {
    const { name, generation, tag } = body as TagOrder
    if (!Number.isSafeInteger(generation) || (tag !== null && typeof tag !== 'string')) {
      throw new FoundryError('USAGE', 'A tag needs a generation, and a text or null.')
    }
    return this.#on(
      name,
      (care) => care.tag({ generation, tag }),
      async (parts) => tagStored(parts, { generation, tag }),
    )
  }

  async #compact(body: unknown): Promise<CompactAnswer> {
    const { name } = body as { name: string }
    return this.#on(
      name,
      (care) => care.compact(),
      async (parts) => compactAnswer(await compact(parts)),
    )
  }

  async #forget(body: unknown): Promise<ForgetAnswer> {
    const order = body as ForgetOrder
    const path = entryPathOf(order)
    const report = await this.#on(
      order.name,
      (care) => care.forget(path),
      (parts) => forget(parts, path),
    )
    return forgetAnswer(report, await this.#parts.forgetTraces(report))
  }

  async #analyze(body: unknown): Promise<AnalyzeAnswer> {
    const name = (body as AnalyzeOrder | null)?.name
    if (typeof name !== 'string') throw new FoundryError('USAGE', 'Name the brick to analyse.')
    const { keepers, analysis, clock, random, signal } = this.#parts
    const kept = keepers.labelsOf(name)
    if (kept !== undefined) return { ...(await kept.labels.analyze()), generation: kept.generation() }
    if (analysis === undefined) throw analysisIsOff()
    return keepers.withStored(name, (path) => labelStored({ path, clock, random, signal }, analysis))
  }

  async #on<T>(
    name: unknown,
    kept: (care: NonNullable<ReturnType<Keepers['careOf']>>) => Promise<T>,
    stored: (parts: CareParts) => Promise<T>,
  ): Promise<T> {
    if (typeof name !== 'string') throw new FoundryError('USAGE', 'Name the brick.')
    const { keepers, clock, random, signal } = this.#parts
    const care = keepers.careOf(name)
    if (care !== undefined) return kept(care)
    return keepers.withStored(name, (path) => stored({ path, clock, random, signal }))
  }
}
