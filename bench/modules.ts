/**
 * What it costs to keep the kernel modules of a distribution as a brick: list, unpack, read what they say, fold, commit.
 *
 * Of the machine's own /lib/modules where there is one, else of a Debian kernel package that apt gets and that is unpacked
 * here, not installed. Beside it what `xz -dc` needs to unpack them all, which is a part of the work.
 */
import { globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fetchDebianKernel } from '../tests/module/debian-package.ts'
import { hasXz, makeModule, pack } from '../tests/module/make-module.ts'
import { modulesBudget } from './budgets.ts'
import { median } from './measure.ts'
import type { SectionOptions } from './section.ts'
import { type Column, type Row, row, type Section, skippedRow } from './table.ts'

const columns: readonly Column[] = [
  { key: 'modules', title: 'modules', unit: 'count' },
  { key: 'wallSeconds', title: 'median', unit: 'seconds' },
  { key: 'cpuSeconds', title: 'processor', unit: 'seconds' },
  { key: 'peakBytes', title: 'memory', unit: 'bytes' },
]
/** Fewer are no distribution's. */
const moduleCountMin = 500
const quickCount = 40

export async function modulesSection(options: SectionOptions): Promise<Section> {
  const { folder, size, progress } = options
  const within = join(folder, 'modules')
  mkdirSync(within)
  progress('getting kernel modules')
  const modules = size === 'quick' ? madeModules(within) : (ownModules() ?? fetchDebianKernel(within)?.modules)
  const rows =
    modules === undefined
      ? [skippedRow('sfd fold modules:', 'there are no modules here, and no Debian archive to get some from')]
      : [await ourRow(options, modules), await peerRow(options, modules)]
  rmSync(within, { recursive: true })
  progress('')
  return {
    id: 'modules',
    title: 'Kernel modules, unpacked into a brick',
    notes: [
      'The budget is for 1,121 modules; another number of them counts in proportion.',
      'xz -dc: all packed modules to nowhere, one after the other, in the page cache as ours are.',
    ],
    columns,
    rows,
  }
}

async function ourRow(
  { sfd, meter, folder, repetitions, judge, progress }: SectionOptions,
  modules: string,
): Promise<Row> {
  const brick = join(folder, 'modules.brick')
  const costs = []
  for (let run = 0; run < repetitions; run++) {
    progress(`folding modules, ${run + 1} of ${repetitions}`)
    costs.push(await meter.run({ program: sfd, args: ['fold', `modules:${modules}`, '-o', brick] }))
    rmSync(brick)
  }
  const count = modulesIn(modules).length
  const wallSeconds = median(costs.map((cost) => cost.wallSeconds))
  const values = {
    modules: count,
    wallSeconds,
    cpuSeconds: median(costs.flatMap(({ cpuSeconds }) => cpuSeconds ?? [])),
    peakBytes: median(costs.flatMap(({ peakBytes }) => peakBytes ?? [])),
  }
  return row('sfd fold modules:', values, [modulesBudget({ wallSeconds, count }, judge)])
}

async function peerRow({ meter, progress }: SectionOptions, modules: string): Promise<Row> {
  progress('unpacking with xz')
  const script = 'find "$1" -name "*.ko.xz" -print0 | xargs -0 xz -dc > /dev/null'
  try {
    const cost = await meter.run({ program: 'sh', args: ['-c', script, 'sh', modules] })
    const { wallSeconds, cpuSeconds, peakBytes } = cost
    return row('xz -dc', { modules: modulesIn(modules).length, wallSeconds, cpuSeconds, peakBytes })
  } catch (error) {
    return skippedRow('xz -dc', (error as Error).message)
  }
}

function ownModules(): string | undefined {
  return modulesIn('/lib/modules').length >= moduleCountMin ? '/lib/modules' : undefined
}

function madeModules(folder: string): string {
  for (let index = 0; index < quickCount; index++) {
    const module = makeModule({ info: ['license=GPL', `name=made${index}`], codeBytes: 20_000 })
    writeFileSync(join(folder, `made${index}.ko.${hasXz ? 'xz' : 'gz'}`), pack(module, hasXz ? 'xz' : 'gzip'))
  }
  return folder
}

function modulesIn(folder: string): string[] {
  return globSync('**/*.ko{,.xz,.gz,.zst}', { cwd: folder })
}
