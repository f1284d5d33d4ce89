/**
 * Keeps one brick true to its source: executes what `BrickSync` orders, one order at a time, and tells what it did.
 *
 * What it cannot do it says as a condition and tries again; a source that is not there, or is not the one it was, is
 * never taken for an empty one. Long because turns, failures and the end of one brick meet here.
 */
import { displayPath } from '../base/bytes.ts'
import { timestampOf } from '../base/entry.ts'
import { FoundryError } from '../base/errors.ts'
import type { OpenBrick } from '../fold/open-brick.ts'
import type { Progress, ReconcileResult } from '../fold/reconcile.ts'
import type { Head } from '../store/brick-file.ts'
import { BrickSync, type SyncOrder } from '../sync/brick-sync.ts'
import type { BrickInfo } from '../wire/api.ts'
import { AloneQueue } from './alone-queue.ts'
import { KeeperCare } from './keeper-care.ts'
import { KeeperCheck } from './keeper-check.ts'
import { KeeperEars } from './keeper-ears.ts'
import { KeeperLabels } from './keeper-labels.ts'
import type { KeeperParts } from './keeper-parts.ts'
import { KeeperRounds } from './keeper-rounds.ts'
import { KeeperStatus } from './keeper-status.ts'
import { KeeperVoice } from './keeper-voice.ts'
import { KeptBrick } from './kept-brick.ts'
import type { BrickFigures } from './metrics.ts'
import { OwnTurn, type TurnWish } from './own-turn.ts'
import { isAnalysed, isPolled, policyOf } from './source-rules.ts'
import { SyncWaiters } from './sync-waiters.ts'

/** An analysis gives way to those who work, for each of its entries at most that long. */
const giveWayMs = 1_000
/** How often it is asked whether there is room again. */
const roomAgainMs = 1_000

export class Keeper {
  readonly #parts: KeeperParts
  readonly #kept: KeptBrick
  readonly #status = new KeeperStatus()
  readonly #voice: KeeperVoice
  readonly #sync: BrickSync
  readonly #rounds: KeeperRounds
  readonly #turn: OwnTurn
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()
  readonly #waiters = new SyncWaiters()
  readonly care: KeeperCare
  readonly check: KeeperCheck
  readonly ears: KeeperEars
  readonly labels: KeeperLabels
  readonly #alone = new AloneQueue()
  #isWorking = false
  #writtenBytes = 0

  constructor(parts: KeeperParts) {
    const { assignment, clock, random, district } = parts
    this.#parts = parts
    this.#kept = new KeptBrick({ assignment, random, district })
    const { ownFolders, pool, watch, announcer } = parts
    const verifiedAtMs = (): number | undefined => this.#sync.verifiedAtMs
    this.#voice = new KeeperVoice({
      assignment,
      kept: this.#kept,
      status: this.#status,
      announcer,
      clock,
      verifiedAtMs,
    })
    const common = { assignment, kept: this.#kept, clock, signal: this.#stop.signal }
    const onProgress = (progress: Progress): void => this.#voice.progress(progress, this.#nowMs())
    this.#turn = new OwnTurn(parts.turns, () => this.#begin())
    const aside = <T>(work: () => Promise<T>): Promise<T> => this.#turn.aside(work)
    this.#rounds = new KeeperRounds({ ...common, ownFolders, pool, watch, aside, onProgress })
    this.care = new KeeperCare({
      ...common,
      path: assignment.brickPath,
      random,
      alone: (work) => this.#whenAlone(() => work(this.#kept.open())),
      committed: (head) => this.#tagged(head),
      replaced: () => this.#voice.catchUp(),
      warn: parts.warn,
    })
    this.check = new KeeperCheck({
      path: assignment.brickPath,
      clock,
      signal: this.#stop.signal,
      alone: (work) => this.#whenAlone(work),
      damaged: (why) => this.#renew({ why, file: 'there' }),
      warn: parts.warn,
    })
    this.labels = new KeeperLabels({
      path: assignment.brickPath,
      desk: parts.analysis,
      rules: { ...assignment.rules.analysis, when: isAnalysed(assignment) ? 'always' : 'asked' },
      pace: parts.labelPace,
      clock,
      signal: this.#stop.signal,
      pause: () => parts.turns.idle(giveWayMs),
      alone: (work) => this.#whenAlone(() => this.#label(work)),
      noRoom: parts.noRoom,
      labelled: (head) => this.#labelled(head),
      warn: parts.warn,
    })
    const chance = (): number => Buffer.from(random.bytes(4)).readUInt32LE() / 2 ** 32
    this.#sync = new BrickSync({ policy: policyOf(assignment), chance })
    this.#status.isPolled = isPolled(assignment)
    this.ears = new KeeperEars({
      assignment,
      sync: this.#sync,
      status: this.#status,
      rounds: this.#rounds,
      voice: this.#voice,
      waiters: this.#waiters,
      nowMs: () => this.#nowMs(),
      pump: () => this.#pump(),
    })
  }

  get uuid(): string {
    return this.#kept.uuid
  }

  get name(): string {
    return this.#parts.assignment.name
  }

  get views(): KeptBrick['views'] {
    return this.#kept.views
  }

  get status(): KeeperStatus {
    return this.#status
  }

  figures(): BrickFigures {
    const lagSeconds = this.#sync.lagMs(this.#nowMs()) / 1_000
    return { ...this.#voice.figures(), lagSeconds, writtenBytes: this.#writtenBytes }
  }

  /** Opens the brick or makes it, and begins to follow the source. What cannot be opened is said and tried again. */
  start(): void {
    try {
      this.#kept.open()
      this.#status.opened(this.views.newest !== undefined)
      if (this.views.newest !== undefined) this.labels.opened()
      this.#voice.catchUp()
      this.#sync.hintAll(this.#nowMs(), 'opened')
    } catch (error) {
      this.#failed(error)
    }
    this.#pump()
  }

  /** Resolves when all that is dirty now is committed; rejects where that fails or has to wait for somebody. */
  settled(): Promise<void> {
    if (this.#status.isOver) return Promise.resolve()
    const paused = this.#sync.pausedBecause
    if (paused !== undefined) return Promise.reject(new FoundryError('SOURCE_MISSING', paused))
    const barrier = this.#sync.barrier(this.#nowMs())
    const done = this.#waiters.add(barrier)
    this.#pump()
    return done
  }

  info(): BrickInfo {
    return this.#voice.info()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    clearTimeout(this.#timer)
    this.#turn.cancel()
    this.#alone.cancel(stopping())
    await this.#running
    await this.labels.close()
    await this.care.close()
    await this.check.close()
    await this.#rounds.close()
    this.#waiters.fail(stopping())
    this.#kept.close()
  }

  #pump(): void {
    if (this.#stop.signal.aborted) return this.#alone.cancel(stopping())
    clearTimeout(this.#timer)
    this.#waiters.release(this.#sync)
    if (this.#isWorking) return
    const nowMs = this.#nowMs()
    if (!this.#alone.isEmpty) return this.#ask({ sinceMs: nowMs, urgency: 'hurry' })
    if (this.#status.isOver || this.#hasNoRoom()) return
    const wants = this.#sync.wants(nowMs)
    if (wants !== undefined) return this.#ask(wants)
    const order = this.#sync.next(nowMs)
    if (order.kind === 'wait') this.#timer = setTimeout(() => this.#pump(), Math.max(1, order.untilMs - nowMs))
  }

  #ask(wish: Omit<TurnWish, 'size'>): void {
    this.#turn.ask({ ...wish, size: this.#status.isTrue ? 'small' : 'large' })
  }

  /** It may work now. */
  #begin(): void {
    const work = this.#stop.signal.aborted ? undefined : this.#nextWork()
    if (work === undefined) return this.#turn.leave()
    this.#isWorking = true
    this.#running = this.#work(work)
  }

  #nextWork(): (() => Promise<void>) | undefined {
    const alone = this.#alone.take()
    if (alone !== undefined) return alone
    const order = this.#sync.next(this.#nowMs())
    if (order.kind === 'reconcile') return () => this.#execute(order)
    return order.kind === 'scrub' ? () => this.#scrub(order) : undefined
  }

  async #work(work: () => Promise<void>): Promise<void> {
    await work()
    this.#isWorking = false
    this.#turn.leave()
    this.#pump()
  }

  async #execute({ scopes, reason }: Extract<SyncOrder, { kind: 'reconcile' }>): Promise<void> {
    try {
      if (!this.#kept.isInPlace()) this.#renew({ why: 'somebody deleted or replaced its file', file: 'gone' })
      const isFirst = this.#kept.open().writer.head === undefined
      const result = await this.#rounds.reconcile(scopes, reason)
      this.#writtenBytes += result.writtenBytes
      this.#sync.finished({ ...result, outcome: result.kind, read: isFirst ? 'all' : 'changed' }, this.#nowMs())
      this.#status.settled(this.#parts.assignment.rules.follow, this.#rounds.leftOut)
      if (this.#rounds.wantsListing) this.#sync.hintAll(this.#nowMs(), 'again')
      if (result.kind === 'committed') this.#committed(result)
      else this.#voice.state()
      if (this.#status.isOver) this.#end()
    } catch (error) {
      const isEnd = error instanceof FoundryError && error.code === 'SOURCE_ENDED'
      if (!isEnd || !this.#ended(error)) this.#failed(error)
    }
  }

  /** There is nothing more of the source: the brick says so, and is only shown. False where that cannot be written now. */
  #ended({ message }: FoundryError): boolean {
    try {
      const head = this.#kept.ended(timestampOf(this.#parts.clock.nowNs()))
      this.#sync.finished({ outcome: 'unchanged', writtenBytes: 0 }, this.#nowMs())
      this.#status.ended(message)
      if (head === undefined) this.#voice.state()
      else this.#tagged(head)
      this.#end()
      return true
    } catch {
      return false
    }
  }

  async #scrub({ bytesMax }: Extract<SyncOrder, { kind: 'scrub' }>): Promise<void> {
    try {
      const slice = await this.#rounds.scrub(bytesMax)
      for (const scope of slice.suspects) this.#sync.hint(scope, this.#nowMs(), 'scrub')
      this.#sync.scrubbed(slice, this.#nowMs())
      if (slice.isPassDone) this.check.begin()
    } catch {
      // The next reconcile says what is wrong with the source.
      this.#sync.failed(this.#nowMs())
    }
  }

  #committed({ head, dirty, changed }: Extract<ReconcileResult, { kind: 'committed' }>): void {
    this.#kept.committed(head)
    this.#voice.commit(head.record, { dirty, entries: changed })
    this.labels.committed(changed)
    this.care.afterCommit(this.#kept.open())
  }

  /** A commit that says more of the same contents, where there is more to say. After a failure the file is opened anew. */
  async #label(work: (brick: OpenBrick) => Promise<Head | undefined>): Promise<Head | undefined> {
    try {
      return await work(this.#kept.open())
    } catch (error) {
      this.#kept.discard()
      throw error
    }
  }

  #labelled(head: Head): void {
    this.#kept.committed(head)
    this.#voice.labels(head.record)
    if (this.#status.isOver) this.#kept.discard()
    else this.care.afterCommit(this.#kept.open())
  }

  /** A commit with the same content. */
  #tagged(head: Head): void {
    this.#kept.committed(head)
    this.#voice.commit(head.record, { dirty: [], entries: { count: 0, named: [] } })
  }

  #whenAlone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#alone.add(work)
    this.#pump()
    return done
  }

  /** Without room nothing is begun; hints are kept, and it is asked again. */
  #hasNoRoom(): boolean {
    const message = this.#parts.noRoom()
    if (this.#status.noteRoom(message)) this.#voice.state()
    if (message === undefined) return false
    this.#timer = setTimeout(() => this.#pump(), roomAgainMs)
    this.#waiters.fail(new FoundryError('DISK_FULL', message))
    return true
  }

  /** Folded once, as its task says, or ended: file and source are let go. */
  #end(): void {
    this.#waiters.finish()
    this.#kept.discard()
    this.#kept.giveUpDistrict()
    this.#rounds.letGo()
  }

  /** The brick cannot be gone on with: the source is folded anew, under the same name and at the same place. */
  #renew({ why, file }: { readonly why: string; readonly file: 'there' | 'gone' }): void {
    const { announcer, warn } = this.#parts
    const { uuid } = this
    const aside = this.#kept.leave(file)
    const kept = aside === undefined ? '' : ` What is left of it is ${displayPath(aside)}.`
    warn(`${this.name} is folded anew: ${why}.${kept}`)
    announcer.publish({ kind: 'removed', uuid })
    this.#status.renewed()
    this.labels.renewed()
    this.#rounds.letGo()
    this.#sync.hintAll(this.#nowMs(), 'opened')
    this.#kept.open()
    this.#voice.state()
  }

  #failed(error: unknown): void {
    this.check.beginAfter(error)
    this.#kept.discard()
    this.#rounds.failed()
    this.#sync.failed(this.#nowMs())
    if (this.#stop.signal.aborted) return
    this.#kept.giveUpDistrict()
    this.#status.failed(error)
    this.#voice.state()
    this.#waiters.fail(error)
  }

  #nowMs(): number {
    return this.#parts.clock.monotonicMs()
  }
}

function stopping(): FoundryError {
  return new FoundryError('CANCELLED', 'The daemon is stopping.')
}
