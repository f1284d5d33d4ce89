/**
 * The numbers that an entry tells, in the inspector: a list to choose from, what the number is at the instant shown, and its
 * plot. Stays in place while the rest of the inspector is written anew, so that focus and an open list survive.
 */
import type { SeriesAnswer, SeriesName } from '../../wire/api.ts'
import type { Palette } from '../draw/palette.ts'
import type { Instant } from '../time/instant.ts'
import { plottedLine, plotUnit, plotValue } from '../view/plot.ts'
import { element, setText } from './dom.ts'
import { createPlot, type PlotHandlers } from './plot.ts'

export interface SeriesState {
  /** Undefined: the entry tells no numbers, or it is not known yet. */
  readonly answer: SeriesAnswer | undefined
  readonly instant: Instant
  readonly palette: Palette
}

export interface SeriesSection {
  readonly element: HTMLElement
  update(state: SeriesState): void
}

export function createSeriesSection(handlers: PlotHandlers & { choose(name: string): void }): SeriesSection {
  const chooser = element('select', { attributes: { 'aria-label': 'Number to plot' } })
  const unit = element('span', { class: 'unit' })
  const plot = createPlot(handlers)
  const whole = element('section', { class: 'series', attributes: { 'aria-label': 'Numbers over time' } }, [
    element('div', { class: 'chooser' }, [chooser, unit]),
    plot.element,
  ])
  whole.hidden = true
  let listed = ''
  let shown: unknown[] = []
  chooser.addEventListener('change', () => handlers.choose(chooser.value))
  return {
    element: whole,
    update({ answer, instant, palette }) {
      const series = answer?.series[0]
      whole.hidden = answer === undefined || series === undefined
      const now = [answer, palette, instant.kind === 'past' ? instant.time : '', whole.clientWidth]
      if (answer === undefined || series === undefined || now.every((each, i) => each === shown[i])) return
      shown = now
      const names = answer.names.map(({ name }) => name).join('\0')
      if (names !== listed) {
        listed = names
        chooser.replaceChildren(
          ...answer.names.map(({ name }) => element('option', { text: name, attributes: { value: name } })),
        )
      }
      chooser.value = series.name
      setText(unit, unitWords(series))
      unit.title = `now ${plotValue(series.latest, series.unit)}`
      plot.update({ name: series.name, times: answer.times, line: plottedLine(answer.times, series), instant, palette })
    },
  }
}

/** What the line counts, in words. */
function unitWords(series: SeriesName): string {
  const words: Record<ReturnType<typeof plotUnit>, string> = {
    bytes: 'bytes',
    count: 'count',
    percent: series.kind === 'counter' ? 'share of time' : 'percent',
    seconds: 'seconds',
    none: '',
    'bytes/s': 'bytes a second',
    'count/s': 'a second',
    'none/s': 'a second',
  }
  return words[plotUnit(series)]
}
