/**
 * From write(2) into a followed file to the feed's message that a commit with it is durable, after quiet each time.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Judge, latencyBudgets } from './budgets.ts'
import { type Feed, withFeed } from './follow.ts'
import { percentile } from './measure.ts'
import { row, type Section } from './table.ts'
import { makeSmallFiles } from './trees.ts'

export interface LatencyOptions {
  readonly sfd: string
  readonly folder: string
  /** Changes that are timed. */
  readonly count: number
  readonly signal: AbortSignal
  readonly judge: Judge
  readonly progress: (message: string) => void
}

const fileBytes = 65_536
const otherFiles = 1_000

export async function latencySection(options: LatencyOptions): Promise<Section> {
  const { sfd, folder, count, signal, judge, progress } = options
  const tree = join(folder, 'followed')
  mkdirSync(tree)
  makeSmallFiles(tree, { count: otherFiles, meanBytes: 2048 })
  const file = join(tree, 'changing')
  writeFileSync(file, randomBytes(fileBytes))
  progress('starting the daemon')
  const latenciesMs: number[] = []
  let commits = 0
  await withFeed({ sfd, tree, state: join(folder, 'state'), signal }, async (feed) => {
    const commitsBefore = await feed.quiet()
    for (let at = 0; at < count; at++) {
      progress(`change ${at + 1} of ${count}`)
      latenciesMs.push(await timeChange(file, feed))
      commits = (await feed.quiet()) - commitsBefore
    }
  })
  return section(latenciesMs, { commits, judge })
}

function section(latenciesMs: readonly number[], { commits, judge }: { commits: number; judge: Judge }): Section {
  const p50Ms = percentile(latenciesMs, 0.5)
  const p99Ms = percentile(latenciesMs, 0.99)
  const values = { p50Ms, p99Ms, maxMs: percentile(latenciesMs, 1), commitsPerChange: commits / latenciesMs.length }
  return {
    id: 'latency',
    title: 'From write(2) of a 64 KiB file to the message of its durable commit',
    notes: [`${latenciesMs.length} changes after quiet each, among ${otherFiles} other files.`],
    columns: [
      { key: 'p50Ms', title: 'p50', unit: 'milliseconds' },
      { key: 'p99Ms', title: 'p99', unit: 'milliseconds' },
      { key: 'maxMs', title: 'max', unit: 'milliseconds' },
      { key: 'commitsPerChange', title: 'commits a change', unit: 'ratio' },
    ],
    rows: [row('sfd up', values, latencyBudgets(values, judge))],
  }
}

async function timeChange(path: string, feed: Feed): Promise<number> {
  const bytes = randomBytes(fileBytes)
  const committed = feed.nextCommit()
  const file = openSync(path, 'r+')
  const startMs = performance.now()
  writeSync(file, bytes, 0, bytes.length, 0)
  closeSync(file)
  return (await committed) - startMs
}
