/** What a keeper does with what it hears of its source: hints make dirty, a root that is away makes it wait. */
import { FoundryError } from '../base/errors.ts'
import type { BrickSync, HintCause } from '../sync/brick-sync.ts'
import type { DirtyScope } from '../sync/dirty-set.ts'
import type { Assignment } from './assignment.ts'
import type { KeeperRounds } from './keeper-rounds.ts'
import type { KeeperStatus } from './keeper-status.ts'
import type { KeeperVoice } from './keeper-voice.ts'
import { pollMsOf, scopeOf } from './source-rules.ts'
import type { SyncWaiters } from './sync-waiters.ts'
import type { RootListener, RootProblem, RootRecovery } from './watch-hub.ts'

/** Sources without events, where nobody said otherwise. */
export const pollMs = 5_000

export interface KeeperEarsParts {
  readonly assignment: Assignment
  readonly sync: BrickSync
  readonly status: KeeperStatus
  readonly rounds: KeeperRounds
  readonly voice: KeeperVoice
  readonly waiters: SyncWaiters
  readonly nowMs: () => number
  /** There may be something to do now. */
  readonly pump: () => void
}

export class KeeperEars implements RootListener {
  readonly #parts: KeeperEarsParts
  #isPumpDue = false

  constructor(parts: KeeperEarsParts) {
    this.#parts = parts
  }

  /** Hints come many at a time: what follows from them is found out once. */
  hint(told: DirtyScope): void {
    const { assignment, sync, nowMs, pump } = this.#parts
    const scope = scopeOf(assignment.source, told)
    if (scope === undefined) return
    sync.hint(scope, nowMs())
    if (this.#isPumpDue) return
    this.#isPumpDue = true
    queueMicrotask(() => {
      this.#isPumpDue = false
      pump()
    })
  }

  /** Everything is looked at again. */
  lost(cause: HintCause = 'overflow'): void {
    const { sync, nowMs, pump } = this.#parts
    sync.hintAll(nowMs(), cause)
    pump()
  }

  problem({ code, path, message }: RootProblem): void {
    const { assignment, sync, status, rounds, voice, waiters, nowMs, pump } = this.#parts
    if (code === 'ROOT_REPLACED' && !rounds.isWatched) return this.#lookAtOnce()
    const everyMs = pollMsOf(assignment) ?? pollMs
    const isPolled = code === 'WATCH_LIMIT' || code === 'SILENT'
    status.add({ code, path, message })
    if (isPolled) sync.setPolled(path, everyMs, nowMs())
    else {
      sync.pause(message)
      waiters.fail(new FoundryError('SOURCE_MISSING', message))
    }
    voice.state()
    pump()
  }

  recovered({ code, path, identity }: RootRecovery): void {
    const { assignment, sync, status, rounds, nowMs } = this.#parts
    status.remove({ code, path })
    rounds.watchedAs(identity)
    sync.setPolled(path, path.length === 0 ? pollMsOf(assignment) : null, nowMs())
    if (!status.isRootLost) sync.resume()
    this.lost('opened')
  }

  /** What was in the root's place was refused, and is not there any more. */
  #lookAtOnce(): void {
    const { sync, nowMs, pump } = this.#parts
    sync.hintAll(nowMs(), 'opened')
    sync.hurry(nowMs())
    pump()
  }
}
