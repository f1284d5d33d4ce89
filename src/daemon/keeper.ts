/**
 * Keeps one brick true to its source: executes what `BrickSync` orders, holds the writer's lock, and tells what it did.
 *
 * After any failure the brick is closed and opened again before the next attempt: what is in memory may be wrong, what
 * is committed never is.
 */
import { statSync } from 'node:fs'
import { displayPath, equalBytes, toHex } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock, Random } from '../base/ports.ts'
import type { BrickMeta } from '../brick/meta.ts'
import { isWorldReadable, listerOf, toolName } from '../fold/fold-source.ts'
import type { LeafPool } from '../fold/leaf-pool.ts'
import { createBrick, type OpenBrick, openBrick } from '../fold/open-brick.ts'
import { type Progress, type ReconcileResult, reconcile } from '../fold/reconcile.ts'
import { absolutePath, type Source } from '../source/open.ts'
import { BrickView } from '../store/brick-view.ts'
import { BrickSync } from '../sync/brick-sync.ts'
import type { DirtyScope } from '../sync/dirty-set.ts'
import type { BrickInfo, BrickState } from '../wire/api.ts'
import { dirtyTuples, infoOf } from './brick-info.ts'
import type { FeedNews } from './feed.ts'
import { ServedViews } from './served-views.ts'

/** Racy files are looked at again when their times can prove something. */
const racyAgainMs = 60
/** Sources without events. */
export const pollMs = 5_000
const progressEveryMs = 200

export interface KeeperParts {
  readonly name: string
  readonly source: Source
  readonly brickPath: Uint8Array
  readonly exclude: readonly string[]
  /** Never part of a source. */
  readonly ownFolders: readonly Uint8Array[]
  readonly clock: Clock
  readonly random: Random
  readonly pool: LeafPool
  /** Where a brick of that length goes that has no place yet; `none`: it will not be placed for now. */
  readonly placeDistrict: (length: number | 'none') => Promise<BrickMeta['district']>
  readonly publish: (news: FeedNews) => void
  /** Makes sure that hints arrive; called before a first listing and after the source was lost. */
  readonly watch: () => Promise<void>
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class Keeper {
  readonly views: ServedViews
  readonly #parts: KeeperParts
  readonly #sync = new BrickSync()
  readonly #stop = new AbortController()
  #brick: OpenBrick | undefined
  #meta: BrickMeta | undefined
  #uuid = ''
  /** Length that the first fold is going to have. */
  #plannedLength = 0
  #state: BrickState = 'folding'
  #message: string | null = null
  #progress: BrickInfo['progress'] = null
  #progressAtMs = 0
  #isWatched = false
  #isPolled = false
  #timer: NodeJS.Timeout | undefined
  #poll: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()
  #waiters: Waiter[] = []

  constructor(parts: KeeperParts) {
    this.#parts = parts
    this.views = new ServedViews(parts.brickPath)
  }

  get uuid(): string {
    return this.#uuid
  }

  get name(): string {
    return this.#parts.name
  }

  /** Opens the brick or makes it, and begins to follow the source. What cannot be opened is said and tried again. */
  start(): void {
    try {
      this.#open()
      if (this.#meta !== undefined) void this.#parts.placeDistrict('none')
      this.#sync.hintAll(this.#nowMs())
    } catch (error) {
      this.#failed(error)
    }
    this.#pump()
  }

  hint(scope: DirtyScope): void {
    this.#sync.hint(scope, this.#nowMs())
    this.#pump()
  }

  /** Hints were lost: everything is looked at again. */
  hintAll(): void {
    this.#sync.hintAll(this.#nowMs())
    this.#pump()
  }

  /** The watcher cannot follow this source, or not all of it: it is looked at every few seconds as well. */
  pollBecause(message: string): void {
    this.#isPolled = true
    this.#message = message
    this.#poll ??= setInterval(() => this.hintAll(), pollMs)
    this.#announce()
  }

  /** The source was moved or removed: the next attempt watches anew. */
  sourceLost(): void {
    this.#isWatched = false
    this.hintAll()
  }

  /** Resolves when all that is dirty now is committed; rejects where that fails. */
  settled(): Promise<void> {
    if (this.#sync.isSettled) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      this.#sync.hurry()
      this.#pump()
    })
  }

  info(): BrickInfo {
    const view = this.views.newest
    return infoOf({
      uuid: this.#uuid,
      name: this.#parts.name,
      source: displayPath(absolutePath(this.#parts.source)),
      kind: this.#parts.source.kind,
      state: this.#state,
      message: this.#message,
      progress: this.#progress,
      view,
      district: this.#meta?.district ?? { x: 0, y: 0 },
      plannedLength: this.#meta === undefined ? 0 : this.#plannedLength,
    })
  }

  async close(): Promise<void> {
    this.#stop.abort()
    clearTimeout(this.#timer)
    clearInterval(this.#poll)
    await this.#running
    this.#fail(new FoundryError('CANCELLED', 'The daemon is stopping.'))
    this.#brick?.writer.close()
    this.views.close()
  }

  #open(): OpenBrick {
    const { brickPath, random, source } = this.#parts
    if (statSync(Buffer.from(brickPath), { throwIfNoEntry: false }) === undefined) {
      this.#brick = createBrick(brickPath, random)
    } else {
      const brick = openBrick(brickPath, random)
      const { meta } = new BrickView(brick.writer.file, brick.recovery.head)
      if (meta.kind !== source.kind || !equalBytes(meta.source, absolutePath(source))) {
        brick.writer.close()
        throw new FoundryError('BRICK_OTHER_SOURCE', `${displayPath(brickPath)} holds ${displayPath(meta.source)}.`)
      }
      this.#brick = brick
      this.#meta = meta
      this.views.add(brick.recovery.head)
      this.#state = 'stale'
    }
    this.#uuid = toHex(this.#brick.writer.uuid)
    return this.#brick
  }

  #pump(): void {
    if (this.#stop.signal.aborted) return
    clearTimeout(this.#timer)
    const order = this.#sync.next(this.#nowMs())
    if (order.kind === 'wait') this.#timer = setTimeout(() => this.#pump(), Math.max(1, order.untilMs - this.#nowMs()))
    if (order.kind === 'reconcile') this.#running = this.#execute(order.scopes)
    if (this.#sync.isSettled) this.#release()
  }

  async #execute(scopes: readonly DirtyScope[]): Promise<void> {
    try {
      const result = await this.#reconcile(scopes)
      this.#sync.finished(result.kind, this.#nowMs())
      this.#state = this.#isPolled ? 'polled' : 'live'
      if (!this.#isPolled) this.#message = null
      this.#progress = null
      if (result.kind === 'committed') this.#committed(result)
      else this.#announce()
    } catch (error) {
      this.#failed(error)
    }
    this.#pump()
  }

  async #reconcile(scopes: readonly DirtyScope[]): Promise<ReconcileResult> {
    const { source, clock, pool, exclude, ownFolders, watch } = this.#parts
    const brick = this.#brick ?? this.#open()
    if (!this.#isWatched) {
      await watch()
      this.#isWatched = true
    }
    const signal = this.#stop.signal
    const ownFiles = [brick.writer.file.fd]
    const lister = listerOf(source, { exclude, crossFilesystems: 'no', clock, signal, ownFiles, ownFolders })
    return reconcile(brick, {
      scopes,
      lister,
      root: source.root,
      meta: (length) => this.#metaFor(length),
      clock,
      pool,
      signal,
      reason: brick.writer.head === undefined ? 'first fold' : 'source changed',
      commit: brick.writer.head === undefined ? 'always' : 'changed',
      onProgress: (progress) => this.#noteProgress(progress),
    })
  }

  async #metaFor(length: number): Promise<BrickMeta> {
    const { source, name, exclude, placeDistrict } = this.#parts
    const path = absolutePath(source)
    this.#plannedLength = length
    const { x, y } = this.#meta?.district ?? (await placeDistrict(length))
    this.#meta = {
      unknown: this.#meta?.unknown ?? {},
      kind: source.kind,
      source: path,
      name,
      district: { x, y },
      worldReadable: isWorldReadable(path),
      exclude,
      tool: toolName,
    }
    return this.#meta
  }

  #committed({ head, dirty, racy }: Extract<ReconcileResult, { kind: 'committed' }>): void {
    this.views.add(head)
    const fromGeneration = head.record.generation - 1
    this.#parts.publish({ kind: 'commit', brick: this.info(), fromGeneration, dirtyTiles: dirtyTuples(dirty) })
    if (racy.length === 0) return
    setTimeout(() => {
      for (const path of racy) this.hint({ path, reach: 'entry' })
    }, racyAgainMs).unref()
  }

  #failed(error: unknown): void {
    this.#brick?.writer.close()
    this.#brick = undefined
    this.#isWatched = false
    this.#sync.failed(this.#nowMs())
    if (this.#stop.signal.aborted) return
    this.#state = 'failed'
    if (this.#meta === undefined) void this.#parts.placeDistrict('none')
    this.#message = error instanceof FoundryError ? error.message : String(error)
    this.#progress = null
    this.#announce()
    this.#fail(error)
  }

  #fail(error: unknown): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error)
  }

  #release(): void {
    for (const waiter of this.#waiters.splice(0)) waiter.resolve()
  }

  #noteProgress({ doneBytes, totalBytes }: Progress): void {
    const nowMs = this.#nowMs()
    if (nowMs - this.#progressAtMs < progressEveryMs) return
    this.#progressAtMs = nowMs
    if (this.#state === 'live' || this.#state === 'polled') return
    this.#progress = { doneBytes, totalBytes }
    this.#announce()
  }

  #announce(): void {
    this.#parts.publish({ kind: 'brick', brick: this.info() })
  }

  #nowMs(): number {
    return this.#parts.clock.monotonicMs()
  }
}
