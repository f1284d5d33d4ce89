/**
 * What a log says as a whole: how many lines of which level, which messages repeat, when it begins and ends, where it
 * comes thick.
 *
 * Regions: one of class `log` over all of it, `log-error` for lines of level error and worse, `log-burst` where a minute
 * has far more lines than usual, `log-repeat` where one message follows itself. Bounded in lines, texts and regions.
 */
import { regionLayers } from '../../base/region.ts'
import type { ContentAnalyzer, Report } from '../analyzer.ts'
import { shownBytes } from '../policy/shown-text.ts'
import type { Content } from '../subject.ts'
import { LineKinds, type LogLevel, logLevels, timeOf } from './log-line.ts'
import { Logins } from './logins.ts'
import { Templates } from './templates.ts'

export const log: ContentAnalyzer = {
  name: 'log',
  version: 3,
  takes: ({ nameClass, type, content }) => nameClass === 'log' && type.kind === 'text' && content.size > 0,
  analyze({ content }, report) {
    const reading = new LogReading(report)
    const end = Math.min(content.size, contentBytesMax)
    for (const line of linesOf(content, end)) reading.line(line)
    reading.close(end)
    if (content.size > end) report.problem(`read up to ${end} of ${content.size} bytes`)
  },
}

const contentBytesMax = 256 * 2 ** 20
const windowBytes = 4 * 2 ** 20
/** Of a line; what is beyond is not looked at. */
const lineTextMax = 4_096
const errorsMax = 200
const burstsMax = 100
const repeatsMax = 100
const repeatLinesMin = 20
const templatesShown = 20
/** A minute is a burst with that many lines, and that many times the median minute. */
const burstLinesMin = 100
const burstFactor = 10

interface Line {
  readonly at: number
  readonly end: number
  readonly text: string
}

function* linesOf(content: Content, end: number): Generator<Line> {
  let from = 0
  while (from < end) {
    const bytes = content.read(from, Math.min(windowBytes, end - from))
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
    const isLast = from + text.length >= end
    let at = 0
    for (let next = text.indexOf('\n'); next >= 0; next = text.indexOf('\n', at)) {
      yield { at: from + at, end: from + next, text: text.slice(at, Math.min(next, at + lineTextMax)) }
      at = next + 1
    }
    // A line longer than a window is told in pieces.
    if (at < text.length && (isLast || at === 0)) {
      yield { at: from + at, end: from + text.length, text: text.slice(at, at + lineTextMax) }
      at = text.length
    }
    from += at
  }
}

interface Minute {
  readonly time: string
  readonly at: number
  end: number
  lines: number
}

class LogReading {
  readonly #report: Report
  readonly #kinds = new LineKinds()
  readonly #levels = new Map<LogLevel, number>()
  readonly #templates = new Templates()
  readonly #logins = new Logins()
  readonly #minutes: Minute[] = []
  readonly #repeats: Repeat[] = []
  #repeat: Repeat | undefined
  #errors = 0
  #lines = 0
  #first: string | undefined
  #last: string | undefined

  constructor(report: Report) {
    this.#report = report
  }

  line({ at, end, text }: Line): void {
    this.#lines++
    this.#takeTime(timeOf(text), at, end)
    const { level, template } = this.#kinds.of(text)
    if (level !== undefined) this.#levels.set(level, (this.#levels.get(level) ?? 0) + 1)
    if ((level === 'error' || level === 'critical') && this.#errors++ < errorsMax) {
      const place = { offset: at, length: end - at, layer: regionLayers.record + 1 }
      this.#report.region({
        ...place,
        class: 'log-error',
        name: shownBytes(text),
        attributes: { level, line: this.#lines },
      })
    }
    this.#templates.add(template, at)
    this.#takeRepeat(template, at, end)
    this.#logins.take(text, { at, number: this.#lines })
  }

  close(size: number): void {
    this.#endRepeat()
    for (const { template, at, end, lines } of this.#repeats) {
      const place = { offset: at, length: end - at, layer: regionLayers.record }
      this.#report.region({ ...place, class: 'log-repeat', name: `${lines} times: ${template}`, attributes: { lines } })
    }
    this.#tellBursts()
    for (const { place, finding } of this.#logins.findings()) this.#report.finding(place, finding)
    this.#report.region({
      ...{ offset: 0, length: size, layer: regionLayers.whole, class: 'log', name: this.#title() },
      attributes: {
        lines: this.#lines,
        ...(this.#first !== undefined && { first: this.#first, last: this.#last ?? this.#first }),
        levels: Object.fromEntries(logLevels.flatMap((level) => this.#count(level))),
        templates: this.#templates.top(templatesShown).map(({ text, count }) => ({ text, count })),
        ...(this.#templates.missed > 0 && { countsTooLowByAtMost: this.#templates.missed }),
      },
    })
  }

  #title(): string {
    const errors = (this.#levels.get('error') ?? 0) + (this.#levels.get('critical') ?? 0)
    const span = this.#first === undefined ? '' : `, ${this.#first} to ${this.#last}`
    return `${this.#lines} lines${span}${errors > 0 ? `, ${errors} errors` : ''}`
  }

  #count(level: LogLevel): [string, number][] {
    const count = this.#levels.get(level)
    return count === undefined ? [] : [[level, count]]
  }

  #takeTime(time: string | undefined, at: number, end: number): void {
    if (time !== undefined) {
      this.#first ??= time
      this.#last = time
    }
    const last = this.#minutes.at(-1)
    const minute = time?.slice(0, -3) ?? last?.time
    if (minute === undefined) return
    if (last?.time === minute) {
      last.end = end
      last.lines++
    } else if (this.#minutes.length < minutesMax) {
      this.#minutes.push({ time: minute, at, end, lines: 1 })
    }
  }

  #takeRepeat(template: string, at: number, end: number): void {
    if (this.#repeat?.template === template) {
      this.#repeat.end = end
      this.#repeat.lines++
      return
    }
    this.#endRepeat()
    this.#repeat = { template, at, end, lines: 1 }
  }

  #endRepeat(): void {
    const repeat = this.#repeat
    if (repeat !== undefined && repeat.lines >= repeatLinesMin && this.#repeats.length < repeatsMax) {
      this.#repeats.push(repeat)
    }
  }

  #tellBursts(): void {
    const counts = this.#minutes.map(({ lines }) => lines).sort((a, b) => a - b)
    const median = counts[counts.length >> 1] ?? 0
    const bursts = this.#minutes.filter(({ lines }) => lines >= burstLinesMin && lines >= burstFactor * median)
    if (this.#minutes.length < minutesMin) return
    const thickest = bursts.sort((a, b) => b.lines - a.lines || a.at - b.at).slice(0, burstsMax)
    for (const { time, at, end, lines } of thickest) {
      const place = { offset: at, length: end - at, layer: regionLayers.record - 1 }
      const attributes = { lines, medianLines: median, minute: time }
      this.#report.region({ ...place, class: 'log-burst', name: `${lines} lines in the minute ${time}`, attributes })
    }
  }
}

interface Repeat {
  readonly template: string
  readonly at: number
  end: number
  lines: number
}

const minutesMax = 200_000
/** A log of fewer minutes has no usual rate. */
const minutesMin = 5
