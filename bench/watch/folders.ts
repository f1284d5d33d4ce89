/**
 * What it takes to watch many folders, by inotify and by fanotify: each in a process of its own, so that its memory is
 * only that. The kernel's part is what all of the machine's unreclaimable memory grew by: others at work show in it.
 */
import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Row, row, type Section, skippedRow } from '../table.ts'
import type { FoldersReport } from './folders-child.ts'
import type { WatchOptions } from './section.ts'

const counts = { full: 100_000, quick: 500 } as const
const perFolder = 316

export async function foldersSection(options: WatchOptions): Promise<Section> {
  const { folder, size, progress } = options
  const count = counts[size]
  const tree = join(folder, 'tree')
  progress(`making ${count} folders`)
  makeFolders(tree, count)
  const rows: Row[] = []
  for (const backend of ['inotify', 'fanotify'] as const) {
    progress(`watching ${count} folders by ${backend}`)
    rows.push(await backendRow(options, { tree, backend, count }))
  }
  return {
    id: 'watch-folders',
    title: `Watching ${count} folders`,
    notes: ['Memory: of the process and of the kernel, beyond that of a watcher without a root, for one folder.'],
    columns: [
      { key: 'setUpSeconds', title: 'set up', unit: 'seconds' },
      { key: 'setUpCpuSeconds', title: 'CPU', unit: 'seconds' },
      { key: 'watches', title: 'watches', unit: 'count' },
      { key: 'processBytes', title: 'process, a folder', unit: 'bytes' },
      { key: 'kernelBytes', title: 'kernel, a folder', unit: 'bytes' },
      { key: 'hintMs', title: 'write to hint', unit: 'milliseconds' },
    ],
    rows,
  }
}

/** `count` in all, with those that hold the others. */
function makeFolders(tree: string, count: number): void {
  mkdirSync(tree)
  for (let made = 1; made < count; made++) {
    const within = Math.floor((made - 1) / perFolder)
    const index = (made - 1) % perFolder
    mkdirSync(index === 0 ? join(tree, `folder-${within}`) : join(tree, `folder-${within}`, `folder-${index}`))
  }
}

async function backendRow(
  { folder, signal }: WatchOptions,
  { tree, backend, count }: { tree: string; backend: 'inotify' | 'fanotify'; count: number },
): Promise<Row> {
  const cookies = join(folder, `cookies-${backend}`)
  mkdirSync(cookies)
  const child = join(import.meta.dirname, 'folders-child.ts')
  const args = ['--disable-warning=ExperimentalWarning', '--expose-gc', child, backend, tree, cookies]
  const { stdout } = await promisify(execFile)(process.execPath, args, { signal })
  const report = JSON.parse(stdout) as FoldersReport
  if (report.kind === 'refused') return skippedRow(backend, report.why)
  const { processBytes, kernelBytes, ...figures } = report
  const values = { ...figures, processBytes: processBytes / count, kernelBytes: Math.max(0, kernelBytes) / count }
  const { kind: _kind, ...shown } = values
  return row(backend, shown)
}
