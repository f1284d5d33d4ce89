/** Finds what only grows: a mapping, or a process as a whole, that takes more and more memory and gives nothing back. Pure. */
import type { Finding } from '../../base/region.ts'

export interface GrowthSample {
  /** Milliseconds of a clock that nobody sets. */
  readonly atMs: number
  /** Bytes that are in memory. */
  readonly bytes: number
}

export interface GrowthSubject {
  readonly rule: 'memory-growth' | 'process-growth'
  /** Begins the evidence: `This mapping`. */
  readonly subject: string
}

/**
 * A finding where, for at least 20 s and 6 samples up to now, the bytes never fell, rose in most parts of that time and in
 * its later half, by at least 1 MiB and 5 %, and to more than ever before. Told for the longest such time. `samples`: ascending by time.
 */
export function growthOf(
  samples: readonly GrowthSample[],
  subject: GrowthSubject = { rule: 'memory-growth', subject: 'This mapping' },
): Finding | undefined {
  let first = samples.length - 1
  while (first > 0 && bytesOf(samples[first - 1]) <= bytesOf(samples[first])) first--
  // What falls again and again grows only where it becomes more than it ever was.
  const peakBytes = samples.slice(0, Math.max(first, 0)).reduce((peak, { bytes }) => Math.max(peak, bytes), 0)
  const rising = samples.slice(Math.max(first, 0))
  const newestBytes = bytesOf(rising.at(-1))
  if (newestBytes - Math.max(bytesOf(rising[0]), peakBytes) < grownBytesMin) return undefined
  for (let from = 0; from <= rising.length - samplesMin; from += Math.ceil((rising.length - from) / partsMax)) {
    const finding = growthIn(rising.slice(from), subject)
    if (finding !== undefined) return finding
  }
  return undefined
}

/** Keeps a bounded number, denser the newer they are; of a time without change its two ends. */
export function addSample(samples: GrowthSample[], sample: GrowthSample): void {
  const [before, last] = [samples.at(-2), samples.at(-1)]
  if (before?.bytes === sample.bytes && last?.bytes === sample.bytes) samples.pop()
  samples.push(sample)
  if (samples.length <= samplesMax) return
  let least = 1
  for (let at = 2; at < samples.length - 1; at++) {
    if (weightOf(samples, at, sample.atMs) < weightOf(samples, least, sample.atMs)) least = at
  }
  samples.splice(least, 1)
}

const samplesMin = 6
const spanMsMin = 20_000
const grownBytesMin = 2 ** 20
const grownShareMin = 0.05
const samplesMax = 128
const partsMax = 8
/** From here on there is little doubt left. */
const confidentMs = 600_000

/** Samples that never fall. */
function growthIn(rising: readonly GrowthSample[], { rule, subject }: GrowthSubject): Finding | undefined {
  const [oldest, newest] = [rising[0], rising.at(-1)]
  if (oldest === undefined || newest === undefined) return undefined
  const spanMs = newest.atMs - oldest.atMs
  const grownBytes = newest.bytes - oldest.bytes
  if (spanMs < spanMsMin || grownBytes < grownBytesMin || grownBytes < oldest.bytes * grownShareMin) return undefined
  const parts = Math.min(partsMax, rising.length - 1)
  const levels = Array.from({ length: parts + 1 }, (_, part) => levelAt(rising, oldest.atMs + (spanMs * part) / parts))
  const grownParts = levels.slice(1).filter((level, part) => level > (levels[part] as number)).length
  if (3 * grownParts < 2 * parts || newest.bytes <= levelAt(rising, oldest.atMs + spanMs / 2)) return undefined
  return {
    severity: 'medium',
    rule,
    origin: 'deterministic',
    confidence: Math.min(0.95, 0.5 + spanMs / confidentMs / 2),
    evidence: [
      `${subject} grew from ${oldest.bytes} to ${newest.bytes} bytes in ${Math.round(spanMs / 1_000)} s and never shrank.`,
      `It grows by ${Math.round((grownBytes * 1_000) / spanMs)} bytes a second.`,
      `It grew in ${grownParts} of ${parts} equal parts of that time.`,
    ],
  }
}

/** How much of its age the time around a sample takes: what weighs least can go. */
function weightOf(samples: readonly GrowthSample[], at: number, nowMs: number): number {
  const [before, here, after] = [samples[at - 1], samples[at], samples[at + 1]]
  if (before === undefined || here === undefined || after === undefined) return Number.POSITIVE_INFINITY
  return (after.atMs - before.atMs) / (nowMs - here.atMs + 1)
}

function bytesOf(sample: GrowthSample | undefined): number {
  return sample?.bytes ?? 0
}

/** Bytes as the newest sample up to that time tells them. */
function levelAt(samples: readonly GrowthSample[], atMs: number): number {
  return bytesOf(samples.findLast((sample) => sample.atMs <= atMs))
}
