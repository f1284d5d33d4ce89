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
const diffMsMax = 5
const latencyP50MsMax = 50
const latencyP99MsMax = 500
/** The commit interval and half a second. */
const busyP99MsMax = 1_000
const stoppedSecondsMax = 5
const servingSecondsMax = 2
const reconciledSecondsMax = 30
const idleCoreShareMax = 0.01
/** For as many modules as a Debian kernel package had when the budget was set. */
const modulesSecondsMax = 5
const modulesCount = 1_121
/** For as many bytes of contents as /usr/bin had when the budget was set. */
const analysisSecondsMax = 60
const analysisAgainSecondsMax = 2
const analysisBytes = 286e6
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

/** In proportion to their number. */
export function modulesBudget(
  { wallSeconds, count }: { wallSeconds: number | null; count: number },
  judge: Judge,
): Budget {
  const limit = `<= ${modulesSecondsMax} s for ${modulesCount}`
  if (judge === 'no' || wallSeconds === null) return judged(limit, null)
  return judged(limit, (wallSeconds * modulesCount) / count <= modulesSecondsMax)
}

interface AnalysisCost {
  readonly contentBytes: number
  readonly wallSeconds: number | null
}

/** In proportion to the bytes. */
export function analysisBudget(cost: AnalysisCost, judge: Judge): Budget {
  return inProportion(cost, { judge, secondsMax: analysisSecondsMax })
}

export function analysisAgainBudget(cost: AnalysisCost, judge: Judge): Budget {
  return inProportion(cost, { judge, secondsMax: analysisAgainSecondsMax })
}

function inProportion(
  { contentBytes, wallSeconds }: AnalysisCost,
  { judge, secondsMax }: { readonly judge: Judge; readonly secondsMax: number },
): Budget {
  const limit = `<= ${secondsMax} s for ${analysisBytes / 1e6} MB`
  if (judge === 'no' || wallSeconds === null) return judged(limit, null)
  return judged(limit, wallSeconds <= secondsMax * Math.max(1, contentBytes / analysisBytes))
}

/** Whatever the size of what did not change. */
export function diffBudget(workMs: number | null, judge: Judge): Budget {
  return judged(`< ${diffMsMax} ms`, judge === 'no' || workMs === null ? null : workMs < diffMsMax)
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

/** Under steady change; nothing may be missing either. */
export function busyBudget({ p99Ms, missed }: { p99Ms: number | null; missed: number }, judge: Judge): Budget {
  const isMet = judge === 'no' || p99Ms === null ? null : p99Ms < busyP99MsMax
  return judged(`p99 < ${busyP99MsMax} ms, 0 missed`, missed > 0 ? false : isMet)
}

export function stoppedBudgets(
  { missed, thereSeconds, losses }: { missed: number; thereSeconds: number | null; losses: number },
  judge: Judge,
): Budget[] {
  return [
    judged(
      `all there < ${stoppedSecondsMax} s`,
      missed > 0 ? false : judge === 'no' ? null : thereSeconds !== null && thereSeconds < stoppedSecondsMax,
    ),
    judged('loss counted', judge === 'no' ? null : losses > 0),
  ]
}

/** Holds for a run of any size. */
export function missedBudget(missed: number): Budget {
  return judged('0 missed', missed === 0)
}

export function restartBudgets(
  { servingSeconds, reconciledSeconds }: { servingSeconds: number; reconciledSeconds: number },
  judge: Judge,
): Budget[] {
  const isBelow = (value: number, limit: number) => (judge === 'no' ? null : value < limit)
  return [
    judged(`serving < ${servingSecondsMax} s`, isBelow(servingSeconds, servingSecondsMax)),
    judged(`reconciled < ${reconciledSecondsMax} s`, isBelow(reconciledSeconds, reconciledSecondsMax)),
  ]
}

export function idleBudget(coreShare: number, judge: Judge): Budget {
  return judged(`< ${100 * idleCoreShareMax} % of a core`, judge === 'no' ? null : coreShare < idleCoreShareMax)
}

function judged(limit: string, isMet: boolean | null): Budget {
  return { limit, verdict: isMet === null ? 'not judged' : isMet ? 'ok' : 'over' }
}
