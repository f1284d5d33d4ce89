/**
 * The axis of the time strip. Commits come in bursts with days between them, so a gap takes room by the logarithm of its
 * length: every stop can be hit with the hand, and a long silence still looks longer than a short one. Pure.
 */

export interface AxisLabel {
  readonly x: number
  readonly text: string
}

export interface Axis {
  /** Pixels of each stop, ascending. */
  readonly xs: readonly number[]
  /** Where now is: right of every stop. */
  readonly nowX: number
}

const edgePx = 8
const nowRoomPx = 26

/** `timesMs`: ascending. */
export function axisOf({ timesMs, widthPx }: { timesMs: readonly number[]; widthPx: number }): Axis {
  const nowX = widthPx - edgePx
  const weights = timesMs.map((time, at) => (at === 0 ? 0 : gapWeight(time - (timesMs[at - 1] as number))))
  const total = weights.reduce((sum, one) => sum + one, 0)
  const room = Math.max(0, nowX - nowRoomPx - edgePx)
  let along = 0
  const xs = weights.map((weight) => {
    along += weight
    // One stop alone, and the newest of several, stand at the right.
    return edgePx + (total === 0 ? room : (along / total) * room)
  })
  return { xs, nowX }
}

/** Index of the stop nearest to `x`, or 'now'. */
export function nearestStop({ xs, nowX }: Axis, x: number): number | 'now' {
  const last = xs.at(-1)
  if (last === undefined || x > (last + nowX) / 2) return 'now'
  let best = 0
  for (const [at, stop] of xs.entries()) if (Math.abs(stop - x) < Math.abs((xs[best] as number) - x)) best = at
  return best
}

const labelRoomPx = 62
/** A span shorter than this is told to the second. */
const secondsSpanMs = 600_000

/** Dates where a day begins, then times of day where there is room, none twice; local time. */
export function axisLabels({ xs, nowX }: Axis, timesMs: readonly number[]): AxisLabel[] {
  const taken: number[] = [nowX]
  const said = new Set<string>()
  const labels: AxisLabel[] = []
  const put = (at: number, text: string): void => {
    const x = xs[at] as number
    if (said.has(text) || taken.some((other) => Math.abs(other - x) < labelRoomPx)) return
    taken.push(x)
    said.add(text)
    labels.push({ x, text })
  }
  const first = timesMs[0] as number
  const last = timesMs.at(-1) as number
  const dayOf = (at: number) => new Date(timesMs[at] as number).toDateString()
  const isSeveralDays = timesMs.length > 1 && dayOf(0) !== dayOf(timesMs.length - 1)
  for (let at = timesMs.length - 1; at >= 0 && isSeveralDays; at--) {
    if (at === 0 || dayOf(at) !== dayOf(at - 1)) put(at, dayText(timesMs[at] as number))
  }
  const precision = last - first < secondsSpanMs ? 'second' : 'minute'
  for (let at = timesMs.length - 1; at >= 0; at--) put(at, timeText(timesMs[at] as number, precision))
  return labels
}

/** A second takes 1, a minute 6, an hour 12, a day 17. */
function gapWeight(gapMs: number): number {
  return 1 + Math.log2(1 + Math.max(0, gapMs) / 1000)
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

function dayText(timeMs: number): string {
  const time = new Date(timeMs)
  return `${time.getDate()} ${months[time.getMonth()]}`
}

function timeText(timeMs: number, precision: 'minute' | 'second'): string {
  const time = new Date(timeMs)
  const parts = [time.getHours(), time.getMinutes(), ...(precision === 'second' ? [time.getSeconds()] : [])]
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}
