/**
 * Which instant the map shows, and the way there: for each brick the newest commit at or before it.
 *
 * A brick goes from one commit to the next by their difference, so that only tiles that differ are fetched, and what
 * is drawn stays until what replaces it is there. One step of a brick at a time: while a hand scrubs, what lies between
 * is left out. At now the bricks follow the server; in the past nothing that the server says moves the picture.
 */
import type { BrickInfo, CommitRow, RunTuple } from '../../wire/api.ts'
import { pause } from '../clock.ts'
import { getCommits, getDiff } from '../link/api-client.ts'
import type { TileSet } from '../tileset/tile-set.ts'
import type { Era, PastCommit, World, WorldBrick } from '../world.ts'
import { mergedRows, rowAt, type Stop, stepFrom, stopsOf } from './commit-log.ts'
import { type Instant, now, sameInstant } from './instant.ts'

const retryMs = 1500
/** The page keeps so many commits of a brick; retention keeps fewer. */
const rowCountMax = 2000
/** After so many commits by the feed the server is asked which are still retained. */
const addedCountMax = 64

type Runs = readonly RunTuple[] | null

interface Log {
  rows: readonly CommitRow[]
  state: 'unknown' | 'asked' | 'known'
  /** Commits by the feed since the server was asked. */
  added: number
}

export class TimeTravel {
  instant: Instant = now
  readonly #world: World
  readonly #tiles: TileSet
  readonly #changed: () => void
  readonly #logs = new Map<string, Log>()
  /** Bricks on their way to another commit. */
  readonly #moving = new Set<string>()
  #watched = false
  #stops: { key: string; stops: readonly Stop[] } = { key: '', stops: [] }
  #version = 0
  /** A step that was asked for before there was anything to step on. */
  #stepWhenKnown: { readonly direction: -1 | 1; readonly uuids: readonly string[] } | undefined

  constructor(parts: { world: World; tiles: TileSet; changed(): void }) {
    this.#world = parts.world
    this.#tiles = parts.tiles
    this.#changed = parts.changed
  }

  get isPast(): boolean {
    return this.instant.kind === 'past'
  }

  /** Some brick does not show the instant yet. */
  get pending(): boolean {
    return this.#moving.size > 0 || [...this.#world.bricks.values()].some(({ era }) => era === 'unknown')
  }

  /** Commits that came after what is shown, over all bricks; 0 at now. */
  get newerCount(): number {
    if (this.instant.kind === 'now') return 0
    const { time } = this.instant
    let count = 0
    for (const { rows } of this.#logs.values()) count += rows.filter((row) => row.time > time).length
    return count
  }

  /** From now on the commits of all bricks are asked for and kept: somebody looks at them. */
  watch(): void {
    if (this.#watched) return
    this.#watched = true
    this.bricksChanged()
  }

  go(instant: Instant): void {
    if (sameInstant(this.instant, instant)) return
    this.instant = instant
    this.#world.setFirstEra(instant.kind === 'now' ? 'now' : 'unknown')
    if (instant.kind === 'past') this.watch()
    for (const brick of this.#world.bricks.values()) {
      // From here on it no longer follows the server.
      if (instant.kind === 'past' && brick.era === 'now') this.#show(brick.info.uuid, frozen(brick.newest))
      void this.#steer(brick.info.uuid)
    }
    this.#changed()
  }

  /** One stop of these bricks back or on; waits for their commits where they are not known yet. */
  step(direction: -1 | 1, uuids: readonly string[]): void {
    this.watch()
    if (uuids.some((uuid) => this.#logOf(uuid).state !== 'known')) {
      this.#stepWhenKnown = { direction, uuids }
      return
    }
    const time = this.instant.kind === 'past' ? this.instant.time : undefined
    const stop = stepFrom(this.stops(uuids), { time, direction })
    if (stop === 'now') this.go(now)
    else if (stop !== undefined) this.go({ kind: 'past', time: stop.time })
  }

  /** Stops of these bricks, oldest first; the same array while nothing changed. */
  stops(uuids: readonly string[]): readonly Stop[] {
    const key = `${this.#version} ${uuids.join(' ')}`
    if (this.#stops.key !== key) {
      this.#stops = { key, stops: stopsOf(uuids.map((uuid) => [uuid, this.#logs.get(uuid)?.rows ?? []] as const)) }
    }
    return this.#stops.stops
  }

  /** The server has said something of its bricks. */
  bricksChanged(): void {
    for (const uuid of [...this.#logs.keys()]) if (!this.#world.bricks.has(uuid)) this.#logs.delete(uuid)
    if (!this.#watched) return
    for (const uuid of this.#world.bricks.keys()) {
      if (this.#logOf(uuid).state === 'unknown') void this.#ask(uuid)
    }
  }

  /** A brick has a new commit. */
  committed(info: BrickInfo, what: { readonly dirtyTiles: number; readonly tag: string | null }): void {
    const log = this.#logs.get(info.uuid)
    if (log === undefined || log.state === 'unknown' || info.time === null) return
    const { generation, commit, time, length, height, entryCount, contentBytes } = info
    const size = { length, height, entryCount, contentBytes, treeHash: '' }
    this.#keep(info.uuid, mergedRows(log.rows, [{ generation, commit, time, reason: '', ...what, ...size }]))
    log.added++
    if (log.added > addedCountMax && log.state === 'known') void this.#ask(info.uuid)
  }

  /** The server no longer has the commit of `uuid` that is shown. */
  commitGone(uuid: string): void {
    if (this.#logOf(uuid).state !== 'asked') void this.#ask(uuid)
  }

  #logOf(uuid: string): Log {
    let log = this.#logs.get(uuid)
    if (log === undefined) {
      log = { rows: [], state: 'unknown', added: 0 }
      this.#logs.set(uuid, log)
    }
    return log
  }

  /** Fetches all rows, page by page, then goes where the instant is. */
  async #ask(uuid: string): Promise<void> {
    const log = this.#logOf(uuid)
    log.state = 'asked'
    let rows: CommitRow[] = []
    for (let isWhole = false; !isWhole; ) {
      const before = rows[0]?.generation
      const answer = await getCommits({ uuid, ...(before === undefined ? {} : { before }) })
      if (this.#logs.get(uuid) !== log) return
      if (answer.kind === 'ok') {
        rows = mergedRows(rows, answer.value.commits)
        const oldest = rows[0]?.generation ?? 0
        isWhole = answer.value.commits.length === 0 || oldest <= answer.value.oldest || rows.length >= rowCountMax
      } else if (answer.kind === 'gone') isWhole = true
      else await pause(retryMs)
    }
    log.state = 'known'
    log.added = 0
    // Beside the answer only what came by the feed since: the server says what is retained.
    const newest = rows.at(-1)?.generation ?? 0
    const since = log.rows.filter(({ generation }) => generation > newest)
    this.#keep(uuid, [...rows, ...since])
    void this.#steer(uuid)
    const waiting = this.#stepWhenKnown
    if (waiting === undefined) return
    this.#stepWhenKnown = undefined
    this.step(
      waiting.direction,
      waiting.uuids.filter((one) => this.#world.bricks.has(one)),
    )
  }

  #keep(uuid: string, rows: readonly CommitRow[]): void {
    this.#logOf(uuid).rows = rows.slice(-rowCountMax)
    this.#version++
    this.#changed()
  }

  /** Brings a brick to the instant, however often that changes on the way. */
  async #steer(uuid: string): Promise<void> {
    if (this.#moving.has(uuid)) return
    this.#moving.add(uuid)
    try {
      for (;;) {
        const brick = this.#world.bricks.get(uuid)
        const goal = brick === undefined ? undefined : this.#goalOf(brick)
        if (brick === undefined || goal === undefined) return
        const to = goal.kind === 'past' ? goal.commit.commit : goal.kind === 'now' ? brick.newest.commit : ''
        const from = brick.info.commit
        if (from === to) {
          this.#show(uuid, goal)
          return
        }
        const dirty = from === '' || to === '' ? null : await differing({ uuid, commit: to, from })
        const after = this.#world.bricks.get(uuid)
        if (after === undefined || after.info.commit !== from) continue
        // By now there may be a newer one, or another instant: the next round goes on from there.
        if (goal.kind === 'now' && after.newest.commit !== to) this.#show(uuid, frozen(brick.newest), dirty)
        else this.#show(uuid, goal, dirty)
      }
    } finally {
      this.#moving.delete(uuid)
      this.#changed()
    }
  }

  /** Undefined where it is not known yet. */
  #goalOf(brick: WorldBrick): Era | undefined {
    if (this.instant.kind === 'now') return { kind: 'now' }
    const log = this.#logOf(brick.info.uuid)
    if (log.state !== 'known') return undefined
    const row = rowAt(log.rows, this.instant.time)
    return row === undefined ? { kind: 'before' } : { kind: 'past', commit: row }
  }

  #show(uuid: string, era: Era, dirty?: Runs): void {
    const brick = this.#world.setEra(uuid, era)
    if (brick !== undefined) this.#tiles.setBrick(brick.tiled, dirty)
    this.#changed()
  }
}

/** Runs of tiles that differ; null: perhaps all. */
async function differing(asked: { uuid: string; commit: string; from: string }): Promise<Runs> {
  const answer = await getDiff({ ...asked, limit: 1 })
  return answer.kind === 'ok' ? answer.value.tiles : null
}

function frozen(info: BrickInfo): Era {
  if (info.commit === '') return { kind: 'unknown' }
  const { generation, commit, time, length, height, entryCount, contentBytes } = info
  const past: PastCommit = { generation, commit, time, length, height, entryCount, contentBytes }
  return { kind: 'past', commit: past }
}
