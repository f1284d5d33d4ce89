/**
 * What the beginning of a log line says: when, how urgent, and what is left as its message. Only forms that cannot be
 * mistaken: RFC 5424 and 3164 (with and without <PRI>), ISO 8601 and its likes (dpkg, apt, many servers), the kernel's
 * seconds since boot. A line that says nothing of it has neither.
 */

export interface LineHead {
  /** RFC 3339; in the zone that the line names, without a zone where it names none. */
  readonly time?: string
  /** Seconds since the machine started. */
  readonly sinceBoot?: number
  readonly priority?: Priority
  /** What comes after the time. */
  readonly message: string
}

export const priorities = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const
export type Priority = (typeof priorities)[number]

/** `writtenMs`: when the log was written last, milliseconds since 1970; lines that name no year (RFC 3164) are not younger. */
export function lineHead(line: string, writtenMs: number): LineHead {
  const [pri, facility] = /^<(\d{1,3})>/.exec(line) ?? []
  const rest = pri === undefined ? line : line.slice(pri.length)
  const told = facility === undefined ? undefined : priorities[Number(facility) % 8]
  const head = isoHead(rest) ?? bsdHead(rest, writtenMs) ?? bootHead(rest) ?? { message: rest }
  const priority = told ?? priorityWord(head.message)
  return priority === undefined ? head : { ...head, priority }
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const iso =
  /^(?:1 )?\[?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?\]?(?=[\s:,|-]|$)/
const bsd = /^([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d)(?=\s|$)/
const boot = /^\[ *(\d{1,10}\.\d{6})\](?: \[ *[TC]\d+\])? ?/

function isoHead(line: string): LineHead | undefined {
  const [all, day, clock, fraction, zone = ''] = iso.exec(line) ?? []
  if (all === undefined || day === undefined || clock === undefined) return undefined
  const seconds = clock.length === 5 ? `${clock}:00` : clock
  const time = `${day}T${seconds}${fraction === undefined ? '' : `.${fraction}`}${zoneText(zone)}`
  return isTime(time) ? { time, message: line.slice(all.length).trimStart() } : undefined
}

function bsdHead(line: string, writtenMs: number): LineHead | undefined {
  const [all, month = '', day = '', clock = ''] = bsd.exec(line) ?? []
  const number = months.indexOf(month) + 1
  if (all === undefined || number === 0) return undefined
  const written = new Date(writtenMs)
  const inYear = `-${twoDigits(number)}-${day.replace(' ', '0')}T${clock}`
  const isOfLastYear = Date.parse(`${yearText(written)}${inYear}`) > writtenMs + dayMs
  const time = `${isOfLastYear ? yearText(new Date(writtenMs - yearMs)) : yearText(written)}${inYear}`
  return isTime(time) ? { time, message: line.slice(all.length).trimStart() } : undefined
}

const dayMs = 86_400_000
const yearMs = 365 * dayMs

function yearText(date: Date): string {
  return String(date.getFullYear()).padStart(4, '0')
}

function bootHead(line: string): LineHead | undefined {
  const [all, seconds] = boot.exec(line) ?? []
  return all === undefined ? undefined : { sinceBoot: Number(seconds), message: line.slice(all.length) }
}

function zoneText(zone: string): string {
  return zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone
}

function isTime(text: string): boolean {
  return !Number.isNaN(Date.parse(text))
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}

const words: Readonly<Record<string, Priority>> = {
  EMERG: 'emerg',
  EMERGENCY: 'emerg',
  PANIC: 'emerg',
  ALERT: 'alert',
  CRIT: 'crit',
  CRITICAL: 'crit',
  FATAL: 'crit',
  ERR: 'err',
  ERROR: 'err',
  SEVERE: 'err',
  WARN: 'warning',
  WARNING: 'warning',
  NOTICE: 'notice',
  INFO: 'info',
  DEBUG: 'debug',
  TRACE: 'debug',
}

const levelNames = Object.keys(words).join('|')
const upperLevel = new RegExp(`(?:^|[\\s([])(${levelNames})(?=[\\s\\]):]|$)`)
const markedLevel = new RegExp(`(?:\\[|\\blevel="?)(${levelNames})(?=[\\]"\\s:]|$)`, 'i')
const levelWithin = 80

/** A level that stands by itself near the beginning: `ERROR`, `[warn]`, `level=info`. */
function priorityWord(message: string): Priority | undefined {
  const near = message.slice(0, levelWithin)
  const [, word] = markedLevel.exec(near) ?? upperLevel.exec(near) ?? []
  return word === undefined ? undefined : words[word.toUpperCase()]
}
