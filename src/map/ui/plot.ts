/**
 * One small plot: a line over the retained commits, hairlines at round values, the instant that the map shows marked in it.
 * Hover reads a value, a click goes to that commit, so do the arrow keys: it is a slider over time. Colours are those of the
 * chrome: one line needs no key.
 */
import { cssColour, type Palette } from '../draw/palette.ts'
import type { Instant } from '../time/instant.ts'
import { clockTime, localTime } from '../view/format.ts'
import { nearestTime, type PlotScale, type PlottedLine, plotScale, plotValue } from '../view/plot.ts'
import { element, setText } from './dom.ts'

export interface PlotState {
  readonly name: string
  /** RFC 3339, one for each point. */
  readonly times: readonly string[]
  readonly line: PlottedLine
  readonly instant: Instant
  readonly palette: Palette
}

export interface Plot {
  readonly element: HTMLElement
  update(state: PlotState): void
}

export interface PlotHandlers {
  /** A commit of the line was chosen; the last one is now. */
  go(time: string | 'now'): void
}

const heightPx = 96
const room = { top: 8, bottom: 74 }
const rightPx = 6
/** Between what stands beside the lines and the plot itself. */
const gutterPx = 7
const fewPoints = 60

export function createPlot(handlers: PlotHandlers): Plot {
  const canvas = element('canvas', { attributes: { 'aria-hidden': 'true' } })
  const reading = element('div', { class: 'reading' })
  const slider = { role: 'slider', tabindex: '0', 'aria-valuemin': '0', 'aria-label': 'Value over time' }
  const whole = element('div', { class: 'plot', attributes: slider }, [canvas, reading])
  let state: PlotState | undefined
  let scale: PlotScale | undefined
  let hovered: number | undefined
  const redraw = (): void => {
    if (state !== undefined) scale = paint({ canvas, whole, reading, state, hovered })
  }
  const pick = (event: PointerEvent): number | undefined => {
    if (scale === undefined) return undefined
    return nearestTime(scale.xs, event.clientX - whole.getBoundingClientRect().x)
  }
  const choose = (at: number): void => {
    if (state === undefined) return
    const last = state.times.length - 1
    const index = Math.max(0, Math.min(last, at))
    handlers.go(index === last ? 'now' : (state.times[index] ?? 'now'))
  }
  whole.addEventListener('pointermove', (event) => {
    hovered = pick(event)
    redraw()
  })
  whole.addEventListener('pointerleave', () => {
    hovered = undefined
    redraw()
  })
  whole.addEventListener('click', (event) => {
    const at = pick(event as PointerEvent)
    if (at !== undefined) choose(at)
  })
  whole.addEventListener('keydown', (event) => {
    if (state === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    const at = shownIndex(state)
    if (event.key === 'ArrowLeft' || event.key === 'ArrowDown') choose(at - 1)
    else if (event.key === 'ArrowRight' || event.key === 'ArrowUp') choose(at + 1)
    else if (event.key === 'Home') choose(0)
    else if (event.key === 'End') choose(state.times.length - 1)
    else return
    event.preventDefault()
    event.stopPropagation()
  })
  return {
    element: whole,
    update(next) {
      state = next
      redraw()
    },
  }
}

/** The point that the map's instant stands at. */
function shownIndex({ instant, times }: PlotState): number {
  if (instant.kind === 'now') return times.length - 1
  return Math.max(
    0,
    times.findLastIndex((time) => time <= instant.time),
  )
}

interface Picture {
  readonly canvas: HTMLCanvasElement
  readonly whole: HTMLElement
  readonly reading: HTMLElement
  readonly state: PlotState
  readonly hovered: number | undefined
}

function paint({ canvas, whole, reading, state, hovered }: Picture): PlotScale | undefined {
  const width = whole.clientWidth
  if (width === 0) return undefined
  const { line, times, palette, instant, name } = state
  const context = contextOf(canvas, width)
  // Ticks do not depend on the room's left edge; what is written beside them does.
  const { ticks } = plotScale(line, { ...room, left: 0, right: 1 })
  const left =
    gutterPx + Math.max(...ticks.map(({ value }) => context.measureText(plotValue(value, line.unit)).width), 0)
  const scale = plotScale(line, { ...room, left, right: width - rightPx })
  const at = hovered ?? shownIndex(state)
  const value = line.values[at] ?? null
  const text = value === null ? 'not told' : plotValue(value, line.unit)
  const time = times[at]
  setText(reading, time === undefined ? '' : `${clockTime(time)}  ${text}`)
  whole.setAttribute('aria-valuemax', String(Math.max(0, times.length - 1)))
  whole.setAttribute('aria-valuenow', String(shownIndex(state)))
  whole.setAttribute('aria-valuetext', `${name}, ${time === undefined ? '' : localTime(time)}, ${text}`)
  drawTicks(context, { scale, line, palette, width, left })
  drawLine(context, { scale, palette, isDotted: line.values.length <= fewPoints })
  const x = scale.xs[shownIndex(state)]
  if (instant.kind === 'past' && x !== undefined) {
    context.fillStyle = cssColour(palette.accent)
    context.fillRect(Math.round(x) - 0.5, room.top - 4, 1, room.bottom - room.top + 8)
  }
  if (hovered !== undefined) mark(context, { scale, at: hovered, colour: cssColour(palette.label) })
  mark(context, {
    scale,
    at: shownIndex(state),
    colour: cssColour(instant.kind === 'past' ? palette.accent : palette.label),
  })
  drawEnds(context, { times, palette, width, left })
  return scale
}

function contextOf(canvas: HTMLCanvasElement, width: number): CanvasRenderingContext2D {
  const ratio = devicePixelRatio
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(heightPx * ratio)
  canvas.style.width = `${width}px`
  canvas.style.height = `${heightPx}px`
  const context = canvas.getContext('2d') as CanvasRenderingContext2D
  context.scale(ratio, ratio)
  context.font = '400 10px Inter, sans-serif'
  return context
}

function drawTicks(
  context: CanvasRenderingContext2D,
  {
    scale,
    line,
    palette,
    width,
    left,
  }: { scale: PlotScale; line: PlottedLine; palette: Palette; width: number; left: number },
): void {
  for (const { y } of scale.ticks) {
    context.fillStyle = cssColour(palette.frame, 0.32)
    context.fillRect(left, Math.round(y), width - left, 1)
  }
  context.fillStyle = cssColour(palette.label, 0.6)
  for (const { value, y } of scale.ticks) {
    const text = plotValue(value, line.unit)
    context.fillText(text, left - gutterPx - context.measureText(text).width, Math.round(y) + 4)
  }
}

function drawLine(
  context: CanvasRenderingContext2D,
  { scale, palette, isDotted }: { scale: PlotScale; palette: Palette; isDotted: boolean },
): void {
  const { xs, ys } = scale
  context.strokeStyle = cssColour(palette.directory)
  context.fillStyle = cssColour(palette.directory)
  context.lineWidth = 1.25
  context.lineJoin = 'round'
  context.beginPath()
  for (const [i, y] of ys.entries()) {
    const x = xs[i] as number
    if (y === null) continue
    if (i === 0 || ys[i - 1] === null) context.moveTo(x, y)
    else context.lineTo(x, y)
  }
  context.stroke()
  for (const [i, y] of ys.entries()) {
    const isAlone = (ys[i - 1] ?? null) === null && (ys[i + 1] ?? null) === null
    if (y !== null && (isDotted || isAlone)) disc(context, { x: xs[i] as number, y, radius: 1.4 })
  }
}

function drawEnds(
  context: CanvasRenderingContext2D,
  { times, palette, width, left }: { times: readonly string[]; palette: Palette; width: number; left: number },
): void {
  const [first, last] = [times[0], times.at(-1)]
  if (first === undefined || last === undefined) return
  context.fillStyle = cssColour(palette.label, 0.6)
  const isOneDay = localTime(first).slice(0, 10) === localTime(last).slice(0, 10)
  const text = (time: string): string => (isOneDay ? clockTime(time) : localTime(time).slice(5, 16))
  context.fillText(text(first), left, heightPx - 6)
  if (times.length > 1) context.fillText(text(last), width - context.measureText(text(last)).width - 1, heightPx - 6)
}

function mark(
  context: CanvasRenderingContext2D,
  { scale, at, colour }: { scale: PlotScale; at: number; colour: string },
): void {
  const [x, y] = [scale.xs[at], scale.ys[at] ?? null]
  context.fillStyle = colour
  if (x !== undefined && y !== null) disc(context, { x, y, radius: 3 })
}

function disc(context: CanvasRenderingContext2D, { x, y, radius }: { x: number; y: number; radius: number }): void {
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.fill()
}
