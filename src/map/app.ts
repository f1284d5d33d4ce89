/**
 * The map as a whole: owns the camera, the frame loop and the parts, and passes word between them. A frame is drawn only
 * when something changed; nothing here waits for the network.
 */

import { newStats, noteTick } from './app-stats.ts'
import { nowMs as clockMs } from './clock.ts'
import { FractureLayer } from './draw/fracture-layer.ts'
import { hitOutlines } from './draw/hit-outlines.ts'
import { LabelLayer } from './draw/label-layer.ts'
import { Overlay, type OverlayMark } from './draw/overlay.ts'
import { type Palette, palettes } from './draw/palette.ts'
import { progressWriting } from './draw/progress-layer.ts'
import { drawScene } from './draw/scene.ts'
import type { Surface } from './draw/surface.ts'
import { Warmth } from './draw/warmth.ts'
import { Focus } from './focus.ts'
import { makeFrameLoop } from './frame-loop.ts'
import { cellWalls, hexCells, hexPixelsMin } from './hex-cells.ts'
import { FindingsStore } from './link/findings-store.ts'
import { OutlineStore } from './link/outline-store.ts'
import type { TileLink } from './link/tile-link.ts'
import { pageCounts } from './tileset/page-counts.ts'
import { type FrameResult, TileSet } from './tileset/tile-set.ts'
import { type BrickChanges, ChangeStore, nothingCompared } from './time/change-store.ts'
import { type HeatFrame, HeatStore, noHeat } from './time/heat-store.ts'
import { TimeTravel } from './time/time-travel.ts'
import { type Camera, intersection, type Rect, type View, type Viewport, visibleRect } from './view/camera.ts'
import { fittedInside, freeRoom, type Insets, noInsets } from './view/insets.ts'
import type { RunPlace } from './view/marks.ts'
import { Motion } from './view/motion.ts'
import type { Mode } from './view/permalink.ts'
import { World, type WorldBrick } from './world.ts'

const uploadMsMax = 2
/** Level-0 tiles a frame; a page of an overview counts a quarter. */
const uploadCountMax = 8
const worldMarginPx = 72

export class MapApp {
  readonly world = new World()
  readonly tiles: TileSet
  readonly outlines: OutlineStore
  readonly focus: Focus
  readonly motion: Motion
  readonly surface: Surface
  readonly overlay: Overlay
  readonly labels = new LabelLayer()
  readonly fractures = new FractureLayer()
  readonly findings = new FindingsStore(() => this.changed())
  readonly time: TimeTravel
  readonly stats = newStats()
  mode: Mode = 'class'
  palette: Palette
  /** What is different now from the past that is shown is outlined. */
  isComparing = false
  /** Of the last frame: what is outlined, and how many steps the change heat counts. */
  changes: readonly BrickChanges[] = []
  heatCommits = 0
  /** As drawn in the last frame. */
  marks: readonly OverlayMark[] = []
  settled = false
  namesSettled = false
  /** Where a search found something. */
  hits: readonly RunPlace[] = []
  /** Why the brick of that name needs care, beside what it says itself. */
  careOf: (brickName: string) => string | undefined = () => undefined
  /** How far panels lie over the view's edges, CSS pixels; known to the page. */
  covered: () => Insets = () => noInsets
  /** Called at the end of every frame. */
  onFrame: (view: View) => void = () => {}
  #viewport: Viewport
  #pixelRatio: number
  readonly #loop = makeFrameLoop(() => this.#tick())
  readonly #warmth = new Warmth()
  readonly #heat = new HeatStore(() => this.changed())
  readonly #changes = new ChangeStore(() => this.changed())
  #warmedUp = false
  #timeSettled = true

  constructor(parts: {
    surface: Surface
    link: TileLink
    viewport: Viewport
    pixelRatio: number
    palette: Palette
    /** Of a brick that shows the present. */
    onCommitGone(): void
  }) {
    const { surface, link, viewport, pixelRatio, palette } = parts
    this.surface = surface
    this.palette = palette
    this.overlay = new Overlay(palette)
    this.#viewport = viewport
    this.#pixelRatio = pixelRatio
    const onCommitGone = (uuid: string): void => {
      if (this.time.isPast) this.time.commitGone(uuid)
      else parts.onCommitGone()
    }
    this.tiles = new TileSet({ transport: link, ...pageCounts(), onCommitGone })
    this.time = new TimeTravel({ world: this.world, tiles: this.tiles, changed: () => this.changed() })
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
    this.surface.setLook(this.palette, this.mode)
    this.overlay.setPalette(this.palette)
    this.changed()
  }

  setMode(mode: Mode): void {
    this.mode = mode
    this.surface.setLook(this.palette, mode)
    this.changed()
  }

  setComparing(isComparing: boolean): void {
    this.isComparing = isComparing
    if (!isComparing) this.#changes.forgetAll()
    this.changed()
  }

  /** Bricks of which something is in view. */
  bricksInView(): WorldBrick[] {
    return this.world.within(visibleRect(this.view))
  }

  fly(camera: Camera): Promise<void> {
    const arrived = this.motion.fly(camera, clockMs())
    this.changed()
    return arrived
  }

  /** The camera that shows a world rectangle beside open panels, small things not blown up beyond `scaleMost`. */
  cameraFor(rect: Rect, scaleMost = Number.POSITIVE_INFINITY): Camera {
    return fittedInside(rect, { viewport: this.#viewport, covered: this.covered(), marginPx: worldMarginPx, scaleMost })
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
    this.settled =
      frame.settled && this.#timeSettled && !this.time.pending && !this.motion.moving && this.world.bricks.size > 0
    this.onFrame(view)
    const endMs = clockMs()
    noteTick(this.stats, endMs - startMs)
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
    const { warm, againAtMs: coolerAtMs } = this.#warmth.at(nowMs, this.motion.reduced ? 'reduced' : 'full')
    const heat = this.#heatFrame(nowMs)
    const compared = this.isComparing ? this.#changes.frame({ bricks, nowMs }) : nothingCompared
    this.changes = compared.changes
    this.#timeSettled = heat.complete && compared.complete
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
      heat: heat.heat,
      changes: compared.changes,
      fractures: this.findings.fractures,
      hits: hitOutlines({ view, hits: this.hits, cornerOf: (uuid) => this.world.bricks.get(uuid)?.tiled }),
      walls: bricks.map(({ tiled }) => cellWalls(view, tiled)).filter((walls) => walls !== undefined),
      ...this.focus.marks(view),
    })
    const { overlay, careOf } = this
    const findingsAtMs = this.findings.frame({ bricks, now: nowMs })
    const { cracks, marks, leaders, titles, taken } = this.fractures.frame({
      view,
      overlay,
      cornerOf: (uuid) => this.world.bricks.get(uuid)?.tiled,
      // What is not urgent has its place in the risk mode and in the list.
      fractures: mode === 'risk' ? this.findings.fractures : this.findings.urgent,
      hits: this.hits,
      bricks: bricks.map(({ info, rect }) => ({ uuid: info.uuid, name: info.name, rect })),
      room: freeRoom(view.viewport, this.covered()),
      cursor: this.focus.cursor,
      titleOf: (key) => this.findings.titleOf(key),
    })
    this.marks = marks
    const names = this.labels.labels({ view, overlay, bricks, shapes: outlines.shown, taken, careOf, nowMs })
    const progress = progressWriting({ view, overlay: this.overlay, bricks })
    this.overlay.draw({
      cracks,
      marks,
      leaders,
      titles,
      labels: view.camera.scale < hexPixelsMin ? [...names.labels, ...progress.labels] : progress.labels,
      bars: progress.bars,
    })
    this.namesSettled = outlines.complete && names.againAtMs === Number.POSITIVE_INFINITY
    const timeAtMs = Math.min(coolerAtMs, heat.againAtMs, compared.againAtMs, findingsAtMs)
    return Math.min(sharpAtMs, outlines.againAtMs, names.againAtMs, timeAtMs)
  }

  #heatFrame(nowMs: number): HeatFrame {
    if (this.mode !== 'heat') return noHeat
    const bricks = this.bricksInView().map(({ tiled }) => tiled)
    const frame = this.#heat.frame({ bricks, scale: this.motion.camera.scale, nowMs })
    this.heatCommits = frame.commits
    return frame
  }
}
