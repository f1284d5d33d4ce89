/** Getting to places: by permalink, by hit, by offset, by name, one level up. */
import { boundingBox } from '../hilbert/squares.ts'
import type { MapApp } from './app.ts'
import { findEntries } from './link/api-client.ts'
import type { Hit } from './ui/search.ts'
import { fitted, type Rect, toWorld, union } from './view/camera.ts'
import { formatPlace, type Mode, type Place, parsePlace } from './view/permalink.ts'
import { pathLabel } from './view/shapes.ts'
import type { ByteSpot, WorldBrick } from './world.ts'

/** A flight to an entry ends at most this close, a flight to a byte at least. */
const entryScaleMax = 16
const byteScaleMin = 28
/** What fills less of the view than this is not where the view is. */
const placeShareMin = 0.3
const upGrowth = 1.25

export interface Navigator {
  home(): void
  toHit(hit: Hit): void
  toOffset(offset: number): void
  /** `path` in the brick of that name; empty: the whole brick. */
  toPath(brickName: string, path: string): Promise<void>
  up(): void
  /** The byte in the middle of the view. */
  middle(): ByteSpot | undefined
  /** Brick and path that fill the view, for the address bar. */
  place(): { brick: string; path: string; offset: number | undefined } | undefined
  permalink(): string | undefined
  /** Goes where `hash` says; false where it names no place that is there. `way`: jump or fly. */
  restore(hash: string, way: 'jump' | 'fly'): Mode | undefined
}

export function makeNavigator(app: MapApp): Navigator {
  const { world } = app
  const middlePoint = () => ({ x: app.view.viewport.width / 2, y: app.view.viewport.height / 2 })
  const middle = () => world.byteAt(toWorld(app.view, middlePoint()))
  const toRect = (rect: Rect, scaleMost?: number) => void app.fly(app.cameraFor(rect, scaleMost))
  const toSpot = (spot: ByteSpot) => {
    const { x, y } = world.byteRect(spot)
    app.focus.pin(spot)
    void app.fly({ x: x + 0.5, y: y + 0.5, scale: Math.max(app.motion.camera.scale, byteScaleMin) })
  }
  const toSlots = (brick: WorldBrick, slots: readonly { start: number; length: number }[]): boolean => {
    const rect = union(slots.filter(({ length }) => length > 0).map((slot) => placed(brick, boundingBox(slot))))
    if (rect === undefined) return false
    toRect(rect, entryScaleMax)
    return true
  }
  const knownShape = (brick: WorldBrick, path: string) =>
    app.outlines.shapesOf(brick.info.uuid).find((shape) => shape.path === path)
  const toPath = async (brickName: string, path: string): Promise<void> => {
    const brick = world.byName(brickName)
    if (brick === undefined) return
    if (path === '') return toRect(brick.rect)
    const shape = knownShape(brick, path)
    if (shape !== undefined) return toRect(placed(brick, shape.box), entryScaleMax)
    const answer = await findEntries(path, AbortSignal.timeout(5000))
    if (answer.kind !== 'ok') return
    const inside = answer.value.hits.filter((hit) => {
      const label = pathLabel(hit)
      return hit.uuid === brick.info.uuid && (label === path || label.startsWith(`${path}/`))
    })
    toSlots(
      brick,
      inside.map(({ slot }) => slot),
    )
  }
  return {
    middle,
    toPath,
    home: () => toRect(world.rect),
    toOffset(offset) {
      const brick = world.nearest(app.motion.camera)
      if (brick !== undefined && offset < brick.info.length) toSpot({ brick, offset })
    },
    toHit(hit) {
      const brick = world.bricks.get(hit.uuid)
      if (brick === undefined) return
      if (!toSlots(brick, [hit.slot])) void toPath(brick.info.name, pathLabel(hit))
      else app.focus.pin({ brick, offset: hit.slot.start })
    },
    up() {
      const spot = middle()
      const { scale } = app.motion.camera
      const rects: Rect[] = []
      if (spot !== undefined) {
        const around = app.outlines.around(spot.brick.info.uuid, spot.offset)
        rects.push(...around.map((shape) => placed(spot.brick, shape.box)), spot.brick.rect)
      }
      rects.push(world.rect)
      const cameras = rects.map((rect) => app.cameraFor(rect))
      const next = cameras.find((camera) => camera.scale * upGrowth < scale)
      void app.fly(next ?? app.cameraFor(world.rect))
    },
    place() {
      const spot = middle()
      const brick = spot?.brick ?? world.nearest(app.motion.camera)
      if (brick === undefined) return undefined
      const { camera, viewport } = app.view
      const sideMin = placeShareMin * Math.min(viewport.width, viewport.height)
      const brickSide = Math.max(brick.rect.width, brick.rect.height) * camera.scale
      if (brickSide < 1.6 * sideMin && world.bricks.size > 1) return undefined
      if (spot === undefined) return { brick: brick.info.name, path: '', offset: undefined }
      const around = app.outlines.around(brick.info.uuid, spot.offset)
      const filling = around.find((shape) => Math.sqrt(shape.spaceBytes) * camera.scale >= sideMin)
      const inEntry = filling?.entry === undefined ? spot.offset : spot.offset - filling.entry.slot.start
      return { brick: brick.info.name, path: filling?.path ?? '', offset: camera.scale >= 1 ? inEntry : undefined }
    },
    permalink() {
      const { camera } = app.view
      const spot = middle()
      const zoom = Math.log2(camera.scale)
      const { mode } = app
      if (spot !== undefined) {
        return formatPlace({ brick: spot.brick.info.name, spot: { kind: 'offset', offset: spot.offset }, zoom, mode })
      }
      const brick = world.nearest(camera)
      if (brick === undefined) return undefined
      const point = { kind: 'point' as const, x: camera.x - brick.tiled.x, y: camera.y - brick.tiled.y }
      return formatPlace({ brick: brick.info.name, spot: point, zoom, mode })
    },
    restore(hash, way) {
      const place = parsePlace(hash)
      const brick = place === undefined ? undefined : world.byName(place.brick)
      if (place === undefined || brick === undefined) return undefined
      const camera = { ...cameraPoint(app, brick, place), scale: 2 ** place.zoom }
      if (way === 'jump') app.motion.jump(camera)
      else void app.fly(camera)
      app.changed()
      return place.mode
    },
  }
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
