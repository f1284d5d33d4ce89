/**
 * A brick that follows a real tree as the daemon's keeper makes it, without the daemon: the real watcher, the real sync
 * machine with a policy of the test's own, the real fold and scrub.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import type { Clock } from '../../src/base/ports.ts'
import { Scrubber } from '../../src/daemon/scrubber.ts'
import { startWatcher, type Watcher } from '../../src/source/watch.ts'
import { type Barrier, BrickSync, type SyncOrder, type SyncReason } from '../../src/sync/brick-sync.ts'
import { type SyncPolicy, syncPolicy } from '../../src/sync/sync-policy.ts'
import { type Lab, clock as realClock, Session } from '../fold/lab.ts'

export interface FollowerParts {
  readonly policy?: Partial<SyncPolicy>
  readonly clock?: Clock
  readonly goneGraceMs?: number
  /** `none`: no hint ever comes. Default inotify. */
  readonly events?: 'inotify' | 'none'
}

/** What a reconcile came to. */
export interface Result {
  readonly kind: 'committed' | 'unchanged'
  readonly reason: SyncReason
  readonly torn: number
}

export class Follower {
  readonly session: Session
  readonly sync: BrickSync
  readonly results: Result[] = []
  readonly #parts: FollowerParts
  readonly #clock: Clock
  readonly #scrubber: Scrubber
  #watcher: Watcher | undefined
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()
  #failure: unknown
  #isClosed = false
  #waiters: { readonly isMet: () => boolean; readonly settle: () => void }[] = []

  private constructor(t: TestContext, lab: Lab, parts: FollowerParts) {
    this.#parts = parts
    this.#clock = parts.clock ?? realClock
    this.session = new Session(t, lab)
    this.sync = new BrickSync({ policy: { ...syncPolicy, ...parts.policy } })
    this.#scrubber = new Scrubber(this.#clock)
  }

  /** Resolves when the tree is folded for the first time. */
  static async start(t: TestContext, lab: Lab, parts: FollowerParts = {}): Promise<Follower> {
    const follower = new Follower(t, lab, parts)
    if (parts.events !== 'none') await follower.#watch(lab)
    t.after(() => follower.close())
    follower.sync.hintAll(follower.#nowMs(), 'opened')
    await follower.synced()
    return follower
  }

  get commits(): number {
    return this.results.filter(({ kind }) => kind === 'committed').length
  }

  /** Resolves when every change made before the call is committed. */
  async synced(): Promise<void> {
    await this.#watcher?.flush()
    const barrier: Barrier = this.sync.barrier(this.#nowMs())
    await this.until(() => this.sync.hasReached(barrier))
  }

  /** Resolves when the condition holds after an order was executed; rejects when one fails. */
  async until(isMet: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiters.push({ isMet, settle: resolve })
    this.#pump()
    await promise
    if (this.#failure !== undefined) throw this.#failure
  }

  bytesOf(path: string): Buffer | undefined {
    const { view } = this.session
    const entry = view.entry(utf8(path))
    if (entry === undefined) return undefined
    return Buffer.from(entry.slot === undefined ? [] : view.bytes({ start: entry.slot.start, length: entry.size }))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#running
    await this.#watcher?.close()
  }

  async #watch({ folder, source }: Lab): Promise<void> {
    const cookieFolder = join(folder, 'cookies')
    mkdirSync(cookieFolder)
    this.#watcher = await startWatcher(
      {
        hints: (batch) => {
          for (const { path, scope } of batch) this.sync.hint({ path, reach: scope }, this.#nowMs())
          this.#pump()
        },
        overflow: () => {
          this.sync.hintAll(this.#nowMs())
          this.#pump()
        },
        problem: (problem) => {
          this.#failure ??= new Error(`the watcher has a problem: ${JSON.stringify(problem)}`)
        },
        recovered: () => undefined,
      },
      { cookieFolder: utf8(cookieFolder) },
    )
    await this.#watcher.addRoot({ index: 0, path: utf8(source), kind: 'tree' })
  }

  #pump(): void {
    clearTimeout(this.#timer)
    if (this.#isClosed) return
    const order = this.#failure === undefined ? this.sync.next(this.#nowMs()) : { kind: 'idle' as const }
    if (order.kind === 'wait') this.#timer = setTimeout(() => this.#pump(), Math.max(1, order.untilMs - this.#nowMs()))
    if (order.kind === 'reconcile' || order.kind === 'scrub') this.#running = this.#execute(order)
    this.#release()
  }

  #release(): void {
    for (const waiter of this.#waiters.splice(0)) {
      if (this.#failure !== undefined || waiter.isMet()) waiter.settle()
      else this.#waiters.push(waiter)
    }
  }

  async #execute(order: Extract<SyncOrder, { kind: 'reconcile' | 'scrub' }>): Promise<void> {
    try {
      if (order.kind === 'scrub') await this.#scrub(order.bytesMax)
      else await this.#reconcile(order)
    } catch (error) {
      this.#failure = error
    }
    this.#pump()
  }

  async #reconcile({ scopes, reason }: Extract<SyncOrder, { kind: 'reconcile' }>): Promise<void> {
    const isFirst = this.session.brick.writer.head === undefined
    const goneGraceMs = reason === 'sync' ? 0 : (this.#parts.goneGraceMs ?? 0)
    const commit = isFirst ? 'always' : 'changed'
    const result = await this.session.reconcile(scopes, { clock: this.#clock, commit, goneGraceMs })
    this.results.push({ kind: result.kind, reason, torn: result.torn.length })
    const read = isFirst ? 'all' : 'changed'
    this.sync.finished({ ...result, outcome: result.kind, read }, this.#nowMs())
  }

  async #scrub(bytesMax: number): Promise<void> {
    const { session } = this
    const target = { model: session.brick.model, lister: session.lister, root: session.source.root }
    const slice = await this.#scrubber.slice(target, { bytesMax, signal: new AbortController().signal })
    for (const scope of slice.suspects) this.sync.hint(scope, this.#nowMs(), 'scrub')
    this.sync.scrubbed(slice, this.#nowMs())
  }

  #nowMs(): number {
    return this.#clock.monotonicMs()
  }
}
