/**
 * `--at TEXT`: which commit a person means, as data. Pure: what time it is now comes in as a parameter.
 *
 * Times without a zone are UTC, as every time that sfd prints. What reads as a number, a time or a word of this file is
 * never a tag; `tag:NAME` always is.
 */
import type { Timestamp } from '../base/entry.ts'
import { FoundryError } from '../base/errors.ts'

export type AtSpec =
  | { readonly kind: 'newest' }
  | { readonly kind: 'oldest' }
  | { readonly kind: 'generation'; readonly generation: number }
  /** So many retained commits before the newest, >= 0. */
  | { readonly kind: 'back'; readonly commitCount: number }
  /** The newest commit at or before that time. */
  | { readonly kind: 'time'; readonly time: Timestamp }
  | { readonly kind: 'tag'; readonly tag: string }
  /** A tag, else the beginning of a commit id. */
  | { readonly kind: 'name'; readonly name: string }

const atHelp =
  'generation (12 or @12, @-1 the one before), tag, time (2026-11-22 14:00, UTC unless it says a zone), -2h, yesterday'

/** `nowNs`: nanoseconds since 1970. Errors: USAGE where it can mean nothing. */
export function parseAt(text: string, nowNs: bigint): AtSpec {
  const given = text.trim()
  if (given === '') throw unknownForm(text)
  if (given === 'now' || given === 'newest') return { kind: 'newest' }
  if (given === 'oldest') return { kind: 'oldest' }
  if (given.startsWith('tag:')) return { kind: 'tag', tag: given.slice(tagPrefixLength) }
  const numbered = /^@?(\d{1,16})$/.exec(given)
  if (numbered !== null) return { kind: 'generation', generation: safeInteger(numbered[1], text) }
  const back = /^@-(\d{1,9})$/.exec(given)
  if (back !== null) return { kind: 'back', commitCount: Number(back[1]) }
  if (given.startsWith('@')) throw unknownForm(text)
  const secondsAgo = relativeSeconds(given)
  if (secondsAgo !== undefined) return { kind: 'time', time: before(nowNs, secondsAgo, text) }
  const time = absoluteTime(given, text)
  return time === undefined ? { kind: 'name', name: given } : { kind: 'time', time }
}

const tagPrefixLength = 4
const nsPerSecond = 1_000_000_000n
const daySeconds = 86_400
const unitSeconds = { s: 1, m: 60, h: 3_600, d: daySeconds, w: 7 * daySeconds } as const

/** -2h, 2h, 1h30m, 3d ago, yesterday (a day ago, to the second). */
function relativeSeconds(text: string): number | undefined {
  if (text === 'yesterday') return daySeconds
  const parts = /^-?((?:\d{1,9}[smhdw])+)(?: ?ago)?$/.exec(text)
  if (parts === null) return undefined
  let seconds = 0
  for (const [, count, unit] of (parts[1] ?? '').matchAll(/(\d+)([smhdw])/g)) {
    seconds += Number(count) * unitSeconds[unit as keyof typeof unitSeconds]
  }
  return seconds
}

function before(nowNs: bigint, seconds: number, text: string): Timestamp {
  const ns = nowNs - BigInt(seconds) * nsPerSecond
  if (ns < 0n) throw new FoundryError('USAGE', `${quoted(text)} is before 1970; name a later time.`)
  return { seconds: Number(ns / nsPerSecond), nanoseconds: Number(ns % nsPerSecond) }
}

const timePattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)? ?(Z|z|UTC|[+-]\d{2}:?\d{2})?$/

/**
 * A day alone means its end, a minute its beginning; a second includes all of itself, since `sfd log` shows no fractions.
 * Undefined where the text has not the form of a time.
 */
function absoluteTime(text: string, given: string): Timestamp | undefined {
  const found = timePattern.exec(text)
  if (found === null) return undefined
  const [, year, month, day, hour, minute, second, fraction = '999999999', zone = 'Z'] = found
  const [h, m, s] = hour === undefined ? [23, 59, 59] : [Number(hour), Number(minute), Number(second ?? '0')]
  const midnightMs = Date.UTC(Number(year), Number(month) - 1, Number(day))
  const isDate = new Date(midnightMs).toISOString().startsWith(`${year}-${month}-${day}`)
  const offsetSeconds = zoneSeconds(zone)
  if (!isDate || h > 23 || m > 59 || s > 59 || offsetSeconds === undefined) {
    throw new FoundryError('USAGE', `${quoted(given)} is not a time that exists; write one as 2026-11-22 14:00.`)
  }
  const seconds = midnightMs / 1000 + h * unitSeconds.h + m * unitSeconds.m + s - offsetSeconds
  return { seconds, nanoseconds: Number(fraction.padEnd(9, '0')) }
}

/** East of Greenwich; undefined where no zone is that far. */
function zoneSeconds(zone: string): number | undefined {
  const found = /^([+-])(\d{2}):?(\d{2})$/.exec(zone)
  if (found === null) return 0
  const [, sign, hours, minutes] = found
  if (Number(hours) > 14 || Number(minutes) > 59) return undefined
  const seconds = Number(hours) * unitSeconds.h + Number(minutes) * unitSeconds.m
  return sign === '-' ? -seconds : seconds
}

function safeInteger(digits: string | undefined, text: string): number {
  const value = Number(digits)
  if (!Number.isSafeInteger(value)) throw unknownForm(text)
  return value
}

function unknownForm(text: string): FoundryError {
  return new FoundryError('USAGE', `${quoted(text)} names no commit. It is one of: ${atHelp}.`)
}

function quoted(text: string): string {
  return JSON.stringify(text)
}
