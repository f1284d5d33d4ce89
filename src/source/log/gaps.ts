/**
 * Places of a stream where bytes of the log may be missing, and why. A gap lies before the byte at `at`; it has no bytes
 * of its own. What cannot be proven to be whole is a gap.
 */
import type { Finding, JsonValue, Region } from '../../base/region.ts'
import { regionLayers } from '../../base/region.ts'
import { fieldsOf, listOf, numberOf, textOf } from './json-fields.ts'

export const gapReasons = [
  'copytruncate',
  'truncated',
  'replaced',
  'gone',
  'packed',
  'skipped',
  'vacuumed',
  'damaged',
] as const
export type GapReason = (typeof gapReasons)[number]

export interface Gap {
  /** Offset in the stream. */
  readonly at: number
  readonly reason: GapReason
  /** Bytes that are known to be missing; null: perhaps none, perhaps some. */
  readonly lostBytes: number | null
  /** What shows it. */
  readonly evidence: readonly string[]
}

/** Those at one place become one; the newest `gapsMax` are kept. */
export function gapsInOrder(gaps: readonly Gap[]): readonly Gap[] {
  const byPlace = new Map<string, Gap>()
  for (const gap of gaps) {
    const key = `${gap.at} ${gap.reason}`
    const before = byPlace.get(key)
    const short = { ...gap, evidence: gap.evidence.map((text) => text.slice(0, evidenceTextMax)) }
    byPlace.set(key, before === undefined ? short : joined(before, short))
  }
  return [...byPlace.values()].slice(-gapsMax)
}

const gapsMax = 32
/** Of one gap, and characters of each: META is bounded. */
const evidenceMax = 4
const evidenceTextMax = 200

function joined(a: Gap, b: Gap): Gap {
  const lostBytes = a.lostBytes === null || b.lostBytes === null ? null : a.lostBytes + b.lostBytes
  return { ...a, lostBytes, evidence: [...a.evidence, ...b.evidence].slice(0, evidenceMax) }
}

export function gapJson({ at, reason, lostBytes, evidence }: Gap): JsonValue {
  return { at, reason, lost: lostBytes, evidence: [...evidence] }
}

export function gapOf(json: JsonValue): Gap | undefined {
  const fields = fieldsOf(json)
  const at = numberOf(fields['at'])
  const reason = gapReasons.find((known) => known === fields['reason'])
  const evidence = listOf(fields['evidence'], textOf)
  if (at === undefined || reason === undefined || evidence === undefined) return undefined
  return { at, reason, lostBytes: numberOf(fields['lost']) ?? null, evidence }
}

/** `at` is inside the content; the region is the byte after the gap. */
export function gapRegion({ at, reason, lostBytes, evidence }: Gap): Region {
  const finding: Finding = {
    severity: reason === 'skipped' ? 'info' : lostBytes === null ? 'low' : 'medium',
    rule: 'log-gap',
    evidence,
    origin: 'deterministic',
    confidence: lostBytes === null ? 0.5 : 1,
  }
  const attributes = { reason, lostBytes }
  return { offset: at, length: 1, layer: regionLayers.finding, class: 'gap', name: names[reason], attributes, finding }
}

const names: Readonly<Record<GapReason, string>> = {
  copytruncate: 'lines between copying and emptying may be missing',
  truncated: 'the file was emptied; lines may be missing',
  replaced: 'the file was rewritten; lines may be missing',
  gone: 'the file is gone; lines may be missing',
  packed: 'a packed file could not be read; lines are missing',
  skipped: 'earlier lines were left out',
  vacuumed: 'the journal dropped entries; some may be missing',
  damaged: 'bytes could not be read; they are missing',
}
