/**
 * Tags, compaction and forgetting of a brick that is kept: between reconciles, and with the brick opened anew where its
 * file was replaced. A copy is made while commits go on; only its end is alone with the brick.
 */
import type { Clock, Random } from '../base/ports.ts'
import type { ForgetReport } from '../fold/forget.ts'
import type { OpenBrick } from '../fold/open-brick.ts'
import type { Head } from '../store/brick-file.ts'
import type { CompactReport } from '../store/compact.ts'
import type { RetentionPolicy } from '../store/retention.ts'
import type { CompactAnswer, TagAnswer, TagOrder } from '../wire/care.ts'
import { type CareParts, CompactionNeed, compact, compactAnswer, forget, tagAnswer, tagKept } from './brick-care.ts'
import type { KeptBrick } from './kept-brick.ts'

export interface KeeperCareParts {
  readonly path: Uint8Array
  readonly kept: KeptBrick
  readonly clock: Clock
  readonly random: Random
  readonly signal: AbortSignal
  /** Runs `work` when nothing else works with the brick. */
  readonly alone: <T>(work: (brick: OpenBrick) => Promise<T>) => Promise<T>
  /** There is a commit that is not of a reconcile. */
  readonly committed: (head: Head) => void
  /** The brick's file was replaced by one with the same commits, or some of them. */
  readonly replaced: () => void
  /** What nobody asked for has failed. */
  readonly warn: (error: unknown) => void
}

export class KeeperCare {
  readonly #parts: KeeperCareParts
  readonly #need = new CompactionNeed()
  #compacting: Promise<unknown> | undefined

  constructor(parts: KeeperCareParts) {
    this.#parts = parts
  }

  /** Errors: USAGE, COMMIT_MISSING, DISK_*. */
  tag(order: Omit<TagOrder, 'name'>): Promise<TagAnswer> {
    const { alone, clock, committed } = this.#parts
    return alone(async ({ writer }) => {
      const before = writer.generation
      const head = tagKept(writer, order, clock)
      if (writer.generation !== before) committed(head)
      return tagAnswer(order, head)
    })
  }

  /** `retention`: what is kept, instead of what the brick says. Errors: DISK_*, BRICK_DAMAGED, CANCELLED. */
  async compact(retention?: RetentionPolicy): Promise<CompactAnswer> {
    await this.#compacting
    const running = this.#compact(retention)
    this.#compacting = running.catch(() => undefined)
    return compactAnswer(await running)
  }

  /** Errors: ENTRY_MISSING, DISK_*, BRICK_DAMAGED, CANCELLED. */
  async forget(entryPath: Uint8Array): Promise<ForgetReport> {
    await this.#compacting
    return this.#parts.alone(async (brick) => {
      try {
        return await forget(this.#care, entryPath, brick)
      } finally {
        this.#reopen()
      }
    })
  }

  /** Compacts where that pays; nobody waits for it. */
  afterCommit({ writer }: OpenBrick): void {
    if (this.#compacting !== undefined) return
    const work = async (): Promise<void> => {
      if (await this.#need.isDue(writer)) await this.#compact(undefined)
    }
    this.#compacting = work()
      .catch((error: unknown) => {
        if (!this.#parts.signal.aborted) this.#parts.warn(error)
      })
      .finally(() => {
        this.#compacting = undefined
      })
  }

  /** Resolves when no compaction is under way. */
  async close(): Promise<void> {
    await this.#compacting
  }

  async #compact(retention: RetentionPolicy | undefined): Promise<CompactReport> {
    const { alone } = this.#parts
    const writer = await alone(async (brick) => brick.writer)
    const exclusively = <T>(work: () => Promise<T>): Promise<T> =>
      alone(async () => {
        try {
          return await work()
        } finally {
          this.#reopen()
        }
      })
    return compact(this.#care, { writer, exclusively, ...(retention !== undefined && { retention }) })
  }

  #reopen(): void {
    this.#parts.kept.reopen()
    this.#parts.replaced()
  }

  get #care(): CareParts {
    const { path, clock, random, signal } = this.#parts
    return { path, clock, random, signal }
  }
}
