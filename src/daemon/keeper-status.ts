/**
 * How a kept brick is doing: the one state that people see, and the conditions behind it, worst first.
 *
 * Conditions are levels, not events: they are there for as long as what they say is so.
 */
import { bytesKey, displayPath } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { BrickInfo, BrickState, ConditionJson } from '../wire/api.ts'
import type { RootProblem } from './watch-hub.ts'

type Progress = NonNullable<BrickInfo['progress']>

/** What a person calls the codes of watching. */
const reasonOfWatching = {
  WATCH_LIMIT: 'WatchLimit',
  ROOT_GONE: 'RootMissing',
  ROOT_REPLACED: 'RootReplaced',
  SILENT: 'Polled',
} as const

const storeFull = 'StoreFull'
/** The same, as a reconcile finds it: nothing is broken, and it goes on when that is over. */
const reasonsOfWaiting = new Map<string, string>([
  ['SourceMissing', reasonOfWatching.ROOT_GONE],
  ['SourceReplaced', reasonOfWatching.ROOT_REPLACED],
  ['DiskFull', storeFull],
])
const waiting = new Set(reasonsOfWaiting.values())

const endedReason = 'Ended'
const foldedOnce = { reason: 'FoldedOnce', message: 'folded once, as its task says' }
const committed = { reason: 'Committed', message: 'the brick holds a commit' }

export class KeeperStatus {
  /** The whole source is looked at every so often. */
  isPolled = false
  readonly #problems = new Map<string, RootProblem>()
  #failure: { readonly reason: string; readonly message: string } | undefined
  #full: string | undefined
  #hasCommit = false
  #isTrue = false
  #progress: Progress | null = null
  /** Why it is not followed; undefined: it is. */
  #over: { readonly reason: string; readonly message: string } | undefined
  /** Files that the rules have no room for. */
  #leftOut = 0

  get state(): BrickState {
    if (this.#isWaiting && this.#hasCommit) return 'stale'
    if (this.#failure !== undefined) return 'failed'
    if (this.#over !== undefined) return 'stored'
    if (!this.#hasCommit) return 'folding'
    if (!this.#isTrue || this.#full !== undefined) return 'stale'
    return this.isPolled || this.#problems.size > 0 ? 'polled' : 'live'
  }

  /** Why it is not live, in one sentence; null where there is nothing to say. */
  get message(): string | null {
    if (this.#failure !== undefined) return this.#failure.message
    if (this.#full !== undefined) return this.#full
    // That it is polled is no trouble: `state` says it.
    const [first, ...others] = this.#sorted().filter(({ code }) => code !== 'SILENT')
    if (first === undefined) return this.#over?.message ?? null
    return others.length === 0 ? first.message : `${first.message} (and ${others.length} more)`
  }

  get progress(): Progress | null {
    return this.#progress
  }

  /** Folded once, or its source has ended: it is not followed. */
  get isOver(): boolean {
    return this.#over !== undefined
  }

  /** Its source has ended: there will be no other commit. */
  get isEnded(): boolean {
    return this.#over?.reason === endedReason
  }

  /** All that was known when the brick was opened has been looked at. */
  get isTrue(): boolean {
    return this.#isTrue
  }

  /** For the source, or for room. */
  get #isWaiting(): boolean {
    return this.isRootLost || waiting.has(this.#failure?.reason ?? '')
  }

  /** Watching says so, and will say when it is over. */
  get isRootLost(): boolean {
    return [...this.#problems.values()].some(({ code }) => code === 'ROOT_GONE' || code === 'ROOT_REPLACED')
  }

  /** Ready, and Degraded for the worst that holds. */
  conditions(): ConditionJson[] {
    const ready: ConditionJson = this.#hasCommit
      ? { type: 'Ready', status: 'True', ...(this.isEnded && this.#over !== undefined ? this.#over : committed) }
      : {
          type: 'Ready',
          status: 'False',
          reason: this.#failure?.reason ?? 'Folding',
          message: this.message ?? 'the first fold is under way',
        }
    const degraded = this.#degradedBy()
    const conditions =
      degraded === undefined ? [ready] : [ready, { type: 'Degraded', status: 'True', ...degraded } as const]
    return this.#leftOut === 0 ? conditions : [...conditions, this.#limited()]
  }

  /** As the rules say: no trouble. */
  #limited(): ConditionJson {
    const message = `${this.#leftOut} files are left out: max_files is reached`
    return { type: 'Degraded', status: 'False', reason: 'MaxFiles', message }
  }

  opened(hasCommit: boolean): void {
    this.#hasCommit = hasCommit
  }

  /** Nothing of what was committed is there any more. */
  renewed(): void {
    this.#hasCommit = false
    this.#isTrue = false
    this.#failure = undefined
  }

  /** A reconcile ended well. */
  settled(follow: 'always' | 'once', leftOut: number): void {
    this.#leftOut = leftOut
    this.#failure = undefined
    this.#hasCommit = true
    this.#isTrue = true
    this.#progress = null
    this.#over = follow === 'once' ? foldedOnce : undefined
  }

  /** The source has ended; `why` in a sentence. */
  ended(why: string): void {
    this.#over = { reason: endedReason, message: why }
    this.#isTrue = true
    this.#progress = null
    this.#failure = this.#hasCommit ? undefined : this.#over
  }

  failed(error: unknown): void {
    const reason = reasonOfError(error)
    this.#failure = {
      reason: reasonsOfWaiting.get(reason) ?? reason,
      message: error instanceof FoundryError ? error.message : String(error),
    }
    this.#progress = null
  }

  /** Whether the progress is worth telling: a brick that is true already shows none. */
  work(progress: Progress): boolean {
    if (this.#isTrue && this.#failure === undefined) return false
    this.#progress = progress
    return true
  }

  /** `full`: why nothing may be written. Returns whether that is news. */
  noteRoom(full: string | undefined): boolean {
    const isNews = (full === undefined) !== (this.#full === undefined)
    this.#full = full
    return isNews
  }

  add(problem: RootProblem): void {
    this.#problems.set(keyOf(problem), problem)
  }

  remove(problem: Pick<RootProblem, 'code' | 'path'>): void {
    this.#problems.delete(keyOf(problem))
  }

  #degradedBy(): { reason: string; message: string } | undefined {
    if (this.#failure !== undefined) return this.#failure
    if (this.#full !== undefined) return { reason: storeFull, message: this.#full }
    const [first] = this.#sorted()
    if (first === undefined || first.code === 'SILENT') return undefined
    const where = first.path.length === 0 ? '' : `${displayPath(first.path)}: `
    return { reason: reasonOfWatching[first.code], message: `${where}${first.message}` }
  }

  #sorted(): RootProblem[] {
    const order = ['ROOT_GONE', 'ROOT_REPLACED', 'WATCH_LIMIT', 'SILENT']
    return [...this.#problems.values()].sort((a, b) => order.indexOf(a.code) - order.indexOf(b.code))
  }
}

function keyOf({ code, path }: Pick<RootProblem, 'code' | 'path'>): string {
  return `${code} ${bytesKey(path)}`
}

/** SOURCE_MISSING becomes SourceMissing. */
export function reasonOfError(error: unknown): string {
  if (!(error instanceof FoundryError)) return 'Defect'
  return error.code
    .toLowerCase()
    .split('_')
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
    .join('')
}
