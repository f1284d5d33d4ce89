/**
 * When a brick is reconciled or scrubbed, and with which scopes: a state machine without clock, disk, threads or chance.
 *
 * Hints only add to what is dirty; the reconcile finds out what is true. The first change after quiet is taken at once;
 * under steady change commits keep a distance, a byte rate and a rest as long as the work, but neither keeps a hint
 * waiting for more than `maxWaitMs`; what changes after a look at everything does not wait for its length. A file that
 * never holds still waits alone. A failure makes everything dirty and waits longer each time. Nothing that was taken is
 * forgotten before it was finished. One order at a time: each `reconcile` is answered with `finished` or `failed`, each
 * `scrub` with `scrubbed` or `failed`. Time is monotonic milliseconds, given by the caller.
 */
import { assert } from '../base/assert.ts'
import { ByteBudget } from './byte-budget.ts'
import { type DirtyScope, DirtySet } from './dirty-set.ts'
import { HotFiles } from './hot-files.ts'
import { Polls } from './polls.ts'
import { type ScrubbedSlice, ScrubPace } from './scrub-pace.ts'
import type { Barrier, Finished, HintCause, SyncOrder, SyncReason } from './sync-order.ts'
import { type SyncPolicy, syncPolicy } from './sync-policy.ts'

export type { Barrier, Finished, HintCause, SyncOrder, SyncReason } from './sync-order.ts'

/** What is under way. */
interface Work {
  readonly kind: 'reconcile' | 'scrub'
  readonly orderedMs: number
  readonly scopes: readonly DirtyScope[]
  /** The oldest of the hints that it takes care of. */
  readonly sinceMs: number
  readonly through: number
}

const root = new Uint8Array(0)
/** A slice of a pass that was due for that long goes before work that nobody waits for. */
const scrubPatienceMs = 5_000

export class BrickSync {
  readonly #policy: SyncPolicy
  readonly #chance: () => number
  readonly #dirty = new DirtySet()
  readonly #causes = new Set<HintCause>()
  readonly #again = new DirtySet()
  readonly #hot: HotFiles
  readonly #polls: Polls
  readonly #budget: ByteBudget
  readonly #scrub: ScrubPace
  #dirtySinceMs = 0
  #work: Work | undefined
  /** When the reconcile of the last commit was ordered. */
  #lastCommitMs = Number.NEGATIVE_INFINITY
  #restUntilMs = Number.NEGATIVE_INFINITY
  #longRestUntilMs = Number.NEGATIVE_INFINITY
  #failures = 0
  #retryAtMs = Number.NEGATIVE_INFINITY
  #againAtMs = Number.POSITIVE_INFINITY
  #rescanAtMs = Number.POSITIVE_INFINITY
  #isUrgent = false
  #pausedBecause: string | undefined
  /** Hints so far, with what time made dirty, and how many of the first of them are taken care of. */
  #hints = 0
  #through = 0

  /** `chance`: in [0, 1), spreads what is done every so often. */
  constructor({ policy = syncPolicy, chance = () => 0.5 }: { policy?: SyncPolicy; chance?: () => number } = {}) {
    this.#policy = policy
    this.#chance = chance
    this.#hot = new HotFiles({ firstMs: policy.tornFirstMs, maxMs: policy.maxWaitMs })
    this.#scrub = new ScrubPace(policy, chance)
    this.#polls = new Polls(policy.restPerPoll)
    const { bytesPerSecond, burstBytes, maxWaitMs } = policy
    this.#budget = new ByteBudget({ bytesPerSecond, burstBytes, debtMsMax: maxWaitMs })
    this.#polls.set(root, policy.pollMs, Number.NEGATIVE_INFINITY)
  }

  get isDirty(): boolean {
    return !this.#dirty.isEmpty || this.#hot.hintedSinceMs !== undefined
  }

  /** Neither dirty nor at work at what was. */
  get isSettled(): boolean {
    return !this.isDirty && this.#work?.kind !== 'reconcile'
  }

  get pausedBecause(): string | undefined {
    return this.#pausedBecause
  }

  /** All content was what the brick says at this time or later; undefined: not known. */
  get verifiedAtMs(): number | undefined {
    return this.#scrub.verifiedAtMs
  }

  /** Age of the oldest hint that is not committed; 0 where there is none. */
  lagMs(nowMs: number): number {
    const since = [
      this.#dirty.isEmpty ? nowMs : this.#dirtySinceMs,
      this.#hot.hintedSinceMs ?? nowMs,
      this.#work?.kind === 'reconcile' ? this.#work.sinceMs : nowMs,
    ]
    return nowMs - Math.min(...since)
  }

  hint(scope: DirtyScope, nowMs: number, cause: HintCause = 'changed'): void {
    const isKept = scope.reach === 'entry' && scope.look === undefined && this.#hot.keeps(scope.path, nowMs)
    if (isKept) this.#hints++
    else this.#add(scope, nowMs, cause)
  }

  /** Hints were lost, or the brick was just opened. */
  hintAll(nowMs: number, cause: HintCause = 'overflow'): void {
    this.#touch(nowMs, cause)
    this.#dirty.addAll()
  }

  /** Nothing tells of changes beneath `path`: it is listed every `pollMs`; null: it is watched again. */
  setPolled(path: Uint8Array, pollMs: number | null, nowMs: number): void {
    this.#polls.set(path, pollMs, nowMs)
  }

  /** Somebody waits: no settling, distance, rest or back-off for what is dirty now; what is polled is dirty. */
  hurry(nowMs: number): void {
    this.#ripen({ dueMs: Number.POSITIVE_INFINITY, nowMs })
    this.#isUrgent = !this.#dirty.isEmpty
  }

  /** Hurries, and names what is hurried for. */
  barrier(nowMs: number): Barrier {
    this.hurry(nowMs)
    return this.#hints as Barrier
  }

  /** Whether all that was hinted before the barrier is committed, or turned out to be nothing. */
  hasReached(barrier: Barrier): boolean {
    return this.#through >= barrier
  }

  /** Nothing is ordered until `resume`; hints are kept. */
  pause(reason: string): void {
    this.#pausedBecause = reason
  }

  resume(): void {
    this.#pausedBecause = undefined
  }

  /** Of a brick that has something to do at `nowMs`: since when, and whether somebody waits. Nothing is taken. */
  wants(nowMs: number): { readonly sinceMs: number; readonly urgency: 'hurry' | 'normal' } | undefined {
    if (this.#work !== undefined || this.#pausedBecause !== undefined) return undefined
    this.#ripen({ dueMs: nowMs, nowMs })
    const isDue = !this.#dirty.isEmpty && (this.#isUrgent || nowMs >= this.#dueMs())
    if (isDue) return { sinceMs: this.#dirtySinceMs, urgency: this.#isUrgent ? 'hurry' : 'normal' }
    return nowMs >= this.#scrub.dueMs ? { sinceMs: this.#scrub.dueMs, urgency: 'normal' } : undefined
  }

  next(nowMs: number): SyncOrder {
    if (this.#work !== undefined) return { kind: 'busy' }
    if (this.#pausedBecause !== undefined) return { kind: 'idle' }
    this.#ripen({ dueMs: nowMs, nowMs })
    if (this.#dirty.isEmpty) this.#isUrgent = false
    const dueMs = this.#dueMs()
    const isScrubLate = nowMs >= this.#scrub.dueMs + scrubPatienceMs
    if (this.#isUrgent || (nowMs >= dueMs && !isScrubLate)) return this.#reconcile(nowMs)
    if (nowMs >= this.#scrub.dueMs) {
      this.#work = { kind: 'scrub', orderedMs: nowMs, scopes: [], sinceMs: nowMs, through: 0 }
      return { kind: 'scrub', bytesMax: this.#policy.scrubSliceBytes }
    }
    const ripeMs = Math.min(this.#polls.nextMs, this.#hot.nextMs, this.#againAtMs, this.#rescanAtMs)
    const untilMs = Math.min(dueMs, this.#scrub.dueMs, ripeMs)
    return untilMs === Number.POSITIVE_INFINITY ? { kind: 'idle' } : { kind: 'wait', untilMs }
  }

  finished({ outcome, writtenBytes, read = 'changed', racy = [], torn = [], lookMs }: Finished, nowMs: number): void {
    const work = this.#done('reconcile')
    const tookMs = nowMs - work.orderedMs
    this.#through = work.through
    this.#failures = 0
    this.#retryAtMs = Number.NEGATIVE_INFINITY
    const isAll = isEverything(work.scopes)
    const restUntilMs = nowMs + Math.min(tookMs, this.#policy.maxWaitMs)
    this.#longRestUntilMs = Math.max(this.#longRestUntilMs, restUntilMs)
    if (!isAll) this.#restUntilMs = restUntilMs
    this.#budget.spend(writtenBytes, nowMs)
    if (outcome === 'committed') this.#lastCommitMs = work.orderedMs
    this.#polls.done({ tookMs: lookMs ?? tookMs, nowMs })
    this.#lookAgain(racy, nowMs)
    this.#leaveAlone(torn, nowMs)
    if (isAll) this.#rescanAtMs = this.#nextRescanMs(nowMs)
    if (read === 'all') this.#scrub.readAll(work.orderedMs)
    else this.#scrub.begin(nowMs)
  }

  /** What the slice found to be different was hinted before, with `look: 'content'`. */
  scrubbed(slice: ScrubbedSlice, nowMs: number): void {
    const { orderedMs } = this.#done('scrub')
    this.#scrub.scrubbed(slice, { orderedMs, nowMs })
  }

  /** Nothing of what was taken may be forgotten. */
  failed(nowMs: number): void {
    const work = this.#work
    this.#work = undefined
    if (work?.kind === 'scrub') return this.#scrub.failed(nowMs)
    this.#retryAtMs = nowMs + Math.min(this.#policy.retryMaxMs, this.#policy.retryFirstMs * 2 ** this.#failures)
    this.#failures++
    for (const scope of work?.scopes ?? []) if (scope.look === 'content') this.#dirty.add(scope)
    const sinceMs = Math.min(work?.sinceMs ?? nowMs, this.#dirty.isEmpty ? nowMs : this.#dirtySinceMs)
    this.hintAll(nowMs, 'opened')
    this.#dirtySinceMs = sinceMs
  }

  #reconcile(nowMs: number): SyncOrder {
    const reason = this.#reason()
    const scopes = this.#dirty.take()
    this.#causes.clear()
    this.#isUrgent = false
    this.#work = { kind: 'reconcile', orderedMs: nowMs, scopes, sinceMs: this.#dirtySinceMs, through: this.#hints }
    return { kind: 'reconcile', scopes, reason }
  }

  #reason(): SyncReason {
    if (this.#failures > 0) return 'retry'
    const telling = (['opened', 'overflow'] as const).find((cause) => this.#causes.has(cause))
    if (telling !== undefined) return telling
    if (this.#isUrgent) return 'sync'
    return (['changed', 'scrub', 'rescan', 'poll'] as const).find((cause) => this.#causes.has(cause)) ?? 'again'
  }

  #done(kind: Work['kind']): Work {
    const work = this.#work
    assert(work?.kind === kind, `no ${kind} was ordered`)
    this.#work = undefined
    return work
  }

  /** When what is dirty is taken; Infinity where nothing is. */
  #dueMs(): number {
    if (this.#dirty.isEmpty) return Number.POSITIVE_INFINITY
    const { settleMs, commitDistanceMs, maxWaitMs } = this.#policy
    return Math.max(
      this.#dirtySinceMs + settleMs,
      this.#lastCommitMs + commitDistanceMs,
      // What was left alone has waited already.
      Math.min(this.#budget.readyAtMs, this.#dirtySinceMs + maxWaitMs),
      this.#dirty.isEverything ? this.#longRestUntilMs : this.#restUntilMs,
      this.#retryAtMs,
    )
  }

  /** Makes dirty what time makes doubtful. */
  #ripen({ dueMs, nowMs }: { dueMs: number; nowMs: number }): void {
    for (const path of this.#polls.take(dueMs)) this.#add({ path, reach: 'subtree' }, nowMs, 'poll')
    for (const { path, hintedMs } of this.#hot.release(dueMs)) {
      this.#add({ path, reach: 'entry' }, hintedMs ?? nowMs, hintedMs === undefined ? 'again' : 'changed')
    }
    if (this.#againAtMs <= nowMs) {
      for (const scope of this.#again.take()) this.#add(scope, nowMs, 'again')
      this.#againAtMs = Number.POSITIVE_INFINITY
    }
    if (this.#rescanAtMs > nowMs) return
    this.#rescanAtMs = Number.POSITIVE_INFINITY
    this.#touch(nowMs, 'rescan')
    this.#dirty.addAll()
  }

  #add(scope: DirtyScope, sinceMs: number, cause: HintCause): void {
    this.#touch(sinceMs, cause)
    this.#dirty.add(scope)
  }

  #touch(sinceMs: number, cause: HintCause): void {
    this.#hints++
    this.#dirtySinceMs = this.#dirty.isEmpty ? sinceMs : Math.min(this.#dirtySinceMs, sinceMs)
    this.#causes.add(cause)
  }

  #lookAgain(racy: readonly Uint8Array[], nowMs: number): void {
    if (racy.length === 0) return
    for (const path of racy) this.#again.add({ path, reach: 'entry' })
    this.#againAtMs = nowMs + this.#policy.racyAgainMs
  }

  /** What was hinted of a torn file while it was read waits with it, unless somebody waits for that. */
  #leaveAlone(torn: readonly Uint8Array[], nowMs: number): void {
    this.#hot.settle(torn, nowMs)
    if (this.#isUrgent) return
    for (const path of torn) {
      if (this.#dirty.withdraw(path) && !this.#hot.keeps(path, this.#dirtySinceMs)) {
        this.#dirty.add({ path, reach: 'entry' })
      }
    }
  }

  #nextRescanMs(nowMs: number): number {
    const { rescanMs } = this.#policy
    return rescanMs === null ? Number.POSITIVE_INFINITY : nowMs + rescanMs * (0.75 + 0.5 * this.#chance())
  }
}

function isEverything(scopes: readonly DirtyScope[]): boolean {
  return scopes.some(({ path, reach }) => path.length === 0 && reach === 'subtree')
}
