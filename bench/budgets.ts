/**
 * The figures that this project holds itself to, all in one place, and how a measured one is judged.
 *
 * A figure that is not there (null), or of a run too small to tell, is not judged.
 */
import type { Budget } from './table.ts'

/** `no`: the run is too small to say anything about time. */
export type Judge = 'yes' | 'no'

const foldRatioMin = 0.7
const peakBytesMax = 250e6
const latencyP50MsMax = 50
const latencyP99MsMax = 500
export const tileWrittenBytesMax = 200 * 1024
export const fileWrittenBytesMax = 300 * 1024

export function foldBudget(memcpyRatio: number, judge: Judge): Budget {
  return judged(`>= ${foldRatioMin} x memcpy`, judge === 'no' ? null : memcpyRatio >= foldRatioMin)
}

/** Whatever the size of the tree. */
export function memoryBudget(peakBytes: number | null): Budget {
  return judged(`memory <= ${peakBytesMax / 1e6} MB`, peakBytes === null ? null : peakBytes <= peakBytesMax)
}

export function rivalBudget(
  rival: string,
  { ours, theirs, judge }: { ours: number | null; theirs: number | null; judge: Judge },
): Budget {
  return judged(`faster than ${rival}`, judge === 'no' || ours === null || theirs === null ? null : ours < theirs)
}

export function writtenBudget({ writtenBytes, bytesMax }: { writtenBytes: number; bytesMax: number }): Budget {
  return judged(`<= ${bytesMax / 1024} KiB written`, writtenBytes <= bytesMax)
}

export function latencyBudgets(
  { p50Ms, p99Ms }: { p50Ms: number | null; p99Ms: number | null },
  judge: Judge,
): Budget[] {
  const isBelow = (value: number | null, limit: number) => (judge === 'no' || value === null ? null : value < limit)
  return [
    judged(`p50 < ${latencyP50MsMax} ms`, isBelow(p50Ms, latencyP50MsMax)),
    judged(`p99 < ${latencyP99MsMax} ms`, isBelow(p99Ms, latencyP99MsMax)),
  ]
}

function judged(limit: string, isMet: boolean | null): Budget {
  return { limit, verdict: isMet === null ? 'not judged' : isMet ? 'ok' : 'over' }
}
