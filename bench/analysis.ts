/**
 * What it costs to say what the contents of a tree mean: all of them for the first time, and again when nothing changed.
 *
 * Of /usr/bin, the tree of the budget; where it is smaller or larger the budget counts in proportion to its bytes.
 * With a state of its own, so that nothing is known before. The brick is made first and not counted.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { analysisAgainBudget, analysisBudget } from './budgets.ts'
import { type Meter, median } from './measure.ts'
import type { SectionOptions } from './section.ts'
import { type Column, type Row, row, type Section } from './table.ts'
import { makeSmallFiles, treeSize } from './trees.ts'

const columns: readonly Column[] = [
  { key: 'contentBytes', title: 'contents', unit: 'bytes' },
  { key: 'wallSeconds', title: 'median', unit: 'seconds' },
  { key: 'cpuSeconds', title: 'processor', unit: 'seconds' },
  { key: 'peakBytes', title: 'memory', unit: 'bytes' },
]
/** Of unreadable files it says so, and does the rest. */
const accepted = [0, 3]

export async function analysisSection(options: SectionOptions): Promise<Section> {
  const { folder, size, sfd, meter, repetitions, judge, progress } = options
  const within = join(folder, 'analysis')
  const [state, brick] = [join(within, 'state'), join(within, 'tree.brick')]
  mkdirSync(within)
  const tree = size === 'quick' ? smallTree(within) : '/usr/bin'
  const contentBytes = treeSize(tree).bytes
  const costs = { first: [] as Cost[], again: [] as Cost[] }
  for (let run = 1; run <= repetitions; run++) {
    progress(`analysing ${tree}, ${run} of ${repetitions}`)
    mkdirSync(state)
    await meter.run({ program: sfd, args: ['fold', tree, '-o', brick], accepted })
    for (const when of ['first', 'again'] as const) {
      costs[when].push(await meter.run({ program: sfd, args: ['--state', state, 'analyze', brick], accepted }))
    }
    rmSync(state, { recursive: true })
    rmSync(brick)
  }
  rmSync(within, { recursive: true })
  progress('')
  const first = rowOf('for the first time', contentBytes, costs.first)
  const again = rowOf('nothing changed', contentBytes, costs.again)
  return {
    id: 'analysis',
    title: `Meaning of ${size === 'quick' ? 'a small tree' : tree}, put into its brick`,
    notes: ['Everything but the model; the budgets are for 286 MB, others count in proportion.'],
    columns,
    rows: [
      row(first.name, first.values, [analysisBudget(first.values, judge)]),
      row(again.name, again.values, [analysisAgainBudget(again.values, judge)]),
    ],
  }
}

type Cost = Awaited<ReturnType<Meter['run']>>

function rowOf(name: string, contentBytes: number, costs: readonly Cost[]) {
  return {
    name,
    values: {
      contentBytes,
      wallSeconds: median(costs.map((cost) => cost.wallSeconds)),
      cpuSeconds: median(costs.flatMap(({ cpuSeconds }) => cpuSeconds ?? [])),
      peakBytes: median(costs.flatMap(({ peakBytes }) => peakBytes ?? [])),
    },
  } satisfies Pick<Row, 'name' | 'values'>
}

function smallTree(folder: string): string {
  const tree = join(folder, 'tree')
  makeSmallFiles(tree, { count: 50, meanBytes: 4_000 })
  return tree
}
