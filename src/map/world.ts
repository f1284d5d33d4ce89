/**
 * The bricks as the page knows them: what the server said last, where each lies, what each looks like from afar.
 * Knows nothing of the screen.
 */
import { evenOrderFor, pointToPosition, positionToPoint } from '../hilbert/curve.ts'
import { type Square, squaresOf } from '../hilbert/squares.ts'
import type { BrickInfo, RunTuple } from '../wire/api.ts'
import type { Plate } from './draw/scene.ts'
import { type TiledBrick, tiledBrick } from './tileset/brick-tiles.ts'
import { intersection, type Rect, union, type WorldPoint } from './view/camera.ts'
import { unionLines } from './view/shapes.ts'

/** A brick takes about this many bytes of space for each byte of content. */
const spacePerByte = 1.32
const readSquareCountMax = 24

/** What of a brick a commit of the past replaces. */
export type PastCommit = Pick<
  BrickInfo,
  'generation' | 'commit' | 'length' | 'height' | 'entryCount' | 'contentBytes' | 'time'
>

/**
 * What of a brick is shown: `now` its newest commit, `past` an older one, `before` nothing, for it is younger than the
 * instant that is shown, `unknown` nothing yet, for its commits are being asked for.
 */
export type Era =
  | { readonly kind: 'now' | 'before' | 'unknown' }
  | { readonly kind: 'past'; readonly commit: PastCommit }

export interface WorldBrick {
  /** As it is shown. */
  readonly info: BrickInfo
  /** As the server said last. */
  readonly newest: BrickInfo
  readonly era: Era['kind']
  readonly tiled: TiledBrick
  readonly plate: Plate
  /** World units. */
  readonly rect: Rect
}

export interface ByteSpot {
  readonly brick: WorldBrick
  readonly offset: number
}

export class World {
  readonly bricks = new Map<string, WorldBrick>()
  readonly #eras = new Map<string, Era>()
  /** Of bricks that nobody has spoken of yet. */
  #firstEra: Era = { kind: 'now' }

  /** New bricks are shown as they are now, or not until somebody says what was at the instant shown. */
  setFirstEra(kind: 'now' | 'unknown'): void {
    this.#firstEra = { kind }
  }

  /** Bricks of which something lies in `rect`. */
  within(rect: Rect): WorldBrick[] {
    return [...this.bricks.values()].filter((brick) => intersection(brick.rect, rect) !== undefined)
  }

  eraOf(uuid: string): Era {
    return this.#eras.get(uuid) ?? this.#firstEra
  }

  /** Shows another commit of a brick that is here; returns what the tile set has to know. */
  setEra(uuid: string, era: Era): WorldBrick | undefined {
    const known = this.bricks.get(uuid)
    if (known === undefined) return undefined
    this.#eras.set(uuid, era)
    return this.set(known.newest)
  }

  /** Takes over what the server says of a brick; returns what the tile set has to know. */
  set(newest: BrickInfo): WorldBrick {
    const era = this.eraOf(newest.uuid)
    this.#eras.set(newest.uuid, era)
    const info = shownInfo(newest, era)
    const known = this.bricks.get(info.uuid)
    const same =
      known !== undefined &&
      known.info.length === info.length &&
      known.info.generation > 0 === info.generation > 0 &&
      known.info.district.x === info.district.x &&
      known.info.district.y === info.district.y &&
      (info.generation > 0 || known.info.progress?.doneBytes === info.progress?.doneBytes)
    const tiled = tiledBrick({ ...info, x: info.district.x, y: info.district.y })
    const shape = same && known !== undefined ? { plate: known.plate, rect: known.rect } : districtOf(info, tiled)
    const brick = { info, newest, era: era.kind, tiled, ...shape }
    this.bricks.set(info.uuid, brick)
    return brick
  }

  remove(uuid: string): void {
    this.bricks.delete(uuid)
    this.#eras.delete(uuid)
  }

  byName(name: string): WorldBrick | undefined {
    for (const brick of this.bricks.values()) if (brick.info.name === name) return brick
    return undefined
  }

  /** The smallest rectangle around all districts. */
  get rect(): Rect {
    return union([...this.bricks.values()].map((brick) => brick.rect)) ?? { x: 0, y: 0, width: 4096, height: 4096 }
  }

  /** The byte at a world point, or undefined where no brick has one. */
  byteAt(point: WorldPoint): ByteSpot | undefined {
    for (const brick of this.bricks.values()) {
      if (brick.info.commit === '') continue
      const x = Math.floor(point.x - brick.tiled.x)
      const y = Math.floor(point.y - brick.tiled.y)
      const { box } = brick.tiled
      if (x < 0 || y < 0 || x >= box.width || y >= box.height) continue
      const offset = pointToPosition({ x, y })
      if (offset < brick.info.length) return { brick, offset }
    }
    return undefined
  }

  /** The brick whose rectangle holds the point, else the nearest one. */
  nearest(point: WorldPoint): WorldBrick | undefined {
    let best: { brick: WorldBrick; distance: number } | undefined
    for (const brick of this.bricks.values()) {
      const { x, y, width, height } = brick.rect
      const dx = Math.max(x - point.x, 0, point.x - x - width)
      const dy = Math.max(y - point.y, 0, point.y - y - height)
      const distance = Math.hypot(dx, dy)
      if (best === undefined || distance < best.distance) best = { brick, distance }
    }
    return best?.brick
  }

  /** World rectangle of one byte. */
  byteRect({ brick, offset }: ByteSpot): Rect {
    const { x, y } = positionToPoint(offset)
    return { x: brick.tiled.x + x, y: brick.tiled.y + y, width: 1, height: 1 }
  }
}

/** World rectangles of runs of tiles, at most a few a run; of the last tile what the brick has of it. */
export function tileRunRects(brick: TiledBrick, runs: readonly RunTuple[], countMax: number): Rect[] {
  const rects: Rect[] = []
  for (const [start, length] of runs) {
    if (rects.length >= countMax) break
    const end = Math.min((start + length) * 65_536, brick.length)
    if (end <= start * 65_536) continue
    for (const square of squaresOf({ start: start * 65_536, length: end - start * 65_536, countMax: 8 })) {
      rects.push({ x: brick.x + square.x, y: brick.y + square.y, width: square.side, height: square.side })
    }
  }
  return rects
}

function shownInfo(newest: BrickInfo, era: Era): BrickInfo {
  if (era.kind === 'now') return newest
  const still = { ...newest, state: 'stored', message: null, progress: null } as const
  return era.kind === 'past' ? { ...still, ...era.commit } : { ...still, generation: 0, commit: '', time: null }
}

function districtOf(info: BrickInfo, tiled: TiledBrick): { plate: Plate; rect: Rect } {
  const { uuid } = info
  const { x, y } = info.district
  const { squares } = tiled
  const pending = info.generation === 0
  if (info.length > 0) {
    const rect = { x, y, width: tiled.box.width, height: tiled.box.height }
    const read = pending ? readPart(info, info.length) : []
    return { plate: { uuid, x, y, squares, lines: unionLines(squares), pending, read }, rect }
  }
  const expected = Math.max(65_536, (info.progress?.totalBytes ?? 0) * spacePerByte)
  const side = Math.min(2 ** evenOrderFor(expected), Math.ceil(Math.sqrt(expected)))
  const square = [{ x: 0, y: 0, side }]
  return {
    plate: { uuid, x, y, squares: square, lines: unionLines(square), pending, read: [] },
    rect: { x, y, width: side, height: side },
  }
}

/** How far the first fold is, as if it went along the curve: a share of the planned space. */
function readPart({ progress }: BrickInfo, length: number): readonly Square[] {
  if (progress === null || progress.totalBytes === 0) return []
  const done = Math.floor(length * Math.min(1, progress.doneBytes / progress.totalBytes))
  return done === 0 ? [] : squaresOf({ start: 0, length: done, countMax: readSquareCountMax })
}
