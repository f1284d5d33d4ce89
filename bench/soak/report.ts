/** What a soak shows a person: a line for each sample, and what it comes to. */
import type { LoadCounts } from './load.ts'
import type { Sample } from './sample.ts'

export const head =
  '  time      rss   cpu%   fds  watches   events  commits   feed    lag   written   to disk     files  history'

export function lineOf(now: Sample, before: Sample | undefined): string {
  const cpu = (100 * (now.cpuSeconds - (before?.cpuSeconds ?? 0))) / (now.seconds - (before?.seconds ?? 0))
  const seconds = Math.floor(now.seconds)
  return [
    `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`.padStart(6),
    mib(now.rssBytes).padStart(8),
    cpu.toFixed(1).padStart(6),
    String(now.openFiles).padStart(5),
    String(now.watches).padStart(8),
    String(now.events - (before?.events ?? 0)).padStart(8),
    String(now.commits - (before?.commits ?? 0)).padStart(8),
    String(now.feedMessages - (before?.feedMessages ?? 0)).padStart(6),
    `${now.lagSeconds.toFixed(1)}s`.padStart(6),
    mib(now.writtenBytes).padStart(9),
    mib(now.diskBytes).padStart(9),
    mib(now.fileBytes).padStart(9),
    mib(now.fileBytes - now.liveBytes).padStart(8),
  ].join(' ')
}

export interface Soaked {
  readonly samples: readonly Sample[]
  readonly counts: LoadCounts
  readonly syncMs: number
  readonly stopMs: number
}

export function summaryOf({ samples, counts, syncMs, stopMs }: Soaked): string[] {
  const last = samples.at(-1) as Sample
  const settled = samples[Math.floor(samples.length / 3)] as Sample
  const of = (pick: (sample: Sample) => number): number => Math.max(...samples.map(pick))
  const hours = (last.seconds - settled.seconds) / 3_600
  const growth = hours > 0 ? (last.rssBytes - settled.rssBytes) / hours : 0
  const share = (100 * (last.cpuSeconds - settled.cpuSeconds)) / Math.max(1, last.seconds - settled.seconds)
  return [
    `load: ${counts.logLines} log lines, ${counts.saves} saves, ${counts.builds} builds, ${counts.aptRuns} apt runs`,
    ...[...new Set(counts.failures)].map((failure) => `load failed: ${failure}`),
    `memory: peak ${mib(of(({ rssBytes }) => rssBytes))}; ${mib(settled.rssBytes)} after a third, ${mib(last.rssBytes)} at the end (${mib(growth)} an hour)`,
    `descriptors: peak ${of(({ openFiles }) => openFiles)}, ${last.openFiles} at the end`,
    `worst lag seen: ${of(({ lagSeconds }) => lagSeconds).toFixed(1)} s; overflows: ${last.overflows}`,
    `CPU: ${last.cpuSeconds.toFixed(0)} s in ${last.seconds.toFixed(0)} s, ${share.toFixed(1)} % of a core after a third`,
    `written: ${mib(last.writtenBytes)} to bricks, ${mib(last.diskBytes)} to the disk in all; ${mib(last.writtenBytes - settled.writtenBytes)} to bricks after a third`,
    `sync after the load: ${syncMs.toFixed(0)} ms; stop: ${stopMs.toFixed(0)} ms`,
  ]
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)}M`
}
