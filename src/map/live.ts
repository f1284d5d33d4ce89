/**
 * Keeps the page's bricks equal to the server's: the full answer first, then the feed; after any doubt the full answer
 * again. What is drawn is never dropped here, only marked as older.
 */

import type { BrickInfo, BricksAnswer, NumberedMessage, RunTuple, TaskStatusJson } from '../wire/api.ts'
import { pause } from './clock.ts'
import { type Answer, getBricks } from './link/api-client.ts'
import { connectFeed, type Feed, type FeedPosition, type FeedProgress } from './link/feed.ts'
import type { TileSet } from './tileset/tile-set.ts'
import type { Connection } from './ui/status.ts'
import type { World, WorldBrick } from './world.ts'

const retryMsFirst = 500
const retryMsMax = 10_000

export interface LiveHandlers {
  /** Bricks or the connection changed. */
  changed(): void
  /** These tiles of the brick have new bytes (null: perhaps all). */
  committed(
    brick: WorldBrick,
    commit: { readonly dirty: readonly RunTuple[] | null; readonly tag: string | null },
  ): void
  /** What became of a task. */
  task(status: TaskStatusJson): void
  /** A full answer is in: what else the page knows may be out of date, too. */
  renewed(): void
  unauthorized(): void
  /** There is no full answer yet, and the server does not answer. */
  unreachable(): void
}

export class Live {
  connection: Connection = 'connecting'
  host = ''
  /** A full answer has come. */
  known = false
  readonly #world: World
  readonly #tiles: TileSet
  readonly #handlers: LiveHandlers
  #firstAnswer: Promise<Answer<BricksAnswer> | undefined> | undefined
  #position: FeedPosition = { epoch: '', sequence: 0 }
  #feed: Feed | undefined
  #syncing: Promise<void> | undefined
  #syncAgain = false

  /** `firstAnswer`: the first full answer, asked for already. */
  constructor(parts: {
    world: World
    tiles: TileSet
    firstAnswer: Promise<Answer<BricksAnswer> | undefined>
    handlers: LiveHandlers
  }) {
    this.#firstAnswer = parts.firstAnswer
    this.#world = parts.world
    this.#tiles = parts.tiles
    this.#handlers = parts.handlers
  }

  /** Resolves once the first full answer is in (`known`), or there is no session. */
  async start(): Promise<void> {
    await this.resync()
    if (!this.known) return
    this.#feed = connectFeed({
      position: () => this.#position,
      deliver: (message) => this.#deliver(message),
      resync: () => void this.resync(),
      connected: () => this.#setConnection('connected'),
      disconnected: () => {
        this.#setConnection('disconnected')
        void this.#checkSession()
      },
    })
    addEventListener('online', () => this.#feed?.retryNow())
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.#feed?.retryNow()
    })
  }

  /** A browser does not tell why a feed was refused; a plain question is told when the session has ended. */
  async #checkSession(): Promise<void> {
    const answer = await getBricks()
    if (answer.kind === 'unauthorized') this.#handlers.unauthorized()
  }

  /** Fetches everything anew; while one runs, another is started after it. */
  resync(): Promise<void> {
    if (this.#syncing !== undefined) {
      this.#syncAgain = true
      return this.#syncing
    }
    this.#syncing = this.#sync().finally(() => {
      this.#syncing = undefined
      if (!this.#syncAgain) return
      this.#syncAgain = false
      void this.resync()
    })
    return this.#syncing
  }

  async #sync(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const answer = (await this.#firstAnswer) ?? (await getBricks())
      this.#firstAnswer = undefined
      if (answer.kind === 'ok') {
        const { epoch, sequence, bricks, host } = answer.value
        this.#position = { epoch, sequence }
        this.host = host
        this.known = true
        const present = new Set(bricks.map(({ uuid }) => uuid))
        for (const uuid of [...this.#world.bricks.keys()]) if (!present.has(uuid)) this.#remove(uuid)
        for (const brick of bricks) this.#set(brick, null)
        this.#handlers.changed()
        this.#handlers.renewed()
        return
      }
      if (answer.kind === 'unauthorized') {
        this.#handlers.unauthorized()
        return
      }
      if (!this.known) this.#handlers.unreachable()
      await pause(Math.min(retryMsMax, retryMsFirst * 2 ** attempt))
    }
  }

  #deliver(message: NumberedMessage | FeedProgress): void {
    if (message.kind === 'progress') {
      const known = this.#world.bricks.get(message.uuid)
      if (known !== undefined) this.#set({ ...known.newest, progress: message.progress }, null)
      this.#handlers.changed()
      return
    }
    this.#position = { ...this.#position, sequence: message.sequence }
    if (message.kind === 'removed') this.#remove(message.uuid)
    else if (message.kind === 'brick') this.#set(message.brick, null)
    else if (message.kind === 'task') this.#handlers.task(message.status)
    else if (message.kind === 'commit') {
      const known = this.#world.bricks.get(message.brick.uuid)
      const follows = known !== undefined && known.newest.generation === message.fromGeneration
      const brick = this.#set(message.brick, follows ? message.dirtyTiles : null)
      if (known !== undefined && known.newest.generation > 0) {
        this.#handlers.committed(brick, { dirty: message.dirtyTiles, tag: message.tag ?? null })
      }
    } else return
    this.#handlers.changed()
  }

  #set(info: BrickInfo, dirty: readonly RunTuple[] | null): WorldBrick {
    const brick = this.#world.set(info)
    // Of a brick that shows the past nothing changes: its commit is the same.
    this.#tiles.setBrick(brick.tiled, dirty)
    return brick
  }

  #remove(uuid: string): void {
    this.#world.remove(uuid)
    this.#tiles.removeBrick(uuid)
  }

  #setConnection(connection: Connection): void {
    if (this.connection === connection) return
    this.connection = connection
    this.#handlers.changed()
  }
}
