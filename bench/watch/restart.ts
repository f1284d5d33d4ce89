/** How soon after kill -9 a daemon with many entries answers again, and how soon what changed meanwhile is committed. */
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { restartBudgets } from '../budgets.ts'
import { BenchDaemon } from '../daemon.ts'
import { row, type Section } from '../table.ts'
import { makeSmallFiles } from '../trees.ts'
import type { WatchOptions } from './section.ts'

const counts = { full: 100_000, quick: 1_000 } as const
/** One of so many files changes while the daemon is away. */
const changedShare = 100

export async function restartSection({ sfd, folder, size, signal, judge, progress }: WatchOptions): Promise<Section> {
  const [tree, state] = [join(folder, 'tree'), join(folder, 'state')]
  mkdirSync(tree)
  progress(`making ${counts[size]} files`)
  const paths = makeSmallFiles(tree, { count: counts[size], meanBytes: 2048 })
  const options = { sfd, sources: [tree], state, signal }
  progress('first fold')
  const startMs = performance.now()
  const first = await BenchDaemon.start(options)
  const [before] = await first.ready().finally(() => first.kill('SIGKILL'))
  const firstSeconds = (performance.now() - startMs) / 1_000
  for (const [index, path] of paths.entries()) if (index % changedShare === 0) appendFileSync(path, 'changed\n')
  progress('starting it again')
  const againMs = performance.now()
  const daemon = await BenchDaemon.start(options)
  try {
    const [served] = await daemon.bricks()
    const servingSeconds = (performance.now() - againMs) / 1_000
    if (served?.generation !== before?.generation) throw new Error('It does not serve what was committed.')
    const [after] = await daemon.ready()
    const reconciledSeconds = (performance.now() - againMs) / 1_000
    if ((after?.generation ?? 0) <= (before?.generation ?? 0)) throw new Error('What changed is not committed.')
    const { cpuSeconds, rssBytes } = daemon.usage()
    const values = {
      entries: after?.entryCount ?? 0,
      firstSeconds,
      servingSeconds,
      reconciledSeconds,
      cpuSeconds,
      rssBytes,
    }
    return {
      id: 'watch-restart',
      title: `After kill -9, ${counts[size]} files`,
      notes: ['From the start of the program; one file of 100 was changed while it was away.'],
      columns: [
        { key: 'entries', title: 'entries', unit: 'count' },
        { key: 'firstSeconds', title: 'first fold', unit: 'seconds' },
        { key: 'servingSeconds', title: 'serving', unit: 'seconds' },
        { key: 'reconciledSeconds', title: 'reconciled', unit: 'seconds' },
        { key: 'cpuSeconds', title: 'CPU', unit: 'seconds' },
        { key: 'rssBytes', title: 'memory', unit: 'bytes' },
      ],
      rows: [row('sfd up', values, restartBudgets(values, judge))],
    }
  } finally {
    await daemon.end()
  }
}
