/**
 * The time strip: every retained commit of the bricks in view as a bar whose height tells how much it changed, tagged ones
 * named, now at the right end. A hand scrubs over it; keys do the same. Closed, it is one word: now, or the instant.
 */
import { cssColour, type Palette } from '../draw/palette.ts'
import { type Axis, axisLabels, axisOf, nearestStop } from '../time/axis.ts'
import type { Stop } from '../time/commit-log.ts'
import { type Instant, now } from '../time/instant.ts'
import { groupedInteger, localTime, zonedTime } from '../view/format.ts'
import { element, setText } from './dom.ts'

export interface TimeStripState {
  readonly instant: Instant
  /** Of the bricks in view, oldest first. */
  readonly stops: readonly Stop[]
  /** The picture is not there yet. */
  readonly pending: boolean
  readonly newerCount: number
  readonly isComparing: boolean
  readonly palette: Palette
}

export interface TimeStripHandlers {
  go(instant: Instant): void
  step(direction: -1 | 1): void
  compare(): void
  /** The commits are looked at: they are needed. */
  opened(): void
  brickName(uuid: string): string
}

export interface TimeStrip {
  readonly isOpen: boolean
  toggle(): void
  open(): void
  update(state: TimeStripState): void
}

export function createTimeStrip(host: HTMLElement, handlers: TimeStripHandlers): TimeStrip {
  const chip = button('clock', '')
  const track = createTrack(handlers)
  const when = element('b')
  const what = element('span', { class: 'quiet' })
  const older = button('icon', '‹', 'One commit back')
  const newer = button('icon', '›', 'One commit on')
  const compare = button('word', 'changes since', 'Outline what changed between the instant shown and now')
  const toNow = button('word', 'now', 'Back to now')
  const close = button('icon', '×', 'Close the time strip')
  const strip = element('section', { class: 'time', attributes: { 'aria-label': 'Time' } }, [
    element('div', { class: 'steps' }, [older, newer]),
    element('div', { class: 'when', attributes: { 'aria-live': 'polite' } }, [when, what]),
    track.element,
    element('div', { class: 'acts' }, [compare, toNow, close]),
  ])
  strip.hidden = true
  host.append(strip, chip)
  const setOpen = (isOpen: boolean): void => {
    strip.hidden = !isOpen
    chip.hidden = isOpen
    host.classList.toggle('with-time', isOpen)
    if (isOpen) handlers.opened()
  }
  chip.addEventListener('click', () => {
    setOpen(true)
    track.element.focus()
  })
  close.addEventListener('click', () => setOpen(false))
  older.addEventListener('click', () => handlers.step(-1))
  newer.addEventListener('click', () => handlers.step(1))
  compare.addEventListener('click', () => handlers.compare())
  toNow.addEventListener('click', () => handlers.go(now))
  return {
    get isOpen() {
      return !strip.hidden
    },
    toggle: () => setOpen(strip.hidden === true),
    open: () => setOpen(true),
    update(state) {
      const { instant } = state
      const isPast = instant.kind === 'past'
      host.classList.toggle('in-past', isPast)
      chip.classList.toggle('past', isPast)
      setText(chip, isPast ? localTime(instant.time) : 'now')
      chip.title = isPast ? 'The map shows the past. Time strip: T. Back to now: End.' : 'Time strip: T'
      if (strip.hidden) return
      strip.classList.toggle('pending', state.pending)
      setText(when, isPast ? localTime(instant.time) : 'now')
      when.title = isPast ? zonedTime(instant.time) : ''
      setText(what, wordsOf(state, handlers))
      toNow.disabled = !isPast
      compare.disabled = !isPast
      compare.setAttribute('aria-pressed', String(state.isComparing && isPast))
      track.update(state)
    },
  }
}

/** What the stop is, or how much there is to go back to. */
function wordsOf({ instant, stops, newerCount }: TimeStripState, { brickName }: TimeStripHandlers): string {
  if (instant.kind === 'now') {
    return stops.length === 0 ? 'no commits here' : `${groupedInteger(stops.length)} commits in view`
  }
  const stop = stops.find(({ time }) => time === instant.time)
  const newer = newerCount === 0 ? '' : ` · ${groupedInteger(newerCount)} newer`
  return stop === undefined ? `between commits${newer}` : `${stopWords(stop, brickName)}${newer}`
}

function stopWords({ commits }: Stop, brickName: (uuid: string) => string): string {
  return commits
    .map(({ uuid, row }) => {
      const tag = row.tag === null ? '' : ` “${row.tag}”`
      return `${brickName(uuid)}${tag}, ${groupedInteger(row.dirtyTiles)} ${row.dirtyTiles === 1 ? 'tile' : 'tiles'}`
    })
    .join('; ')
}

interface Track {
  readonly element: HTMLElement
  update(state: TimeStripState): void
}

const trackHeightPx = 44
const barTopPx = 13
const barBottomPx = 31

function createTrack(handlers: TimeStripHandlers): Track {
  const canvas = element('canvas', { attributes: { 'aria-hidden': 'true' } })
  const tags = element('div', { class: 'tags' })
  const whole = element(
    'div',
    {
      class: 'track',
      attributes: { role: 'slider', tabindex: '0', 'aria-label': 'Instant shown', 'aria-valuemin': '0' },
    },
    [canvas, tags],
  )
  let state: TimeStripState | undefined
  let axis: Axis = { xs: [], nowX: 0 }
  let hovered: number | 'now' | undefined
  let shown = ''
  let pressed = false
  const pick = (event: PointerEvent): number | 'now' =>
    nearestStop(axis, event.clientX - whole.getBoundingClientRect().x)
  const goTo = (at: number | 'now'): void => {
    const stop = at === 'now' ? undefined : state?.stops[at]
    handlers.go(stop === undefined ? now : { kind: 'past', time: stop.time })
  }
  const redraw = (): void => {
    if (state !== undefined) draw(state)
  }
  whole.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return
    whole.setPointerCapture(event.pointerId)
    pressed = true
    goTo(pick(event))
  })
  whole.addEventListener('pointermove', (event) => {
    hovered = pick(event)
    if (pressed) goTo(hovered)
    redraw()
  })
  whole.addEventListener('pointerup', () => {
    pressed = false
  })
  whole.addEventListener('pointercancel', () => {
    pressed = false
  })
  whole.addEventListener('pointerleave', () => {
    hovered = undefined
    redraw()
  })
  whole.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'ArrowLeft' || event.key === 'ArrowDown') handlers.step(-1)
    else if (event.key === 'ArrowRight' || event.key === 'ArrowUp') handlers.step(1)
    else if (event.key === 'Home') goTo(0)
    else if (event.key === 'End') goTo('now')
    else return
    event.preventDefault()
    event.stopPropagation()
  })

  function draw({ stops, instant, palette }: TimeStripState): void {
    const width = whole.clientWidth
    const selected = instant.kind === 'now' ? stops.length : stops.findLastIndex(({ time }) => time <= instant.time)
    const hoveredAt = hovered === 'now' ? stops.length : (hovered ?? -1)
    const ends = `${stops.length} ${stops[0]?.time} ${stops.at(-1)?.time} ${stops.filter(isTagged).length}`
    const signature = `${ends} ${width} ${selected} ${hoveredAt} ${instant.kind} ${palette.theme} ${devicePixelRatio}`
    if (signature === shown || width === 0) return
    shown = signature
    const timesMs = stops.map(({ time }) => Date.parse(time))
    axis = axisOf({ timesMs, widthPx: width })
    drawBars(canvas, { axis, stops, timesMs, width, selected, hoveredAt, palette })
    tags.replaceChildren(...tagLabels(stops, axis))
    whole.setAttribute('aria-valuemax', String(stops.length))
    whole.setAttribute('aria-valuenow', String(Math.max(0, selected)))
    whole.setAttribute('aria-valuetext', instant.kind === 'now' ? 'now' : localTime(instant.time))
    const under = hovered === 'now' ? undefined : stops[hoveredAt]
    whole.title = under === undefined ? '' : `${localTime(under.time)}\n${stopWords(under, handlers.brickName)}`
  }
  return {
    element: whole,
    update(next) {
      state = next
      draw(next)
    },
  }
}

function isTagged({ commits }: Stop): boolean {
  return commits.some(({ row }) => row.tag !== null)
}

const tagRoomPx = 6
const tagCharacterPx = 6.2

/** Names of tagged commits above their bars: the newest first, those that find room. */
function tagLabels(stops: readonly Stop[], { xs, nowX }: Axis): HTMLElement[] {
  const labels: HTMLElement[] = []
  let right = nowX
  for (let at = stops.length - 1; at >= 0; at--) {
    const tag = stops[at]?.commits.find(({ row }) => row.tag !== null)?.row.tag
    const x = xs[at] as number
    if (typeof tag !== 'string') continue
    const room = Math.min(tag.length * tagCharacterPx, 120)
    if (x + room > right) continue
    right = x - tagRoomPx
    const label = element('span', { text: tag, attributes: { title: tag } })
    label.style.left = `${x - 1}px`
    labels.push(label)
  }
  return labels
}

interface BarPicture {
  readonly axis: Axis
  readonly stops: readonly Stop[]
  readonly timesMs: readonly number[]
  readonly width: number
  readonly selected: number
  readonly hoveredAt: number
  readonly palette: Palette
}

function drawBars(canvas: HTMLCanvasElement, picture: BarPicture): void {
  const { axis, stops, timesMs, width, selected, hoveredAt, palette } = picture
  const ratio = devicePixelRatio
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(trackHeightPx * ratio)
  canvas.style.width = `${width}px`
  canvas.style.height = `${trackHeightPx}px`
  const context = canvas.getContext('2d') as CanvasRenderingContext2D
  context.scale(ratio, ratio)
  context.fillStyle = cssColour(palette.frame, 0.55)
  context.fillRect(0, barBottomPx, width, 1)
  const tilesOf = ({ commits }: Stop) => commits.reduce((sum, { row }) => sum + row.dirtyTiles, 0)
  const most = Math.log2(2 + Math.max(0, ...stops.map(tilesOf)))
  for (const [at, stop] of stops.entries()) {
    const share = Math.log2(1 + tilesOf(stop)) / most
    const height = 4 + share * (barBottomPx - barTopPx - 4)
    const colour = isTagged(stop) || at === hoveredAt ? palette.label : palette.directory
    context.fillStyle = cssColour(colour, at === hoveredAt ? 1 : at <= selected ? 0.75 : 0.3)
    const x = Math.round(axis.xs[at] as number)
    context.fillRect(x - 1, barBottomPx - height, 2, height)
    if (isTagged(stop)) context.fillRect(x - 1, barTopPx - 11, 1, barBottomPx - barTopPx + 11 - height)
  }
  const isNow = selected >= stops.length
  const cursor = Math.round(isNow ? axis.nowX : (axis.xs[Math.max(0, selected)] ?? axis.nowX))
  context.fillStyle = cssColour(palette.accent)
  if (isNow) disc(context, { x: cursor, radius: 4 })
  else {
    context.fillRect(cursor - 1, 2, 2, barBottomPx - 2)
    disc(context, { x: cursor, radius: 4 })
    context.fillStyle = cssColour(palette.frame)
    disc(context, { x: axis.nowX, radius: 3 })
  }
  context.font = '400 10px Inter, sans-serif'
  context.fillStyle = cssColour(palette.label, 0.6)
  for (const { x, text } of axisLabels(axis, timesMs)) {
    const room = context.measureText(text).width
    context.fillText(text, Math.min(width - room, Math.max(0, x - room / 2)), trackHeightPx - 2)
  }
}

function disc(context: CanvasRenderingContext2D, { x, radius }: { x: number; radius: number }): void {
  context.beginPath()
  context.arc(x, barBottomPx, radius, 0, 2 * Math.PI)
  context.fill()
}

function button(kind: string, text: string, label?: string): HTMLButtonElement {
  const attributes = { type: 'button', ...(label === undefined ? {} : { 'aria-label': label, title: label }) }
  return element('button', { class: kind, text, attributes })
}
