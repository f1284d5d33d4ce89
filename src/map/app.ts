/**
 * The map as a whole: owns the camera, the frame loop and the parts, and passes word between them. A frame is drawn only
 * when something changed; nothing here waits for the network.
 */

import { nowMs as clockMs } from './clock.ts'
import { LabelLayer } from './draw/label-layer.ts'
import { Overlay } from './draw/overlay.ts'
import { type Palette, palettes } from './draw/palette.ts'
import { progressWriting } from './draw/progress-layer.ts'
import { drawScene } from './draw/scene.ts'
import type { Surface } from './draw/surface.ts'
import { Warmth } from './draw/warmth.ts'
import { Focus } from './focus.ts'
import { makeFrameLoop } from './frame-loop.ts'
import { cellWalls, hexCells, hexPixelsMin } from './hex-cells.ts'
import { OutlineStore } from './link/outline-store.ts'
import type { TileLink } from './link/tile-link.ts'
import { type FrameResult, TileSet } from './tileset/tile-set.ts'
import { type Camera, fitted, intersection, type Rect, type View, type Viewport, visibleRect } from './view/camera.ts'
import { Motion } from './view/motion.ts'
import type { Mode } from './view/permalink.ts'
import { World } from './world.ts'

const uploadMsMax = 2
/** Level-0 tiles a frame; a page of an overview counts a quarter. */
const uploadCountMax = 8
const worldMarginPx = 72

export interface AppStats {
  uploads: number
  frames: number
  /** How long the last ticks took, newest last; on a busy machine that is more than their CPU time. */
  tickMs: number[]
  firstPictureMs: number
}

const tickCountKept = 4000

export class MapApp {
  readonly world = new World()
  readonly tiles: TileSet
  readonly outlines: OutlineStore
  readonly focus: Focus
  readonly motion: Motion
  readonly surface: Surface
  readonly overlay: Overlay
  readonly labels = new LabelLayer()
  readonly stats: AppStats = { uploads: 0, frames: 0, tickMs: [], firstPictureMs: 0 }
  mode: Mode = 'class'
  palette: Palette
  settled = false
  namesSettled = false
  /** Called at the end of every frame. */
  onFrame: (view: View) => void = () => {}
  #viewport: Viewport
  #pixelRatio: number
  readonly #loop = makeFrameLoop(() => this.#tick())
  readonly #warmth = new Warmth()
  #warmedUp = false

  constructor(parts: {
    surface: Surface
    link: TileLink
    viewport: Viewport
    pixelRatio: number
    palette: Palette
    onCommitGone(): void
  }) {
    const { surface, link, viewport, pixelRatio, palette } = parts
    this.surface = surface
    this.palette = palette
    this.overlay = new Overlay(palette)
    this.#viewport = viewport
    this.#pixelRatio = pixelRatio
    this.tiles = new TileSet({ transport: link, ...pageCounts(), onCommitGone: parts.onCommitGone })
    this.outlines = new OutlineStore(() => this.changed())
    this.motion = new Motion({ camera: { x: 0, y: 0, scale: 1 }, viewport })
    this.focus = new Focus({
      world: this.world,
      tiles: this.tiles,
      outlines: this.outlines,
      changed: () => this.changed(),
    })
    link.listen({
      receive: (id, index, payload) => this.tiles.receive(id, index, payload),
      finish: (id, outcome) => this.tiles.finish(id, outcome),
      changed: () => (this.stats.firstPictureMs === 0 ? this.drawNow() : this.changed()),
    })
    surface.onRestored(() => {
      this.tiles.forgetAll()
      this.changed()
    })
    this.resize(viewport, pixelRatio)
  }

  get view(): View {
    return { camera: this.motion.camera, viewport: this.#viewport }
  }

  /** Something that is drawn has changed: there will be a frame. */
  changed(): void {
    this.#loop.request()
  }

  /** A frame in this very task: what it lacks is asked for before the browser is ready to paint. */
  drawNow(): void {
    this.#loop.now()
  }

  resize(viewport: Viewport, pixelRatio: number): void {
    this.#viewport = viewport
    this.#pixelRatio = pixelRatio
    this.surface.resize(viewport, pixelRatio)
    this.overlay.resize(viewport, pixelRatio)
    this.changed()
  }

  setTheme(theme: 'dark' | 'light'): void {
    this.palette = palettes[theme]
    this.surface.setPalette(this.palette)
    this.overlay.setPalette(this.palette)
    this.changed()
  }

  setMode(mode: Mode): void {
    this.mode = mode
    this.surface.setMode(mode)
    this.changed()
  }

  fly(camera: Camera): Promise<void> {
    const arrived = this.motion.fly(camera, clockMs())
    this.changed()
    return arrived
  }

  /** The camera that shows a world rectangle, small things not blown up beyond `scaleMost`. */
  cameraFor(rect: Rect, scaleMost = Number.POSITIVE_INFINITY): Camera {
    const camera = fitted(rect, this.#viewport, worldMarginPx)
    return { ...camera, scale: Math.min(camera.scale, scaleMost) }
  }

  /** Marks world rectangles as just changed. */
  warm(rects: readonly Rect[]): void {
    const seen = visibleRect(this.view)
    this.#warmth.add(
      rects.filter((rect) => intersection(rect, seen) !== undefined),
      clockMs(),
    )
    this.changed()
  }

  /** The fonts have arrived. */
  fontsReady(): void {
    this.overlay.forgetTexts()
    this.surface.glyphs.forget(this.#pixelRatio)
    this.changed()
  }

  #tick(): void {
    const startMs = clockMs()
    this.motion.setBounds({ world: this.world.rect, viewport: this.#viewport })
    this.motion.step(startMs)
    const { view } = this
    const frame = this.#tileFrame(view, startMs)
    const againAtMs = this.#paint(view, frame, startMs)
    this.settled = frame.settled && !this.motion.moving && this.world.bricks.size > 0
    this.onFrame(view)
    this.stats.frames++
    const endMs = clockMs()
    this.stats.tickMs.push(endMs - startMs)
    if (this.stats.tickMs.length > tickCountKept) this.stats.tickMs.splice(0, tickCountKept / 2)
    if (this.stats.firstPictureMs === 0 && frame.over.length + frame.under.length > 0) this.stats.firstPictureMs = endMs
    const busy = this.motion.moving || this.tiles.arrivedCount > 0
    this.#loop.requestAt(busy ? endMs : Math.min(againAtMs, frame.againAtMs))
  }

  #tileFrame(view: View, nowMs: number): FrameResult {
    let load = 0
    const mayUpload = () => load === 0 || (load < uploadCountMax && clockMs() - nowMs < uploadMsMax)
    return this.tiles.frame({
      view,
      nowMs,
      mayUpload,
      ahead: !this.motion.moving,
      upload: (record, payload) => {
        this.stats.uploads++
        load += payload.kind === 'bytes' ? 1 : 0.25
        if (payload.kind === 'bytes') this.surface.upload('bytes', record.slot, payload.bytes, payload.blockEntropy)
        else this.surface.upload('planes', record.slot, payload.texels)
      },
    })
  }

  /** Draws the picture and the writing; returns when they want to be drawn again. */
  #paint(view: View, frame: FrameResult, nowMs: number): number {
    const bricks = [...this.world.bricks.values()]
    const outlines = this.outlines.frame({ view, bricks: bricks.map(({ tiled }) => tiled), nowMs })
    const { palette, mode } = this
    const warm = this.#warmth.at(nowMs)
    const cells = hexCells({ view, drawn: frame.over, mode, palette })
    const sharpAtMs = this.surface.glyphs.write({ cells, cellPixels: view.camera.scale, nowMs })
    if (this.settled && !this.#warmedUp) {
      this.#warmedUp = true
      this.surface.warmUp()
    }
    drawScene(this.surface, {
      view,
      pixelRatio: this.#pixelRatio,
      palette,
      mode,
      frame,
      plates: bricks.map(({ plate }) => plate),
      shapes: outlines.shown,
      warm,
      walls: bricks.map(({ tiled }) => cellWalls(view, tiled)).filter((walls) => walls !== undefined),
      ...this.focus.marks(view),
    })
    const names = this.labels.labels({ view, overlay: this.overlay, bricks, shapes: outlines.shown, nowMs })
    const progress = progressWriting({ view, overlay: this.overlay, bricks })
    this.overlay.draw({
      labels: view.camera.scale < hexPixelsMin ? [...names.labels, ...progress.labels] : progress.labels,
      bars: progress.bars,
    })
    this.namesSettled = outlines.complete && names.againAtMs === Number.POSITIVE_INFINITY
    return Math.min(sharpAtMs, outlines.againAtMs, names.againAtMs, warm.length > 0 ? nowMs : Number.POSITIVE_INFINITY)
  }
}

/** Texture pages for this screen: about three views of tiles, within what a small GPU bears. */
function pageCounts(): { bytePageCountMax: number; overviewPageCountMax: number } {
  const tilesInView = (side: number) => (screen.width / side + 2) * (screen.height / side + 2)
  const pages = (count: number, most: number) => Math.min(most, Math.max(2, Math.ceil(count / 256)))
  return {
    bytePageCountMax: pages(3 * tilesInView(128), 6),
    overviewPageCountMax: pages(3 * tilesInView(48), 12),
  }
}
