/**
 * The composition root: one state folder, its keepers, the watcher, the feed and the server, joined.
 *
 * It decides nothing about bytes. Sources that cannot be followed are said and tried again; one brick's trouble never
 * stops another's. Long because all parts are joined here, and only here.
 */
import { mkdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { must } from '../base/assert.ts'
import { utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { toolVersion } from '../base/version.ts'
import { openStateDb, type StateDb } from '../catalog/state-db.ts'
import { LeafPool, workersDefault } from '../fold/leaf-pool.ts'
import { HookQueue, type HookReport } from '../hook/hook-queue.ts'
import { hookRunner } from '../hook/hook-runner.ts'
import { killGraceMs } from '../hook/process-group.ts'
import type { Accepted } from '../read/accepted.ts'
import type { Foundry, RunningServer } from '../server/foundry.ts'
import { startServer } from '../server/start.ts'
import { openSource, type Source } from '../source/open.ts'
import type { BrickView } from '../store/brick-view.ts'
import { guard } from '../store/disk-error.ts'
import type { BrickInfo, FeedMessage, ModelStatusJson, TasksAnswer } from '../wire/api.ts'
import { Announcer } from './announce.ts'
import { type Assignment, eachOnce, plainRules } from './assignment.ts'
import { ControlDesk } from './control-desk.ts'
import { DaemonAnalysis } from './daemon-analysis.ts'
import { leaveNote } from './daemon-note.ts'
import type { DaemonOptions } from './daemon-options.ts'
import { DiskGuard } from './disk-guard.ts'
import { Feed } from './feed.ts'
import type { Forgotten } from './forget-traces.ts'
import type { Keeper } from './keeper.ts'
import { Keepers } from './keepers.ts'
import { openFileCount } from './machine-limits.ts'
import { Metrics } from './metrics.ts'
import { NameIndexer } from './name-indexer.ts'
import { Relief } from './relief.ts'
import { StoredBricks } from './stored-bricks.ts'
import { TaskBoard } from './task-board.ts'
import { systemTimers } from './timers.ts'
import { WatchHub } from './watch-hub.ts'
import { wholeSystemOf } from './whole-system.ts'

/** `loss`: events were lost, and the options say to end then. */
export type WhyStopped = 'asked' | 'loss'

export class Daemon implements Foundry {
  readonly version = toolVersion
  readonly host = hostname()
  readonly token: string
  readonly stateId: string
  readonly #options: DaemonOptions
  readonly #db: StateDb
  readonly #feed: Feed
  readonly #hooks: HookQueue
  readonly #bricks: StoredBricks
  readonly #guard: DiskGuard
  readonly #relief: Relief
  readonly #pool = new LeafPool({ workers: workersDefault })
  readonly #analysis: DaemonAnalysis
  #hub: WatchHub | undefined
  #keepers: Keepers | undefined
  #board: TaskBoard | undefined
  #server: RunningServer | undefined
  readonly #names: NameIndexer
  readonly #stop = new AbortController()
  #stopping: Promise<void> | undefined
  readonly #stopped = Promise.withResolvers<WhyStopped>()

  private constructor(options: DaemonOptions) {
    this.#options = options
    this.#bricks = new StoredBricks(options.state.bricksPath, (message) => options.log.warn(message))
    this.#guard = new DiskGuard({ path: options.state.bricksPath, minFree: options.minFree })
    const { clock, random, log, state } = options
    const keepers = (): readonly Keeper[] => this.#keepers?.all ?? []
    const warn = (error: unknown): void => log.warn(String(error))
    const { analysis } = options
    this.#analysis = new DaemonAnalysis({ state: state.path, options: analysis, keepers, clock, random, warn })
    this.#relief = new Relief({ keepers, clock, log })
    this.#db = openStateDb(options.state.databasePath, { clock, random, report: (message) => log.warn(message) })
    this.#feed = new Feed({ db: this.#db, clock })
    this.#names = new NameIndexer({
      catalogPath: this.catalogPath,
      clock,
      bricks: () => this.bricks(),
      newest: (uuid) => this.newest(uuid),
      subscribe: (listener) => this.subscribe(listener),
      warn: (message) => log.warn(message),
    })
    const run = hookRunner({ timers: systemTimers, environment: process.env, state: state.path, graceMs: killGraceMs })
    const told = (hook: HookReport): void => this.#feed.publish({ kind: 'hook', ...hook })
    this.#hooks = new HookQueue({ db: this.#db, run, clock, timers: systemTimers, random, report: told })
    this.token = options.state.token(options.random)
    this.stateId = options.state.id(options.random)
  }

  /** Resolves when the server answers; folds go on. Errors: STATE_BUSY, USAGE, SOURCE_*, BRICK_*, DAEMON_FAILED. */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const { state } = options
    guard(utf8(state.path), () => state.lock())
    let daemon: Daemon | undefined
    try {
      daemon = new Daemon(options)
      await daemon.#begin()
      return daemon
    } catch (error) {
      if (daemon === undefined) state.release()
      else await daemon.stop()
      throw error
    }
  }

  get url(): string {
    return must(this.#server, 'server').url
  }

  get epoch(): string {
    return this.#feed.epoch
  }

  get sequence(): number {
    return this.#feed.sequence
  }

  get oldest(): number {
    return this.#feed.oldest
  }

  since(asked: Parameters<Feed['since']>[0]): ReturnType<Feed['since']> {
    return this.#feed.since(asked)
  }

  /** Resolves when the daemon has stopped, for whatever reason. */
  get stopped(): Promise<WhyStopped> {
    return this.#stopped.promise
  }

  bricks(): readonly BrickInfo[] {
    return this.#kept.infos()
  }

  tasks(): TasksAnswer {
    return this.#board?.answer() ?? { folder: null, tasks: [] }
  }

  get catalogPath(): string {
    return join(this.#options.state.path, 'catalog.db')
  }

  accepted(): Accepted {
    return this.#analysis.accepted()
  }

  async metrics(): Promise<string> {
    const { events, overflows, watches, marks } = await must(this.#hub, 'watcher').stats()
    const metrics = new Metrics(() => ({
      bricks: this.#kept.figures(),
      hooks: this.#hooks.figures(),
      watches: watches + marks,
      events,
      overflows,
      feedSequence: this.sequence,
      freeBytes: this.#guard.freeBytes(),
      openFiles: openFileCount(),
      storeFull: this.#guard.noRoom() === undefined ? 0 : 1,
      ...(this.#analysis.desk && { analysis: this.#analysis.desk.figures() }),
    }))
    return metrics.text()
  }

  view(uuid: string, commit: string): BrickView | undefined {
    return this.#kept.view(uuid, commit)
  }

  newest(uuid: string): BrickView | undefined {
    return this.#kept.newest(uuid)
  }

  damaged(uuid: string): void {
    this.#kept.all.find((keeper) => keeper.uuid === uuid)?.check.begin()
  }

  model(): Promise<ModelStatusJson | undefined> {
    return this.#analysis.model()
  }

  subscribe(listener: (message: FeedMessage) => void): () => void {
    return this.#feed.subscribe(listener)
  }

  /** Resolves when every change made before the call is committed. Errors: those of the brick that cannot. */
  async sync(): Promise<void> {
    await must(this.#hub, 'watcher').flush()
    while (!(await this.#isSettled())) {
      // The task of a brick changed while it was waited for: another keeper has it now.
    }
  }

  /** False where a keeper that was waited for was let go. */
  async #isSettled(): Promise<boolean> {
    await this.#board?.settle()
    try {
      await Promise.all(this.#kept.all.map((keeper) => keeper.settled()))
      return true
    } catch (error) {
      const isLetGo = error instanceof FoundryError && error.code === 'CANCELLED'
      if (!isLetGo || this.#stop.signal.aborted) throw error
      return false
    }
  }

  stop(why: WhyStopped = 'asked'): Promise<void> {
    this.#stopping ??= this.#end(why)
    return this.#stopping
  }

  async #begin(): Promise<void> {
    const { state, clock, random, log } = this.#options
    const given = this.#options.sources.map((path) => openSource(path))
    const cookieFolder = join(state.path, 'cookies')
    mkdirSync(cookieFolder, { recursive: true, mode: 0o700 })
    this.#hub = await WatchHub.start({ cookieFolder: utf8(cookieFolder), log, overflow: () => this.#lost() })
    this.#keepers = new Keepers({
      bricks: this.#bricks,
      statePath: state.path,
      hub: this.#hub,
      pool: this.#pool,
      clock,
      random,
      announcer: new Announcer({ feed: this.#feed, hooks: this.#hooks }),
      ...(this.#analysis.desk && { analysis: this.#analysis.desk }),
      ...(this.#options.analysis?.pace && { labelPace: this.#options.analysis.pace }),
      noRoom: () => this.#noRoom(),
      warn: (error) => log.warn(String(error)),
    })
    const keepers = eachOnce(given).map((source) => this.#kept.follow(this.#assignmentOf(source)))
    if (given.length === 0 && this.#options.tasksFolder === undefined) keepers.push(...this.#resume())
    await this.#serve()
    const startedAt = new Date(Number(clock.nowNs() / 1_000_000n)).toISOString()
    const note = { pid: process.pid, url: this.url, startedAt, version: toolVersion }
    leaveNote({ state, note, signal: this.#stop.signal, warn: (message) => log.warn(message) })
    for (const keeper of keepers) keeper.start()
    await this.#followTasks()
    this.#hooks.start()
    this.#names.start()
    this.#analysis.start()
  }

  /** Their keepers begin at once. */
  async #followTasks(): Promise<void> {
    const { tasksFolder: folder, clock, log } = this.#options
    if (folder === undefined) return
    this.#board = new TaskBoard({
      folder,
      db: this.#db,
      hub: must(this.#hub, 'watcher'),
      hooks: this.#hooks,
      clock,
      bricks: this.#bricks,
      keepers: this.#kept,
      planner: wholeSystemOf({ clock, guard: this.#guard, bricks: this.#bricks, keepers: this.#kept }),
      publish: (news) => this.#feed.publish(news),
      log,
    })
    await this.#board.start()
  }

  /** Follows what the state holds. */
  #resume(): Keeper[] {
    const assignments = this.#kept.resumed(this.#options.exclude)
    // Bricks whose sources have ended are only shown.
    if (assignments.length > 0 || this.#kept.infos().length > 0)
      return assignments.map((each) => this.#kept.follow(each))
    throw new FoundryError(
      'USAGE',
      'Nothing to follow yet: name a source, as in `sfd up /usr/bin /etc`, or a folder of tasks.',
    )
  }

  #noRoom(): string | undefined {
    const message = this.#guard.noRoom()
    if (message !== undefined && this.#guard.away() === undefined) this.#relief.begin()
    return message
  }

  #lost(): void {
    this.#feed.publish({ kind: 'loss', uuid: null, cause: 'the kernel dropped events', lostCount: null })
    if (this.#options.onLoss === 'fail') void this.stop('loss')
  }

  async #serve(): Promise<void> {
    const { port, mapFolder, log, clock, random } = this.#options
    const stop = (): void => void setImmediate(() => void this.stop())
    const forgetTraces = (forgotten: Forgotten) => this.#analysis.forget(forgotten)
    const common = { keepers: this.#kept, clock, random, signal: this.#stop.signal, forgetTraces }
    const { desk: analysis } = this.#analysis
    const desk = new ControlDesk({ ...common, ...(analysis && { analysis }), sync: () => this.sync(), stop })
    this.#server = await startServer(this, {
      port,
      portsTried: port === 'any' ? 1 : 20,
      mapFolder,
      report: (error) => log.error(`a request failed: ${(error as Error).stack ?? String(error)}`),
      control: (path, body) => desk.answer(path, body),
    })
  }

  #assignmentOf(source: Source): Assignment {
    const name = this.#bricks.nameFor(source, { isTaken: (taken) => this.#kept.isTaken(taken) })
    const brickPath = utf8(this.#bricks.pathOf(name))
    return { source, name, brickPath, taskId: null, rules: plainRules(this.#options.exclude) }
  }

  get #kept(): Keepers {
    return must(this.#keepers, 'keepers')
  }

  async #end(why: WhyStopped): Promise<void> {
    this.#stop.abort()
    await this.#board?.close()
    await this.#hooks.close(hookGraceMs)
    await this.#names.close()
    const analysis = this.#analysis.close()
    await this.#keepers?.close()
    await analysis
    await this.#relief.close()
    await this.#hub?.close()
    await this.#pool.close()
    await this.#server?.close()
    this.#feed.close()
    this.#db.close()
    this.#options.state.release()
    this.#stopped.resolve(why)
  }
}

/** What a hook that runs while the daemon stops still has. */
const hookGraceMs = 5_000
