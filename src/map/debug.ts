/** `window.__sfd`: what the tests and a curious person may ask of the running map. Reads and moves; changes nothing else. */

import type { MapApp } from './app.ts'
import { nowMs, pause } from './clock.ts'
import type { Rgba } from './draw/surface-parts.ts'
import type { TileLink, TileLinkStats } from './link/tile-link.ts'
import { now, parseInstant } from './time/instant.ts'
import type { Camera } from './view/camera.ts'
import type { Mode } from './view/permalink.ts'

export interface SettleOptions {
  /** Also wait for outlines and names. */
  readonly names?: boolean
  readonly timeoutMs?: number
}

export interface DebugHandle {
  /** A copy of the counts at this moment. */
  readonly stats: TileLinkStats & {
    uploads: number
    frames: number
    tickMs: number[]
    firstPictureMs: number
    outlineRequests: number
    labels: number
    inFlight: number
    records: number
    byteSlots: number
    overviewSlots: number
  }
  readonly camera: Camera
  mode: Mode
  readonly connection: string
  /** Marks of findings and of hits in view, CSS pixels of their middle. */
  readonly marks: readonly { x: number; y: number; look: string; count: number }[]
  /** RFC 3339, or 'now'. */
  instant: string
  /** Times of the commits of the bricks in view, oldest first, as far as they are known. */
  readonly stops: readonly string[]
  /** `commit`, `generation` and `length` are of what is shown. */
  readonly bricks: readonly {
    uuid: string
    name: string
    commit: string
    generation: number
    /** Of the newest commit that the page knows of. */
    newestGeneration: number
    x: number
    y: number
    length: number
  }[]
  setCamera(camera: Camera): void
  fly(camera: Camera): Promise<void>
  /** Resolves (true) once all in view is held at the right level and drawn; false after `timeoutMs` (default 20 s). */
  settle(options?: SettleOptions): Promise<boolean>
  /** RGBA of one CSS pixel of the data alone, without borders and marks; draws and reads in one task. */
  readPixel(x: number, y: number): Rgba
  readPixels(points: readonly (readonly [x: number, y: number])[]): Rgba[]
  /** The WebGL canvas, for fault tests. */
  readonly canvas: HTMLCanvasElement
}

export function makeDebugHandle(options: {
  app: MapApp
  link: TileLink
  setMode(mode: Mode): void
  connection(): string
}): DebugHandle {
  const { app, link } = options
  return {
    get stats() {
      const { uploads, frames, tickMs, firstPictureMs } = app.stats
      return {
        ...link.stats,
        uploads,
        frames,
        tickMs: [...tickMs],
        firstPictureMs,
        outlineRequests: app.outlines.requestCount,
        labels: app.labels.count,
        inFlight: app.tiles.inFlightCount,
        records: app.tiles.recordCount,
        byteSlots: app.tiles.bytePool.size,
        overviewSlots: app.tiles.overviewPool.size,
      }
    },
    get camera() {
      return app.motion.camera
    },
    get mode() {
      return app.mode
    },
    set mode(mode) {
      options.setMode(mode)
    },
    get connection() {
      return options.connection()
    },
    get marks() {
      return app.marks.map(({ x, y, look, count }) => ({ x, y, look, count }))
    },
    get instant() {
      return app.time.instant.kind === 'now' ? 'now' : app.time.instant.time
    },
    set instant(text) {
      app.time.go(parseInstant(text) ?? now)
    },
    get stops() {
      return app.time.stops(app.bricksInView().map(({ info }) => info.uuid)).map(({ time }) => time)
    },
    get bricks() {
      return [...app.world.bricks.values()].map(({ info, newest, tiled }) => ({
        uuid: info.uuid,
        name: info.name,
        commit: info.commit,
        generation: info.generation,
        newestGeneration: newest.generation,
        x: tiled.x,
        y: tiled.y,
        length: info.length,
      }))
    },
    setCamera(camera) {
      app.motion.jump(camera)
      app.changed()
    },
    fly: (camera) => app.fly(camera),
    async settle({ names = false, timeoutMs = 20_000 } = {}) {
      const endMs = nowMs() + timeoutMs
      const first = app.stats.frames
      app.changed()
      while (nowMs() < endMs) {
        await pause(8)
        if (app.stats.frames === first) continue
        if (app.settled && (!names || app.namesSettled)) return true
      }
      return false
    },
    readPixel: (x, y) => app.surface.readPixels([[x, y]])[0] ?? [0, 0, 0, 0],
    readPixels: (points) => app.surface.readPixels(points),
    canvas: app.surface.canvas,
  }
}
