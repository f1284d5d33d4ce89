/**
 * A line of numbers over time, before it is drawn: what to plot of a gauge or a counter, its scale with round ticks, and where
 * each point lies. Pure.
 */
import type { Series, SeriesName, SeriesUnit } from '../../wire/api.ts'
import { groupedInteger, iecSize } from './format.ts'

/** What is plotted of a series: of a gauge its values, of a counter how fast it grew since the time before. */
export interface PlottedLine {
  readonly timesMs: readonly number[]
  /** null: not told then, or a counter that started anew. */
  readonly values: readonly (number | null)[]
  readonly unit: PlotUnit
}

export type PlotUnit = SeriesUnit | 'bytes/s' | 'count/s' | 'none/s'

export function plotUnit({ unit, kind }: Pick<SeriesName, 'unit' | 'kind'>): PlotUnit {
  if (kind === 'gauge' || unit === 'percent') return unit
  // Seconds of a second: a share of time, of one processor.
  return unit === 'seconds' ? 'percent' : `${unit}/s`
}

export function plottedLine(times: readonly string[], series: Series): PlottedLine {
  const timesMs = times.map((time) => Date.parse(time))
  const unit = plotUnit(series)
  if (series.kind === 'gauge') return { timesMs, values: series.values, unit }
  const factor = series.unit === 'seconds' ? 100 : 1
  const values = series.values.map((value, i) => {
    const before = i === 0 ? null : (series.values[i - 1] ?? null)
    const elapsedMs = (timesMs[i] as number) - (timesMs[i - 1] ?? Number.NaN)
    if (value === null || before === null || value < before || !(elapsedMs > 0)) return null
    return (factor * (value - before) * 1000) / elapsedMs
  })
  return { timesMs, values, unit }
}

/** `1.5 MiB/s`, `12 %`, `3.14`: for people. */
export function plotValue(value: number, unit: PlotUnit): string {
  if (unit === 'bytes' || unit === 'bytes/s') return `${sizeText(value)}${unit === 'bytes' ? '' : '/s'}`
  const number = numberText(value)
  if (unit === 'percent') return `${number}\u00a0%`
  if (unit === 'seconds') return `${number}\u00a0s`
  return unit.endsWith('/s') ? `${number}/s` : number
}

export interface PlotScale {
  /** Pixels from the left and from the top. */
  readonly xs: readonly number[]
  readonly ys: readonly (number | null)[]
  /** Two or three round values, ascending, and where they lie. */
  readonly ticks: readonly { readonly value: number; readonly y: number }[]
}

export interface PlotRoom {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** Times run from the first to the last; values from the least to the greatest, with a little room. */
export function plotScale({ timesMs, values, unit }: PlottedLine, room: PlotRoom): PlotScale {
  const told = values.filter((value) => value !== null)
  const [firstMs, lastMs] = [timesMs[0] ?? 0, timesMs.at(-1) ?? 0]
  const width = room.right - room.left
  const xs = timesMs.map((time) =>
    lastMs > firstMs ? room.left + (width * (time - firstMs)) / (lastMs - firstMs) : room.right,
  )
  if (told.length === 0) return { xs, ys: values.map(() => null), ticks: [] }
  const { low, high } = spanOf(told)
  const yOf = (value: number): number => room.bottom - ((room.bottom - room.top) * (value - low)) / (high - low)
  const ys = values.map((value) => (value === null ? null : yOf(value)))
  const ticks = roundValues({ low, high, isBinary: unit.startsWith('bytes') }).map((value) => ({
    value,
    y: yOf(value),
  }))
  return { xs, ys, ticks }
}

/** Index of the time nearest to `timeMs`; of none -1. */
export function nearestTime(timesMs: readonly number[], timeMs: number): number {
  let best = -1
  let bestMs = Number.POSITIVE_INFINITY
  for (const [i, each] of timesMs.entries()) {
    if (Math.abs(each - timeMs) > bestMs) continue
    best = i
    bestMs = Math.abs(each - timeMs)
  }
  return best
}

const roomShare = 0.08

/** A flat line lies in the middle. */
function spanOf(told: readonly number[]): { low: number; high: number } {
  const least = told.reduce((a, b) => Math.min(a, b))
  const most = told.reduce((a, b) => Math.max(a, b))
  if (most > least) {
    const margin = roomShare * (most - least)
    return { low: least >= 0 ? Math.max(0, least - margin) : least - margin, high: most + margin }
  }
  const margin = Math.max(Math.abs(most) * roomShare, Number.MIN_VALUE * 2 ** 60)
  return { low: most - margin, high: most + margin }
}

/** At most three multiples of a round step in [low, high]: 1, 2, 5 times a power of ten, of bytes a power of two. */
function roundValues({ low, high, isBinary }: { low: number; high: number; isBinary: boolean }): number[] {
  const rough = (high - low) / 2.5
  const step = isBinary ? 2 ** Math.ceil(Math.log2(rough)) : decimalStep(rough)
  const values: number[] = []
  for (let at = Math.ceil(low / step); at * step <= high && values.length < 3; at++) values.push(at * step)
  return values
}

function decimalStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough))
  return ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
}

function sizeText(bytes: number): string {
  return bytes < 0 ? `−${iecSize(-bytes)}` : iecSize(bytes < 1024 ? Math.round(bytes) : bytes)
}

/** Integers whole, others with three significant digits. */
function numberText(value: number): string {
  if (Number.isInteger(value)) return value < 0 ? `−${groupedInteger(-value)}` : groupedInteger(value)
  const size = Math.abs(value)
  const text = size >= 1000 ? groupedInteger(Math.round(size)) : String(Number(size.toPrecision(3)))
  return value < 0 ? `−${text}` : text
}
