/**
 * The composition root: one state folder, its keepers, the watcher, the feed and the server, joined.
 *
 * It decides nothing about bytes. Sources that cannot be followed are said and tried again; one brick's trouble never
 * stops another's.
 */
import { mkdirSync, statSync, unlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { must } from '../base/assert.ts'
import { equalBytes, toHex, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock, Random } from '../base/ports.ts'
import { toolVersion } from '../base/version.ts'
import { LeafPool, workersDefault } from '../fold/leaf-pool.ts'
import { type District, districtReserve, placeDistrict } from '../layout/world.ts'
import type { Foundry, RunningServer } from '../server/foundry.ts'
import { startServer } from '../server/start.ts'
import { ExcludeMatcher } from '../source/exclude.ts'
import { absolutePath, openSource, type Source } from '../source/open.ts'
import { startWatcher, type Watcher } from '../source/watch.ts'
import type { BrickView } from '../store/brick-view.ts'
import type { BrickInfo, FeedMessage } from '../wire/api.ts'
import { storedInfo } from './brick-info.ts'
import { Feed } from './feed.ts'
import { Keeper } from './keeper.ts'
import type { StateFolder } from './state-folder.ts'
import { type StoredBrick, StoredBricks, sourceOf } from './stored-bricks.ts'

export interface DaemonOptions {
  readonly state: StateFolder
  /** Paths as given; none: every brick of the state is followed. */
  readonly sources: readonly Uint8Array[]
  readonly exclude: readonly string[]
  readonly port: number | 'any'
  readonly mapFolder: string
  readonly clock: Clock
  readonly random: Random
  readonly warn: (message: string) => void
}

export class Daemon implements Foundry {
  readonly version = toolVersion
  readonly host = hostname()
  readonly token: string
  readonly stateId: string
  readonly #options: DaemonOptions
  readonly #feed: Feed
  readonly #bricks: StoredBricks
  readonly #pool = new LeafPool({ workers: workersDefault })
  /** Index = number of the watcher's root; undefined once removed. */
  readonly #keepers: (Keeper | undefined)[] = []
  /** Bricks of the state that are shown and not followed, by uuid. */
  readonly #stored = new Map<string, StoredBrick>()
  readonly #districts: District[] = []
  /** Resolved once the keeper of that number has a place or will not get one. */
  readonly #turns: PromiseWithResolvers<void>[] = []
  #watcher: Watcher | undefined
  #server: RunningServer | undefined
  #stopping: Promise<void> | undefined
  readonly #stopped = Promise.withResolvers<void>()

  private constructor(options: DaemonOptions) {
    this.#options = options
    this.#bricks = new StoredBricks(options.state.bricksPath, options.warn)
    this.#feed = new Feed(toHex(options.random.bytes(8)))
    this.token = options.state.token(options.random)
    this.stateId = options.state.id(options.random)
  }

  /** Resolves when the server answers; folds go on. Errors: STATE_BUSY, USAGE, SOURCE_*, BRICK_*, DAEMON_FAILED. */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const { state } = options
    state.prepare()
    state.lock()
    try {
      const daemon = new Daemon(options)
      await daemon.#begin()
      return daemon
    } catch (error) {
      state.release()
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

  /** Resolves when the daemon has stopped, for whatever reason. */
  get stopped(): Promise<void> {
    return this.#stopped.promise
  }

  bricks(): readonly BrickInfo[] {
    const followed = this.#followed().map((keeper) => keeper.info())
    return [...followed, ...[...this.#stored.values()].map(({ view }) => storedInfo(view))]
  }

  view(uuid: string, commit: string): BrickView | undefined {
    const stored = this.#stored.get(uuid)?.view
    if (stored !== undefined) return toHex(stored.record.id) === commit ? stored : undefined
    return this.#keeperOf(uuid)?.views.get(commit)
  }

  newest(uuid: string): BrickView | undefined {
    return this.#stored.get(uuid)?.view ?? this.#keeperOf(uuid)?.views.newest
  }

  subscribe(listener: (message: FeedMessage) => void): () => void {
    return this.#feed.subscribe(listener)
  }

  /** Resolves when every change made before the call is committed. Errors: those of the brick that cannot. */
  async sync(): Promise<void> {
    await must(this.#watcher, 'watcher').flush()
    for (const keeper of this.#followed()) if (keeper.info().state === 'polled') keeper.hintAll()
    await Promise.all(this.#followed().map((keeper) => keeper.settled()))
  }

  /** Stops following a brick and deletes its file. Errors: BRICK_MISSING. */
  async remove(name: string): Promise<void> {
    const wanted = name.replace(/\.brick$/, '')
    const index = this.#keepers.findIndex((keeper) => keeper?.name === wanted)
    const keeper = this.#keepers[index]
    if (keeper !== undefined) {
      this.#watcher?.removeRoot(index)
      this.#keepers[index] = undefined
      await keeper.close()
      unlinkSync(this.#bricks.pathOf(wanted))
      this.#feed.publish({ kind: 'removed', uuid: keeper.uuid })
      return
    }
    const stored = [...this.#stored].find(([, { view }]) => view.meta.name === wanted)
    if (stored === undefined)
      throw new FoundryError('BRICK_MISSING', `There is no brick ${wanted}; \`sfd status\` lists them.`)
    const [uuid, { view, path }] = stored
    this.#stored.delete(uuid)
    view.file.close()
    unlinkSync(Buffer.from(path))
    this.#feed.publish({ kind: 'removed', uuid })
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#end()
    return this.#stopping
  }

  async #begin(): Promise<void> {
    const { state, clock } = this.#options
    const sources = this.#loadState()
    const cookieFolder = join(state.path, 'cookies')
    mkdirSync(cookieFolder, { recursive: true, mode: 0o700 })
    this.#watcher = await startWatcher(this.#sink(), { cookieFolder: utf8(cookieFolder) })
    for (const source of sources) this.#follow(source)
    const { port, mapFolder } = this.#options
    this.#server = await startServer(this, {
      port,
      portsTried: port === 'any' ? 1 : 20,
      mapFolder,
      report: (error) => this.#options.warn(`a request failed: ${(error as Error).stack ?? String(error)}`),
      control: (path, body) => this.#control(path, body),
    })
    const startedAt = new Date(Number(clock.nowNs() / 1_000_000n)).toISOString()
    state.writeNote({ pid: process.pid, url: this.#server.url, startedAt, version: toolVersion })
    for (const keeper of this.#followed()) keeper.start()
  }

  /** Opens what the state holds; returns the sources to follow. */
  #loadState(): Source[] {
    const given = this.#options.sources.map((path) => openSource(path))
    const unique = given.filter((source, index) => given.findIndex((other) => isSame(source, other)) === index)
    const resumed: Source[] = []
    for (const { view, path } of this.#bricks.open()) {
      const { side } = districtReserve(view.record.length)
      this.#districts.push({ ...view.meta.district, side })
      const follow = unique.find((source) => equalBytes(absolutePath(source), view.meta.source))
      if (follow !== undefined || this.#options.sources.length === 0) {
        if (follow === undefined) resumed.push(sourceOf(view))
        view.file.close()
      } else {
        this.#stored.set(toHex(view.record.uuid), { view, path })
      }
    }
    const sources = [...unique, ...resumed]
    if (sources.length === 0) {
      throw new FoundryError('USAGE', 'Nothing to follow yet: name a source, as in `sfd up /usr/bin /etc`.')
    }
    return sources
  }

  #follow(source: Source): void {
    const { clock, random, exclude, state } = this.#options
    const index = this.#keepers.length
    const name = this.#bricks.nameFor(source, (taken) => this.#keepers.some((keeper) => keeper?.name === taken))
    const keeper = new Keeper({
      name,
      source,
      brickPath: utf8(this.#bricks.pathOf(name)),
      exclude,
      ownFolders: [utf8(state.path)],
      clock,
      random,
      pool: this.#pool,
      placeDistrict: (length) => this.#placeInOrder(index, length),
      publish: (news) => this.#feed.publish(news),
      watch: async () => {
        const { dev, ino } = statSync(state.path, { bigint: true })
        const matcher = new ExcludeMatcher({ patterns: exclude, inodes: [{ dev, ino }] })
        const root = { index, path: absolutePath(source), kind: source.kind, exclude: matcher }
        await must(this.#watcher, 'watcher').addRoot(root)
      },
    })
    this.#keepers.push(keeper)
    this.#turns.push(Promise.withResolvers())
  }

  /** New bricks get their places in the order of their sources, however fast they are listed. */
  async #placeInOrder(index: number, length: number | 'none'): Promise<District> {
    const turn = must(this.#turns[index], 'turn of a keeper')
    await this.#turns[index - 1]?.promise
    turn.resolve()
    const { side } = districtReserve(length === 'none' ? 0 : length)
    const district = placeDistrict({ placed: this.#districts, side })
    if (length !== 'none') this.#districts.push(district)
    return district
  }

  #sink(): Parameters<typeof startWatcher>[0] {
    return {
      hints: (batch) => {
        for (const { root, path, scope } of batch) this.#keepers[root]?.hint({ path, reach: scope })
      },
      overflow: () => {
        for (const keeper of this.#followed()) keeper.hintAll()
      },
      problem: (root, code, message) => {
        this.#options.warn(message)
        if (code === 'ROOT_GONE') this.#keepers[root]?.sourceLost()
        else this.#keepers[root]?.pollBecause(message)
      },
    }
  }

  async #control(path: string, body: unknown): Promise<unknown> {
    if (path === '/api/sync') {
      await this.sync()
      return { ok: true }
    }
    if (path === '/api/stop') {
      setImmediate(() => void this.stop())
      return { ok: true }
    }
    const name = (body as { name?: unknown } | null)?.name
    if (typeof name !== 'string') throw new FoundryError('USAGE', 'Name the brick to remove.')
    await this.remove(name)
    return { ok: true }
  }

  #followed(): Keeper[] {
    return this.#keepers.filter((keeper) => keeper !== undefined)
  }

  #keeperOf(uuid: string): Keeper | undefined {
    return this.#followed().find((keeper) => keeper.uuid === uuid)
  }

  async #end(): Promise<void> {
    await Promise.all(this.#followed().map((keeper) => keeper.close()))
    await this.#watcher?.close()
    await this.#pool.close()
    await this.#server?.close()
    for (const { view } of this.#stored.values()) view.file.close()
    this.#options.state.release()
    this.#stopped.resolve()
  }
}

function isSame(a: Source, b: Source): boolean {
  return equalBytes(absolutePath(a), absolutePath(b))
}
