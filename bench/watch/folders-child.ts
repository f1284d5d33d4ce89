/** One watcher on one tree, in a process of its own: `folders-child.ts BACKEND TREE COOKIES` prints a FoldersReport. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startWatcher } from '../../src/source/watch.ts'
import { median } from '../measure.ts'

export type FoldersReport =
  | {
      readonly kind: 'watched'
      readonly setUpSeconds: number
      readonly setUpCpuSeconds: number
      readonly watches: number
      readonly processBytes: number
      readonly kernelBytes: number
      readonly hintMs: number | null
    }
  | { readonly kind: 'refused'; readonly why: string }

const hintsTimed = 50
const [backend, tree = '', cookies = ''] = process.argv.slice(2)

try {
  print(await watched(backend === 'fanotify' ? 'fanotify' : 'inotify'))
} catch (error) {
  print({ kind: 'refused', why: (error as Error).message })
}

async function watched(kind: 'inotify' | 'fanotify'): Promise<FoldersReport> {
  const problems: string[] = []
  const watcher = await startWatcher(
    {
      hints: () => undefined,
      overflow: () => undefined,
      problem: ({ message }) => problems.push(message),
      recovered: () => undefined,
    },
    { cookieFolder: Buffer.from(cookies), backend: kind },
  )
  globalThis.gc?.()
  const before = { process: rssBytes(), kernel: kernelBytes(), cpu: cpuSeconds(), atMs: performance.now() }
  const { watches } = await watcher.addRoot({ index: 0, path: Buffer.from(tree), kind: 'tree' })
  const setUpSeconds = (performance.now() - before.atMs) / 1_000
  const setUpCpuSeconds = cpuSeconds() - before.cpu
  globalThis.gc?.()
  const grown = { process: rssBytes() - before.process, kernel: kernelBytes() - before.kernel }
  const times: number[] = []
  for (let at = 0; at < hintsTimed; at++) {
    const startMs = performance.now()
    writeFileSync(join(tree, 'folder-0', `timed-${at}`), '')
    await watcher.flush()
    times.push(performance.now() - startMs)
  }
  await watcher.close()
  const [problem] = problems
  if (problem !== undefined) return { kind: 'refused', why: problem }
  const memory = { processBytes: grown.process, kernelBytes: grown.kernel }
  return { kind: 'watched', setUpSeconds, setUpCpuSeconds, watches, ...memory, hintMs: median(times) }
}

function print(report: FoldersReport): void {
  process.stdout.write(JSON.stringify(report))
}

function rssBytes(): number {
  return process.memoryUsage.rss()
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function kernelBytes(): number {
  return 1024 * Number(/^SUnreclaim:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0)
}
