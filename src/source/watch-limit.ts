/** Subtrees that cannot be watched because a limit is reached: which they are, and what to say of them. */

import fs from 'node:fs'
import { displayPath } from '../base/bytes.ts'
import { type ByteText, bytesOf } from '../linux/libc.ts'
import type { WatchedRoot } from './watch-nodes.ts'
import { shownRoot } from './watch-roots.ts'

/** Beyond that many in one root, directories that hold several of them stand for them. */
export const unwatchedMax = 64

/** What is used up: inotify watches, inotify instances, or this process's file descriptors. */
export type Limit = 'watches' | 'instances' | 'files'

/**
 * Adds subtrees to those that are not watched; no member lies within another. Returns which are new, and which were
 * members before and are now within a new one.
 */
export function addUnwatched(
  unwatched: Set<ByteText>,
  paths: readonly ByteText[],
): { readonly added: ByteText[]; readonly absorbed: ByteText[] } {
  const before = [...unwatched]
  let members = outermost([...before, ...paths])
  for (let depth = deepest(members); members.length > unwatchedMax && depth > 0; depth--) {
    members = outermost(members.map((path) => (depthOf(path) >= depth ? parentOf(path) : path)))
  }
  const kept = new Set(members)
  unwatched.clear()
  for (const path of members) unwatched.add(path)
  return { added: members.filter((path) => !before.includes(path)), absorbed: before.filter((path) => !kept.has(path)) }
}

export function limitMessage(root: WatchedRoot, path: ByteText, limit: Limit): string {
  const where = path === '' ? shownRoot(root) : `"${displayPath(bytesOf(path))}" in ${shownRoot(root)}`
  const meanwhile = 'It is tried again, and has to be polled until then.'
  if (limit === 'files') {
    return `No file descriptor was left to watch ${where}: raise this process's limit (LimitNOFILE, ulimit -n). ${meanwhile}`
  }
  const setting = `fs.inotify.max_user_${limit}`
  const now = settingOf(limit)
  const wanted = Math.max(usualLimits[limit], now * 2)
  const what = limit === 'watches' ? 'watch' : 'instance'
  return `No inotify ${what} was left for ${where}. ${setting} is ${now}: set it higher with  sysctl -w ${setting}=${wanted}  . ${meanwhile}`
}

/** What distributions with a large default have. */
const usualLimits = { watches: 524_288, instances: 1024 }

function settingOf(limit: 'watches' | 'instances'): number {
  try {
    return Number(fs.readFileSync(`/proc/sys/fs/inotify/max_user_${limit}`, 'utf8'))
  } catch {
    return 0
  }
}

function outermost(paths: readonly ByteText[]): ByteText[] {
  const all = new Set(paths)
  return [...all].filter((path) => {
    for (let at = path; at !== ''; ) {
      at = parentOf(at)
      if (all.has(at)) return false
    }
    return true
  })
}

function depthOf(path: ByteText): number {
  return path === '' ? 0 : path.split('/').length
}

function deepest(paths: readonly ByteText[]): number {
  return paths.reduce((depth, path) => Math.max(depth, depthOf(path)), 0)
}

function parentOf(path: ByteText): ByteText {
  return path.slice(0, Math.max(0, path.lastIndexOf('/'))) as ByteText
}
