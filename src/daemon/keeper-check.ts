/**
 * Looks after the bytes of a kept brick's file: reads it back after each pass over the source, and when somebody met
 * damage. What is found is read a second time, alone with the brick, before anything follows from it.
 */

import { FoundryError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import { BrickDamage } from '../brick/damage.ts'
import { readBack } from './read-back.ts'

export interface KeeperCheckParts {
  readonly path: Uint8Array
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly signal: AbortSignal
  /** Runs `work` when nothing else works with the brick. */
  readonly alone: (work: () => Promise<void>) => Promise<void>
  /** The file is damaged, and nothing else works with it. */
  readonly damaged: (why: string) => void
  readonly warn: (error: unknown) => void
}

/** Part of the time that a first reading works. */
const restingShare = 0.25

export class KeeperCheck {
  readonly #parts: KeeperCheckParts
  #running: Promise<void> | undefined

  constructor(parts: KeeperCheckParts) {
    this.#parts = parts
  }

  /** Nobody waits for it; one at a time. */
  begin(): void {
    const { signal, warn } = this.#parts
    if (signal.aborted) return
    this.#running ??= this.#check()
      .catch((error: unknown) => {
        if (!signal.aborted) warn(error)
      })
      .finally(() => {
        this.#running = undefined
      })
  }

  /** After a failure of something else. */
  beginAfter(error: unknown): void {
    if (error instanceof BrickDamage || (error instanceof FoundryError && error.code === 'BRICK_DAMAGED')) this.begin()
  }

  async close(): Promise<void> {
    await this.#running
  }

  async #check(): Promise<void> {
    const { path, clock, signal, alone, damaged } = this.#parts
    const parts = { path, signal, monotonicMs: () => clock.monotonicMs() }
    if ((await readBack({ ...parts, share: restingShare })) === undefined) return
    await alone(async () => {
      const why = await readBack({ ...parts, share: 1 })
      if (why !== undefined) damaged(why)
    })
  }
}
