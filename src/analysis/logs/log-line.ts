/** What one line of a log says of itself: when, how bad, and what kind of message it is. Pure; lines may hold anything. */

import { hideText } from '../secrets/hide-text.ts'

export const logLevels = ['critical', 'error', 'warning', 'notice', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

/** By the first word for a level in the first 160 characters; undefined where there is none. */
export function levelOf(line: string): LogLevel | undefined {
  const word =
    /(?:^|[^A-Za-z0-9_./-])(emerg|emergency|alert|fatal|panic|crit|critical|error|err|warn|warning|notice|info|debug|trace)(?![A-Za-z0-9_./-])/i.exec(
      line.slice(0, headMax),
    )?.[1]
  return word === undefined ? undefined : levelWords[word.toLowerCase()]
}

const headMax = 160
const levelWords: Readonly<Record<string, LogLevel>> = {
  ...{ emerg: 'critical', emergency: 'critical', alert: 'critical', fatal: 'critical', panic: 'critical' },
  ...{ crit: 'critical', critical: 'critical', error: 'error', err: 'error', warn: 'warning', warning: 'warning' },
  ...{ notice: 'notice', info: 'info', debug: 'debug', trace: 'debug' },
}

/** The time that a line begins with, as it is written, to the second; undefined where it begins with none. */
export function timeOf(line: string): string | undefined {
  const head = line.slice(0, headMax)
  return (
    /^(?:[A-Za-z_-]{1,40} |\[|\{"time(?:stamp)?":\s?"|)(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)/.exec(head)?.[1] ??
    /^([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)/.exec(head)?.[1] ??
    /\[(\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d)/.exec(head)?.[1]
  )
}

/** The line without what differs each time: numbers, addresses, keys, what may be a secret, quoted texts, paths, its time. At most 160 characters. */
export function templateOf(line: string): string {
  return hideText(line.slice(0, templateFromMax))
    .replace(/\S{1,4}… \(\d+ characters\)/g, '*')
    .replace(/"[^"]{0,200}"|'[^']{0,200}'/g, '"*"')
    .replace(/\b[0-9a-f]{8,64}\b|\b0x[0-9a-f]{1,16}\b/gi, '*')
    .replace(/(?=[A-Za-z_+/=-]{0,40}\d)[A-Za-z0-9_+=-]{20,200}/g, '*')
    .replace(/(?:\/[\w.@%+~-]{1,100}){2,}/g, '/*')
    .replace(/\d+/g, '*')
    .replace(/\*(?:[.:T+-]\*)+/g, '*')
    .replace(/[^\x20-\x7e]+/g, '?')
    .trim()
    .slice(0, headMax)
}

const templateFromMax = 400

export interface LineKind {
  readonly level: LogLevel | undefined
  readonly template: string
}

/** Level and template of lines, most of which differ from one before in numbers only: looked up by what is left. */
export class LineKinds {
  readonly #known = new Map<string, LineKind>()

  of(line: string): LineKind {
    const key = line.slice(0, templateFromMax).replace(/\d+/g, '0')
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.#known.size >= keptMax) this.#known.clear()
    const kind = { level: levelOf(line), template: templateOf(line) }
    this.#known.set(key, kind)
    return kind
  }
}

const keptMax = 10_000
