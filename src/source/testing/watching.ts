/** Trees of their own for tests of the watcher, and what was told of them. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after } from 'node:test'
import { displayPath, utf8 } from '../../base/bytes.ts'
import {
  type Hint,
  startWatcher,
  type WatchBackend,
  type Watcher,
  type WatchProblem,
  type WatchRecovery,
  type WatchRoot,
} from '../watch.ts'

/** Each test uses root indices of its own, from its base on. */
const indexesPerTest = 16

export interface Watching {
  /** A fresh folder, watched as root 0. */
  readonly root: string
  readonly at: (name: string) => string
  /** Flushes and gives what was hinted since the last call: `path`, or `path/...` for a subtree; sorted. */
  readonly told: () => Promise<string[]>
  /** Takes what was reported since the last call. */
  readonly problems: () => string[]
  /** Resolves when something is reported next (at once where something is); the tests' own time limit bounds it. */
  readonly reported: () => Promise<void>
  readonly overflows: () => number
  /** Watches; index 1 where none is given. The number of directories with a watch of their own. */
  readonly add: (root: Partial<WatchRoot> & { path: Uint8Array }) => Promise<number>
  readonly remove: (index: number) => void
}

export type UseWatching = (use: (watching: Watching) => Promise<void>, root?: Partial<WatchRoot>) => Promise<void>

export interface WatcherLab {
  readonly scratch: string
  readonly cookies: string
  readonly watcher: Watcher
  readonly watching: UseWatching
}

/** Why this process may not use fanotify; false where it may. */
export async function fanotifyRefusal(): Promise<string | false> {
  try {
    await (await startWatcher(silentSink, { cookieFolder: utf8(os.tmpdir()), backend: 'fanotify' })).close()
    return false
  } catch (failed) {
    return (failed as Error).message
  }
}

export const silentSink = { hints: () => {}, overflow: () => {}, problem: () => {}, recovered: () => {} }

/** One watcher for a file of tests; closed after them. */
export async function openLab(backend: Exclude<WatchBackend, 'none'>): Promise<WatcherLab> {
  const scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'sfd-watch-')))
  const cookies = path.join(scratch, 'cookies')
  fs.mkdirSync(cookies)
  const news = new News()
  const watcher = await startWatcher(news, { cookieFolder: utf8(cookies), backend })
  after(async () => {
    await watcher.close()
    fs.rmSync(scratch, { recursive: true, force: true })
  })
  const lab = { scratch, cookies, watcher }
  let nextBase = 0
  const watching: UseWatching = async (use, root = {}) => {
    const base = nextBase
    nextBase += indexesPerTest
    await watchFolder({ ...lab, news, base, root, use })
  }
  return { ...lab, watching }
}

class News {
  readonly seen: Hint[] = []
  readonly reports: { readonly root: number; readonly text: string }[] = []
  overflowCount = 0
  #next = Promise.withResolvers<void>()

  hints(batch: readonly Hint[]): void {
    this.seen.push(...batch)
  }

  overflow(): void {
    this.overflowCount++
  }

  problem({ root, code, path: at, message }: WatchProblem): void {
    this.#report(root, `${code} ${displayPath(at)} ${message}`)
  }

  recovered({ root, code, path: at }: WatchRecovery): void {
    this.#report(root, `recovered ${code} ${displayPath(at)}`)
  }

  async next(): Promise<void> {
    while (this.reports.length === 0) await this.#next.promise
  }

  #report(root: number, text: string): void {
    this.reports.push({ root, text })
    this.#next.resolve()
    this.#next = Promise.withResolvers()
  }
}

async function watchFolder(parts: {
  readonly scratch: string
  readonly watcher: Watcher
  readonly news: News
  readonly base: number
  readonly root: Partial<WatchRoot>
  readonly use: (watching: Watching) => Promise<void>
}): Promise<void> {
  const { watcher, news, base, root, use } = parts
  const folder = path.join(parts.scratch, `root-${base}`)
  fs.mkdirSync(folder)
  const overflowsBefore = news.overflowCount
  const add: Watching['add'] = async (more) =>
    (await watcher.addRoot({ kind: 'tree', ...more, index: base + (more.index ?? 1) })).watches
  const told = async (): Promise<string[]> => {
    await watcher.flush()
    const own = news.seen.splice(0).map((hint) => shown({ ...hint, root: hint.root - base }))
    return [...new Set(own)].sort()
  }
  const problems = (): string[] => news.reports.splice(0).map(({ root: index, text }) => `${index - base} ${text}`)
  const overflows = (): number => news.overflowCount - overflowsBefore
  const at = (name: string): string => path.join(folder, name)
  const remove = (index: number): void => watcher.removeRoot(base + index)
  try {
    if (root.kind !== 'file') await add({ index: 0, path: utf8(folder), ...root })
    await use({ root: folder, at, told, problems, reported: () => news.next(), overflows, add, remove })
  } finally {
    for (let index = 0; index < indexesPerTest; index++) remove(index)
    await told()
  }
  assert.deepEqual(problems(), [])
}

function shown(hint: Hint): string {
  const index = hint.root === 0 ? '' : `${hint.root}:`
  return index + displayPath(hint.path) + (hint.scope === 'subtree' ? '/...' : '')
}

/** Whether a file is among the hints itself or beneath a hinted subtree. */
export function isTold(told: readonly string[], name: string): boolean {
  if (told.includes(name) || told.includes('/...')) return true
  const parts = name.split('/')
  return parts.some((_, i) => told.includes(`${parts.slice(0, i + 1).join('/')}/...`))
}
