/** Getting to places: by permalink, by hit, by offset, by name, one level up. */
import { boundingBox } from '../hilbert/squares.ts'
import type { MapApp } from './app.ts'
import { timeLimit } from './clock.ts'
import type { PinReason } from './focus.ts'
import { findEntries } from './link/api-client.ts'
import type { CrumbPlace } from './ui/crumbs.ts'
import type { Hit } from './ui/search.ts'
import { fitted, type Rect, toWorld, union } from './view/camera.ts'
import type { Mark, Place as MarkPlace } from './view/marks.ts'
import { formatPlace, type Mode, type Place, parsePlace } from './view/permalink.ts'
import { pathLabel } from './view/shapes.ts'
import type { ByteSpot, WorldBrick } from './world.ts'

/** A flight to an entry ends at most this close, a flight to a byte at least. */
const entryScaleMax = 16
const byteScaleMin = 28
/** A flight to a few bytes that were searched for ends where they can be read. */
const readScaleMax = 44
/** What fills less of the view than this is not where the view is. */
const placeShareMin = 0.3
/** A brick smaller than this share of the view is one of many. */
const brickShareMin = 0.48
const upGrowth = 1.25
/** Zoomed in by less than this, a thing is still seen as a whole. */
const wholeSlack = 1.12

const searchMsMax = 5000

export class Navigator {
  readonly #app: MapApp

  constructor(app: MapApp) {
    this.#app = app
  }

  home(): void {
    this.#toRect(this.#app.world.rect)
  }

  /** Flies to an offset of the brick in view and pins it. */
  toOffset(offset: number): void {
    const { world, motion, focus } = this.#app
    const brick = world.nearest(motion.camera)
    if (brick === undefined || offset >= brick.info.length) return
    const { x, y } = world.byteRect({ brick, offset })
    focus.pin({ brick, offset })
    void this.#app.fly({ x: x + 0.5, y: y + 0.5, scale: Math.max(motion.camera.scale, byteScaleMin) })
  }

  /** To bytes of a brick, whose first is pinned; `reason`: what of them one wants to see. */
  toRun(uuid: string, run: { readonly start: number; readonly length: number }, reason: PinReason): void {
    const brick = this.#app.world.bricks.get(uuid)
    if (brick === undefined || run.start >= brick.info.length) return
    this.#app.focus.pin({ brick, offset: run.start }, reason)
    const box = boundingBox({ start: run.start, length: Math.max(1, run.length) })
    this.#toRect(placed(brick, box), reason === 'hit' ? readScaleMax : entryScaleMax)
  }

  /** To all that a mark stands for; where that is one place, to its bytes. */
  toMark({ of }: Pick<Mark<MarkPlace>, 'of'>): void {
    const rects = of.flatMap(({ uuid, heart }) => {
      const brick = this.#app.world.bricks.get(uuid)
      return brick === undefined ? [] : [placed(brick, { ...heart, width: heart.side, height: heart.side })]
    })
    const rect = union(rects)
    if (rect !== undefined) this.#toRect(rect, entryScaleMax)
  }

  toHit(hit: Hit): void {
    const brick = this.#app.world.bricks.get(hit.uuid)
    if (brick === undefined) return
    // Pinned first: the flight leaves the inspector its place.
    const isShown = hit.slot.length > 0
    if (isShown) this.#app.focus.pin({ brick, offset: hit.slot.start + (hit.offset ?? hit.lead ?? 0) })
    if (isShown) this.#toHitIn(brick, hit)
    else void this.toPath(brick.info.name, pathLabel(hit))
  }

  /** A hit that means one byte leads to that byte. */
  #toHitIn(brick: WorldBrick, hit: Hit): void {
    const { slot, offset } = hit
    if (offset === undefined) return void this.#toSlots(brick, [withoutLead(hit)])
    const { x, y } = this.#app.world.byteRect({ brick, offset: slot.start + offset })
    void this.#app.fly({ x: x + 0.5, y: y + 0.5, scale: byteScaleMin })
  }

  /** `path` in the brick of that name; empty: the whole brick. */
  async toPath(brickName: string, path: string): Promise<void> {
    const brick = this.#app.world.byName(brickName)
    if (brick === undefined) return
    if (path === '') return this.#toRect(brick.rect)
    const shape = this.#app.outlines.shapesOf(brick.info.uuid).find((one) => one.path === path)
    if (shape !== undefined) return this.#toRect(placed(brick, shape.box), entryScaleMax)
    const answer = await findEntries(path, timeLimit(searchMsMax))
    if (answer.kind !== 'ok') return
    const inside = answer.value.hits.filter((hit) => {
      const label = pathLabel(hit)
      return hit.uuid === brick.info.uuid && (label === path || label.startsWith(`${path}/`))
    })
    this.#toSlots(brick, inside)
  }

  /** To the next larger thing around the middle of the view: file, directories, brick, world. */
  up(): void {
    const { world, outlines, motion } = this.#app
    const spot = this.#freeMiddle()
    const rects: Rect[] = [world.rect]
    if (spot !== undefined) {
      const around = outlines.around(spot.brick.info.uuid, spot.offset)
      rects.unshift(...around.map((shape) => placed(spot.brick, shape.box)), spot.brick.rect)
    }
    const cameras = rects.map((rect) => this.#app.cameraFor(rect))
    const next = cameras.find(({ scale }) => scale * upGrowth < motion.camera.scale)
    void this.#app.fly(next ?? this.#app.cameraFor(world.rect))
  }

  /** The byte in the middle of the view. */
  middle(): ByteSpot | undefined {
    const { view, world } = this.#app
    return world.byteAt(toWorld(view, { x: view.viewport.width / 2, y: view.viewport.height / 2 }))
  }

  /** The byte in the middle of what no panel covers. */
  #freeMiddle(): ByteSpot | undefined {
    const { view, world } = this.#app
    const { left, right, top, bottom } = this.#app.covered()
    const { width, height } = view.viewport
    return world.byteAt(toWorld(view, { x: (left + width - right) / 2, y: (top + height - bottom) / 2 }))
  }

  /**
   * Brick and path that fill the view, for the address bar; undefined: the world. Where a whole brick is in view, or all of
   * them, nobody has chosen what happens to lie in the middle: then only what is pinned is named.
   */
  place(): CrumbPlace | undefined {
    const { world, motion, outlines, view, focus } = this.#app
    const { camera, viewport } = view
    const pinned = focus.pinned()
    const seesWorld = world.bricks.size > 1 && camera.scale <= wholeSlack * this.#app.cameraFor(world.rect).scale
    const spot = seesWorld ? pinned : this.#freeMiddle()
    const brick = spot?.brick ?? (seesWorld ? undefined : world.nearest(motion.camera))
    if (brick === undefined) return undefined
    const viewSide = Math.min(viewport.width, viewport.height)
    const brickSide = Math.max(brick.rect.width, brick.rect.height) * camera.scale
    if (brickSide < brickShareMin * viewSide && world.bricks.size > 1) return undefined
    const whole = { brick: brick.info.name, path: '', label: undefined, offset: undefined }
    const seesBrick = camera.scale <= wholeSlack * this.#app.cameraFor(brick.rect).scale
    const at = seesBrick ? (pinned?.brick === brick ? pinned : undefined) : spot
    if (at === undefined) return whole
    const around = outlines.around(brick.info.uuid, at.offset)
    const filling = around.find((shape) => Math.sqrt(shape.spaceBytes) * camera.scale >= placeShareMin * viewSide)
    const inEntry = filling?.entry === undefined ? at.offset : at.offset - filling.entry.slot.start
    const offset = camera.scale >= 1 ? inEntry : undefined
    return { ...whole, path: filling?.path ?? '', label: filling?.entry?.label, offset }
  }

  /** The hash of the present view; undefined where there is no brick. */
  permalink(): string | undefined {
    const { camera } = this.#app.view
    const spot = this.middle()
    const common = { zoom: Math.log2(camera.scale), mode: this.#app.mode, instant: this.#app.time.instant }
    if (spot !== undefined) {
      const { name } = spot.brick.info
      return formatPlace({ brick: name, spot: { kind: 'offset', offset: spot.offset }, ...common })
    }
    const brick = this.#app.world.nearest(camera)
    if (brick === undefined) return undefined
    const point = { kind: 'point' as const, x: camera.x - brick.tiled.x, y: camera.y - brick.tiled.y }
    return formatPlace({ brick: brick.info.name, spot: point, ...common })
  }

  /** Goes where and when `hash` says and returns its mode; undefined where it names no place that is there. */
  restore(hash: string, way: 'jump' | 'fly'): Mode | undefined {
    const place = parsePlace(hash)
    const brick = place === undefined ? undefined : this.#app.world.byName(place.brick)
    if (place === undefined || brick === undefined) return undefined
    this.#app.time.go(place.instant)
    const camera = { ...cameraPoint(this.#app, brick, place), scale: 2 ** place.zoom }
    if (way === 'jump') this.#app.motion.jump(camera)
    else void this.#app.fly(camera)
    this.#app.changed()
    return place.mode
  }

  #toRect(rect: Rect, scaleMost?: number): void {
    void this.#app.fly(this.#app.cameraFor(rect, scaleMost))
  }

  /** False where none of them has a slot. */
  #toSlots(brick: WorldBrick, entries: readonly { slot: { start: number; length: number } }[]): boolean {
    const slots = entries.map(({ slot }) => slot).filter(({ length }) => length > 0)
    const rect = union(slots.map((slot) => placed(brick, boundingBox(slot))))
    if (rect !== undefined) this.#toRect(rect, entryScaleMax)
    return rect !== undefined
  }
}

/** Of a mapping with room to grow into: only the mapping. */
function withoutLead({ slot, size, lead = 0 }: Hit): { readonly slot: Hit['slot'] } {
  if (lead === 0 || lead >= size || size > slot.length) return { slot }
  return { slot: { start: slot.start + lead, length: size - lead } }
}

function cameraPoint(app: MapApp, brick: WorldBrick, { spot }: Place): { x: number; y: number } {
  if (spot.kind === 'point') return { x: brick.tiled.x + spot.x, y: brick.tiled.y + spot.y }
  if (spot.offset >= brick.info.length) return fitted(brick.rect, app.view.viewport, 0)
  const { x, y } = app.world.byteRect({ brick, offset: spot.offset })
  return { x: x + 0.5, y: y + 0.5 }
}

function placed(brick: WorldBrick, box: Rect): Rect {
  return { x: brick.tiled.x + box.x, y: brick.tiled.y + box.y, width: box.width, height: box.height }
}
