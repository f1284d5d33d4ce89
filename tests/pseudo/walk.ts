/** node walk.ts ROOT... : lists each root as a source does, and says on stdout what came of it. SFD_WALK_EXCLUDE: globs, by spaces. */
import { displayPath, utf8 } from '../../src/base/bytes.ts'
import { ExcludeMatcher } from '../../src/source/exclude.ts'
import { listTree } from '../../src/source/list.ts'
import { pseudoBytesMax } from '../../src/source/pseudo.ts'

export interface Walked {
  readonly root: string
  readonly entries: number
  readonly bytes: number
  /** Files whose content is larger than the cap. */
  readonly tooLarge: readonly string[]
  /** Path of what could not be read -> why, of at most so many. */
  readonly unreadable: Readonly<Record<string, string>>
  readonly longestMs: number
  readonly longest: string
}

export interface WalkReport {
  readonly roots: readonly Walked[]
  readonly maxRssKib: number
}

const unreadableMax = 50_000
const clock = { monotonicMs: (): number => performance.now() }
const exclude = new ExcludeMatcher({ patterns: (process.env['SFD_WALK_EXCLUDE'] ?? '').split(' ').filter(Boolean) })
const roots = process.argv.slice(2).map(walked)
const report: WalkReport = { roots, maxRssKib: process.resourceUsage().maxRSS }
process.stdout.write(JSON.stringify(report))

function walked(root: string): Walked {
  const tooLarge: string[] = []
  const unreadable: Record<string, string> = {}
  let [entries, bytes, longestMs, longest] = [0, 0, 0, '']
  let atMs = clock.monotonicMs()
  for (const { meta, content } of listTree({ root: utf8(root), clock, exclude })) {
    const path = displayPath(meta.path)
    const nowMs = clock.monotonicMs()
    if (nowMs - atMs > longestMs) [longestMs, longest] = [nowMs - atMs, path]
    atMs = nowMs
    entries++
    bytes += content?.length ?? 0
    if ((content?.length ?? 0) > pseudoBytesMax) tooLarge.push(path)
    if (meta.unreadable !== undefined && entries < unreadableMax) unreadable[path] = meta.unreadable
  }
  return { root, entries, bytes, tooLarge, unreadable, longestMs, longest }
}
