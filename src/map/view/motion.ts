/**
 * What moves the camera: drags with inertia, eased wheel zoom, flights. Pure: time comes in as milliseconds.
 *
 * One thing at a time: a new gesture ends a flight; a flight ends inertia. `step` is to be called once a frame.
 */
import { bounded, type Camera, pannedBy, type Rect, scaleMinFor, type Viewport, zoomedAbout } from './camera.ts'
import { type Flight, flightBetween } from './flight.ts'

/** Time constants of the eased zoom and of the glide after a drag. */
const zoomEaseMs = 45
const glideMs = 220
const glideSpeedMin = 0.02
const velocityWindowMs = 80

export class Motion {
  camera: Camera
  #world: Rect = { x: 0, y: 0, width: 1, height: 1 }
  #viewport: Viewport
  #flight: { readonly path: Flight; readonly startMs: number; readonly done: () => void } | undefined
  #zoom: { at: { x: number; y: number }; rest: number } | undefined
  #velocity = { x: 0, y: 0 }
  #drags: { atMs: number; dx: number; dy: number }[] = []
  #lastMs = 0
  /** Skips everything that only shows the way. */
  reduced = false

  constructor(options: { camera: Camera; viewport: Viewport }) {
    this.camera = options.camera
    this.#viewport = options.viewport
  }

  get moving(): boolean {
    return this.#flight !== undefined || this.#zoom !== undefined || this.#speed() > glideSpeedMin
  }

  /** The camera's middle stays on `world`. */
  setBounds(options: { world: Rect; viewport: Viewport }): void {
    this.#world = options.world
    this.#viewport = options.viewport
  }

  /** At once, without a way. */
  jump(camera: Camera): void {
    this.#rest()
    this.camera = bounded(camera, this.#world)
  }

  /** Resolves when the camera is there, or when something else has taken over. */
  fly(camera: Camera, nowMs: number): Promise<void> {
    const to = bounded(camera, this.#world)
    this.#rest()
    if (this.reduced) {
      this.camera = to
      return Promise.resolve()
    }
    const path = flightBetween({ from: this.camera, to, viewport: this.#viewport })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#flight = { path, startMs: nowMs, done: resolve }
    return promise
  }

  drag(delta: { dx: number; dy: number }, nowMs: number): void {
    this.#flight?.done()
    this.#flight = undefined
    this.#zoom = undefined
    this.#velocity = { x: 0, y: 0 }
    this.#drags = this.#drags.filter((drag) => nowMs - drag.atMs < velocityWindowMs)
    this.#drags.push({ atMs: nowMs, ...delta })
    this.camera = bounded(pannedBy(this.camera, delta), this.#world)
  }

  /** The hand lets go: the picture glides on. */
  release(nowMs: number): void {
    const recent = this.#drags.filter((drag) => nowMs - drag.atMs < velocityWindowMs)
    this.#drags = []
    if (this.reduced || recent.length < 2) return
    const sum = recent.reduce((total, drag) => ({ x: total.x + drag.dx, y: total.y + drag.dy }), { x: 0, y: 0 })
    this.#velocity = { x: sum.x / velocityWindowMs, y: sum.y / velocityWindowMs }
  }

  /** Eased zoom about a screen point; several add up. */
  zoom(at: { x: number; y: number }, factor: number): void {
    this.#flight?.done()
    this.#flight = undefined
    this.#velocity = { x: 0, y: 0 }
    if (this.reduced) this.zoomNow(at, factor)
    else this.#zoom = { at, rest: (this.#zoom?.rest ?? 0) + Math.log(factor) }
  }

  zoomNow(at: { x: number; y: number }, factor: number): void {
    const scaleMin = scaleMinFor(this.#world)
    const view = { camera: this.camera, viewport: this.#viewport }
    this.camera = bounded(zoomedAbout(view, { at, factor, scaleMin }), this.#world)
  }

  /** Moves the camera on to `nowMs`. */
  step(nowMs: number): void {
    const elapsedMs = Math.min(100, Math.max(0, nowMs - this.#lastMs))
    this.#lastMs = nowMs
    if (this.#flight !== undefined) {
      const { path, startMs, done } = this.#flight
      this.camera = path.at(nowMs - startMs)
      if (nowMs - startMs >= path.durationMs) {
        this.#flight = undefined
        done()
      }
      return
    }
    if (this.#zoom !== undefined) {
      const share = this.#zoom.rest * (1 - Math.exp(-elapsedMs / zoomEaseMs))
      const last = Math.abs(this.#zoom.rest) < 0.004
      this.zoomNow(this.#zoom.at, Math.exp(last ? this.#zoom.rest : share))
      this.#zoom = last ? undefined : { at: this.#zoom.at, rest: this.#zoom.rest - share }
    }
    if (this.#speed() > glideSpeedMin) {
      const { x, y } = this.#velocity
      this.camera = bounded(pannedBy(this.camera, { dx: x * elapsedMs, dy: y * elapsedMs }), this.#world)
      const decay = Math.exp(-elapsedMs / glideMs)
      this.#velocity = { x: x * decay, y: y * decay }
    } else this.#velocity = { x: 0, y: 0 }
  }

  #speed(): number {
    return Math.hypot(this.#velocity.x, this.#velocity.y)
  }

  #rest(): void {
    this.#flight?.done()
    this.#flight = undefined
    this.#zoom = undefined
    this.#velocity = { x: 0, y: 0 }
    this.#drags = []
  }
}
