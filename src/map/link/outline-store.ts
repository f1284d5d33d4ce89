/**
 * Outlines and regions of what is in view, fetched square by square and kept per brick and commit.
 *
 * What was shown stays until what replaces it is there. At most `inFlightMax` requests; those whose squares are out of
 * view are aborted; nothing is asked for until the view has rested for `restMs`.
 */

import { evenOrderFor } from '../../hilbert/curve.ts'
import { type OutlinesAnswer, type RegionJson, regionsMax } from '../../wire/api.ts'
import { nowMs } from '../clock.ts'
import type { TiledBrick } from '../tileset/brick-tiles.ts'
import { intersection, type View, visibleRect } from '../view/camera.ts'
import { outlineSquares } from '../view/outline-squares.ts'
import { directoryShape, entryShape, regionShape, type Shape } from '../view/shapes.ts'
import { getOutlines, getRegions } from './api-client.ts'

const inFlightMax = 2
const restMs = 120
const squaresPerRequestMax = 8
const keptSquareCountMax = 400
const retryMs = 1500
const aroundCountMax = 16
/** Of one request: eight squares, each with what is a sixteenth of its side or more, some inside others. */
const regionsPerRequestMax = regionsMax

interface HeldSquare {
  readonly commit: string
  readonly shapes: readonly Shape[]
  readonly regions: readonly Shape[]
}

export interface BrickShapes {
  readonly brick: TiledBrick
  /** Largest first. */
  readonly shapes: readonly Shape[]
  /** What lies inside of entries, largest first. */
  readonly regions: readonly Shape[]
}

export class OutlineStore {
  readonly #held = new Map<string, HeldSquare>()
  readonly #shapeCache = new Map<string, Shape>()
  readonly #inFlight = new Map<AbortController, string[]>()
  readonly #onChange: () => void
  #shown = new Map<string, ShownShapes>()
  /** Answers of `around` for the last few places. */
  readonly #around = new Map<string, { of: readonly Shape[]; shapes: readonly Shape[] }>()
  #lastView = ''
  #movedAtMs = 0
  #retryAtMs = 0
  #version = 0
  requestCount = 0

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  get busy(): boolean {
    return this.#inFlight.size > 0
  }

  /** The shapes to draw in this view, and whether all of them are there; asks for what is missing once the view rests. */
  frame(options: { view: View; bricks: Iterable<TiledBrick>; nowMs: number }): {
    shown: readonly BrickShapes[]
    complete: boolean
    againAtMs: number
  } {
    const { view, nowMs } = options
    const { x, y, scale } = view.camera
    const signature = `${x} ${y} ${scale}`
    if (signature !== this.#lastView) {
      this.#lastView = signature
      this.#movedAtMs = nowMs
    }
    const shown: BrickShapes[] = []
    const missing: { brick: TiledBrick; order: number; index: number; min: number; key: string }[] = []
    const wantedKeys = new Set<string>()
    for (const brick of options.bricks) {
      const squares = squaresInView(view, brick)
      if (squares === undefined) continue
      const keys = squares.indexes.map((index) => `${brick.uuid} ${squares.order} ${squares.min} ${index}`)
      let whole = true
      for (const [at, key] of keys.entries()) {
        wantedKeys.add(key)
        const held = this.#held.get(key)
        if (held === undefined) whole = false
        if (held?.commit !== brick.commit) {
          missing.push({ brick, order: squares.order, index: squares.indexes[at] as number, min: squares.min, key })
        }
      }
      const { shapes, regions } = this.#shapesToShow({ brick, keys, whole })
      shown.push({ brick, shapes, regions })
    }
    const rested = nowMs - this.#movedAtMs >= restMs && nowMs >= this.#retryAtMs
    if (rested) this.#ask(missing, wantedKeys)
    const waiting = missing.length > 0 && !rested
    return {
      shown,
      complete: missing.length === 0,
      againAtMs: waiting ? Math.max(this.#movedAtMs + restMs, this.#retryAtMs) : Number.POSITIVE_INFINITY,
    }
  }

  /** What is shown of `uuid`, largest first. */
  shapesOf(uuid: string): readonly Shape[] {
    return this.#shown.get(uuid)?.shapes ?? []
  }

  /** The shapes shown that cover `offset`: the entry first, then directories from the innermost out. */
  around(uuid: string, offset: number): readonly Shape[] {
    const shapes = this.shapesOf(uuid)
    const key = `${uuid} ${offset}`
    const known = this.#around.get(key)
    if (known?.of === shapes) return known.shapes
    const found = shapesAround(shapes, offset)
    if (this.#around.size >= aroundCountMax) this.#around.clear()
    this.#around.set(key, { of: shapes, shapes: found })
    return found
  }

  covering(uuid: string, offset: number): Shape | undefined {
    return this.around(uuid, offset)[0]
  }

  #shapesToShow(options: { brick: TiledBrick; keys: readonly string[]; whole: boolean }): ShownShapes {
    const { brick, keys, whole } = options
    const before = this.#shown.get(brick.uuid)
    const signature = `${this.#version} ${keys.join('|')}`
    if (before?.signature === signature) return before
    const squares = keys.flatMap((key) => this.#held.get(key) ?? [])
    if (!whole && before !== undefined) squares.push({ commit: '', ...before })
    const shapes = largestFirst(squares.flatMap((square) => square.shapes))
    const regions = largestFirst(squares.flatMap((square) => square.regions))
    const shown = { signature, shapes, regions }
    this.#shown.set(brick.uuid, shown)
    return shown
  }

  #ask(
    missing: readonly { brick: TiledBrick; order: number; index: number; min: number; key: string }[],
    wantedKeys: ReadonlySet<string>,
  ): void {
    for (const [controller, keys] of this.#inFlight) if (!keys.some((key) => wantedKeys.has(key))) controller.abort()
    const loading = new Set([...this.#inFlight.values()].flat())
    const open = missing.filter(({ key }) => !loading.has(key))
    for (let at = 0; at < open.length && this.#inFlight.size < inFlightMax; ) {
      const first = open[at] as (typeof open)[number]
      let count = 1
      while (count < squaresPerRequestMax) {
        const next = open[at + count]
        if (next === undefined || next.brick !== first.brick || next.index !== first.index + count) break
        count++
      }
      void this.#load({ ...first, count, keys: open.slice(at, at + count).map(({ key }) => key) })
      at += count
    }
  }

  async #load(options: {
    brick: TiledBrick
    order: number
    index: number
    min: number
    count: number
    keys: string[]
  }): Promise<void> {
    const { brick, order, index, min, count, keys } = options
    const controller = new AbortController()
    this.#inFlight.set(controller, keys)
    this.requestCount++
    const span = 4 ** order
    const range = { from: index * span, to: Math.min(brick.length, (index + count) * span) }
    const asked = { uuid: brick.uuid, commit: brick.commit, ...range, min }
    const [answer, meaning] = await Promise.all([
      getOutlines(asked, controller.signal),
      getRegions({ ...asked, limit: regionsPerRequestMax }, controller.signal),
    ])
    const found = meaning.kind === 'ok' ? meaning.value.regions : []
    this.#inFlight.delete(controller)
    if (answer.kind === 'ok') {
      for (const [at, key] of keys.entries()) {
        const from = (index + at) * span
        this.#hold(key, {
          commit: brick.commit,
          shapes: this.#shapesIn(answer.value, brick.uuid, { from, to: from + span }),
          regions: this.#regionsIn(found, brick.uuid, { from, to: from + span }),
        })
      }
      this.#version++
    } else if (answer.kind !== 'aborted') {
      this.#retryAtMs = nowMs() + retryMs
    }
    this.#onChange()
  }

  #shapesIn(answer: OutlinesAnswer, uuid: string, range: { from: number; to: number }): Shape[] {
    const shapes: Shape[] = []
    for (const entry of answer.entries) {
      const { start, length } = entry.slot
      if (start < range.to && start + length > range.from) {
        const key = `${uuid} e ${entry.path ?? entry.pathHex} ${start} ${length} ${entry.size} ${entry.flags.join()} ${entry.label}`
        const shape = this.#cached(key, () => entryShape(entry))
        if (shape !== undefined) shapes.push(shape)
      }
    }
    for (const directory of answer.directories) {
      if (directory.depth === 0) continue
      if (directory.runs.some(([start, length]) => start < range.to && start + length > range.from)) {
        const key = `${uuid} d ${directory.path ?? directory.pathHex} ${directory.runs.join(' ')}`
        const shape = this.#cached(key, () => directoryShape(directory))
        if (shape !== undefined) shapes.push(shape)
      }
    }
    return shapes
  }

  /** What says more than its entry does: not the whole of it. */
  #regionsIn(found: readonly RegionJson[], uuid: string, range: { from: number; to: number }): Shape[] {
    const shapes: Shape[] = []
    for (const region of found) {
      const { start, length, layer, name, finding } = region
      if (start >= range.to || start + length <= range.from || !hasOutline(region, found)) continue
      const key = `${uuid} r ${layer} ${start} ${length} ${finding?.severity} ${name}`
      const shape = this.#cached(key, () => regionShape(region))
      if (shape !== undefined) shapes.push(shape)
    }
    return shapes
  }

  #cached(key: string, make: () => Shape | undefined): Shape | undefined {
    const known = this.#shapeCache.get(key)
    if (known !== undefined) return known
    const shape = make()
    if (shape !== undefined) {
      if (this.#shapeCache.size > 20_000) this.#shapeCache.clear()
      this.#shapeCache.set(key, shape)
    }
    return shape
  }

  #hold(key: string, square: HeldSquare): void {
    this.#held.delete(key)
    this.#held.set(key, square)
    if (this.#held.size <= keptSquareCountMax) return
    for (const oldest of this.#held.keys()) {
      this.#held.delete(oldest)
      if (this.#held.size <= keptSquareCountMax) break
    }
  }
}

/** What only says more of bytes that have an outline already. */
const remarks: ReadonlySet<string> = new Set(['entropy', 'capability', 'complexity', 'description'])

/** Segments are those of their sections where there are any. */
function hasOutline({ class: kind, layer, finding, start, length }: RegionJson, all: readonly RegionJson[]): boolean {
  if (finding !== undefined) return true
  if (layer === 0 || remarks.has(kind)) return false
  const isInside = (one: RegionJson) => one.class === 'section' && one.start >= start && one.start < start + length
  return kind !== 'segment' || !all.some(isInside)
}

interface ShownShapes {
  readonly signature: string
  readonly shapes: readonly Shape[]
  readonly regions: readonly Shape[]
}

/** Each once. */
function largestFirst(shapes: readonly Shape[]): readonly Shape[] {
  const byKey = new Map(shapes.map((shape) => [shape.key, shape]))
  return [...byKey.values()].sort((a, b) => b.spaceBytes - a.spaceBytes)
}

function squaresInView(view: View, brick: TiledBrick): ReturnType<typeof outlineSquares> | undefined {
  if (brick.length === 0 || brick.commit === '') return undefined
  const seen = visibleRect(view)
  const rect = intersection({ ...seen, x: seen.x - brick.x, y: seen.y - brick.y }, brick.box)
  if (rect === undefined) return undefined
  return outlineSquares({
    rect,
    scale: view.camera.scale,
    length: brick.length,
    brickOrder: evenOrderFor(brick.length),
  })
}

function shapesAround(shapes: readonly Shape[], offset: number): readonly Shape[] {
  const covering = shapes.filter(({ runs }) =>
    runs.some(([start, length]) => offset >= start && offset < start + length),
  )
  const depth = (shape: Shape) => shape.path.split('/').length
  return covering.sort((a, b) => Number(b.kind === 'entry') - Number(a.kind === 'entry') || depth(b) - depth(a))
}
