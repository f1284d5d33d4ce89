/**
 * One search through the bytes of bricks, one brick after the other: what was found so far, how far it is, and its end. Hits
 * stream in; whoever starts another search or cancels this one closes the connection, and the server stops.
 */
import { positionToPoint } from '../../hilbert/curve.ts'
import type { SearchEnd, SearchHit, SearchMessage } from '../../wire/search.ts'
import type { ByteQuery } from '../view/byte-query.ts'
import type { RunPlace } from '../view/marks.ts'
import { searchUrl } from './api-client.ts'
import { jsonLines } from './json-lines.ts'

/** Of one brick. */
const hitsListedMax = 1_000
/** Tiles that are marked beside the listed hits, over all bricks. */
const tilesMarkedMax = 4_096
const tileSide = 256

export interface SearchedBrick {
  readonly uuid: string
  readonly commit: string
  readonly name: string
  /** Where to begin: what is in view is found first. */
  readonly from: number
}

export interface FoundHit {
  readonly key: string
  readonly uuid: string
  readonly brick: string
  readonly hit: SearchHit
}

export type SearchState = 'waiting' | 'running' | 'ended' | 'cancelled'

export class SearchRun {
  readonly query: ByteQuery
  state: SearchState = 'running'
  /** In the order of the bricks, then as they came. */
  readonly hits: FoundHit[] = []
  /** All that were counted, listed or not. */
  hitCount = 0
  /** Of the brick that is looked through now; undefined: none is. */
  current: { readonly name: string; readonly share: number } | undefined
  bricksLeft = 0
  /** What a person should know beside the hits, each once. */
  readonly notes: string[] = []
  /** For the map; another array whenever there is more. */
  places: readonly RunPlace[] = []
  readonly #controller = new AbortController()
  readonly #changed: () => void
  readonly #hitPlaces: RunPlace[] = []
  readonly #tiles = new Map<string, RunPlace>()
  /** Listed hits by the tile that they begin in. */
  readonly #listed = new Map<string, number>()

  constructor(query: ByteQuery, changed: () => void) {
    this.query = query
    this.#changed = changed
  }

  async run(bricks: readonly SearchedBrick[]): Promise<void> {
    this.bricksLeft = bricks.length
    for (const brick of bricks) {
      if (this.#isOver) return
      this.bricksLeft--
      this.current = { name: brick.name, share: 0 }
      this.#changed()
      await this.#searchOne(brick)
    }
    if (!this.#isOver) this.#end('ended')
  }

  cancel(): void {
    if (this.state === 'ended') return
    this.#controller.abort()
    this.#end('cancelled')
  }

  get #isOver(): boolean {
    return this.state === 'cancelled' || this.state === 'ended'
  }

  #end(state: 'ended' | 'cancelled'): void {
    this.state = state
    this.current = undefined
    this.#changed()
  }

  async #searchOne(brick: SearchedBrick): Promise<void> {
    const before = this.hitCount
    let told = false
    const url = searchUrl({ ...brick, ...this.query, limit: hitsListedMax })
    for await (const line of jsonLines(url, this.#controller.signal)) {
      if (this.#isOver) return
      if (line.kind === 'failed') {
        this.#note(`${brick.name}: ${line.message}`)
        return
      }
      told = this.#take(brick, line.value as SearchMessage, before) || told
      this.#changed()
    }
    if (!told && !this.#isOver) this.#note(`${brick.name}: the answer broke off`)
  }

  /** True where the brick is done with. */
  #take(brick: SearchedBrick, message: SearchMessage, before: number): boolean {
    if (message.kind === 'waiting') {
      this.state = 'waiting'
      return false
    }
    this.state = 'running'
    if (message.kind === 'failed') {
      this.#note(`${brick.name}: ${message.message}`)
      return true
    }
    const { bytes, totalBytes, hits } = message.done
    this.hitCount = before + hits
    this.current = { name: brick.name, share: totalBytes === 0 ? 1 : bytes / totalBytes }
    if (message.kind === 'end') {
      this.#noteEnd(brick, message)
      return true
    }
    for (const hit of message.hits) this.#addHit(brick, hit)
    for (const [tile, count] of message.tiles) this.#addTile(brick, tile, count)
    if (message.hits.length + message.tiles.length > 0) this.places = this.#allPlaces()
    return false
  }

  #addHit({ uuid, name }: SearchedBrick, hit: SearchHit): void {
    const key = `${uuid} ${hit.start} ${hit.length}`
    this.hits.push({ key, uuid, brick: name, hit })
    const heart = { ...positionToPoint(hit.start), side: 1, start: hit.start }
    this.#hitPlaces.push({ key, uuid, weight: 1, count: 1, heart, run: [hit.start, Math.max(1, hit.length)] })
    const tile = `${uuid} ${Math.floor(hit.start / tileSide ** 2)}`
    this.#listed.set(tile, (this.#listed.get(tile) ?? 0) + 1)
  }

  #addTile({ uuid }: SearchedBrick, tile: number, count: number): void {
    if (this.#tiles.size >= tilesMarkedMax) return
    const key = `${uuid} ${tile}`
    const start = tile * tileSide ** 2
    const heart = { ...positionToPoint(start), side: tileSide, start }
    this.#tiles.set(key, { key, uuid, weight: 0, count, heart, run: undefined })
  }

  /** Of tiles what is counted beyond the listed hits. */
  #allPlaces(): readonly RunPlace[] {
    const tiles = [...this.#tiles.values()].flatMap((tile) => {
      const count = tile.count - (this.#listed.get(tile.key) ?? 0)
      return count > 0 ? [{ ...tile, count }] : []
    })
    return [...tiles, ...this.#hitPlaces]
  }

  #noteEnd({ name }: SearchedBrick, { reason, message, unknownBytes }: SearchEnd): void {
    if (reason === 'slow') this.#note(`${name}: ${message ?? 'the expression took too long for a piece of it'}`)
    if (unknownBytes > 0) this.#note(`${name}: ${unknownBytes} bytes are not known and were not looked through`)
  }

  #note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text)
    this.#changed()
  }
}
