/** From what a person says (`AtSpec`) to one of the commits that the brick has. */
import { displayPath, toHex, utf8 } from '../base/bytes.ts'
import type { Timestamp } from '../base/entry.ts'
import { rfc3339 } from '../base/entry-text.ts'
import { FoundryError } from '../base/errors.ts'
import type { BrickView } from '../store/brick-view.ts'
import { type PastCommit, pastCommits } from '../store/history.ts'
import type { AtSpec } from './at-spec.ts'
import { viewOfPast } from './commits.ts'

export { type AtSpec, parseAt } from './at-spec.ts'

/** The commit that is meant, as a view of the same file; `newest` itself where that is. Errors: COMMIT_MISSING; BrickDamage. */
export function viewBehind(newest: BrickView, at: AtSpec): BrickView {
  const found = findCommit(newest, at)
  return found === 'newest' ? newest : viewOfPast(newest, found)
}

/** Whether the text of an `AtSpec` means a commit of this brick. */
export function meansCommit(newest: BrickView, at: AtSpec): boolean {
  if (at.kind !== 'name') return true
  return matches(newest, at, [...pastCommits(newest)]).length > 0
}

/** Errors: COMMIT_MISSING, with what there is. */
function findCommit(newest: BrickView, at: AtSpec): PastCommit | 'newest' {
  if (at.kind === 'newest') return 'newest'
  const past = [...pastCommits(newest)]
  const found = matches(newest, at, past)
  const [first] = found
  if (first !== undefined && found.length === 1) return first
  if (found.length > 1) throw missing(newest, past, `${shown(at)} is the beginning of ${found.length} commit ids`)
  throw missing(newest, past, `It has no commit ${shown(at)}`)
}

/** Candidates are ordered by generation, so the last one in time is asked for from the end. */
function matches(newest: BrickView, at: AtSpec, past: readonly PastCommit[]): readonly (PastCommit | 'newest')[] {
  const { record } = newest
  const all: readonly (PastCommit | 'newest')[] = [...past, 'newest']
  const one = (found: PastCommit | 'newest' | undefined) => (found === undefined ? [] : [found])
  const generationOf = (commit: PastCommit | 'newest') => (commit === 'newest' ? record : commit).generation
  const timeOf = (commit: PastCommit | 'newest') => (commit === 'newest' ? record : commit).time
  const idOf = (commit: PastCommit | 'newest') => toHex((commit === 'newest' ? record : commit).id)
  switch (at.kind) {
    case 'newest':
      return ['newest']
    case 'oldest':
      return one(all[0])
    case 'generation':
      return one(all.find((commit) => generationOf(commit) === at.generation))
    case 'back':
      return one(all[all.length - 1 - at.commitCount])
    case 'time':
      return one(all.findLast((commit) => !isAfter(timeOf(commit), at.time)))
    case 'tag':
      return one(past.findLast(({ tag }) => tag === at.tag))
    case 'name': {
      const tagged = past.findLast(({ tag }) => tag === at.name)
      if (tagged !== undefined) return [tagged]
      return isIdBeginning(at.name) ? all.filter((commit) => idOf(commit).startsWith(at.name)) : []
    }
  }
}

/** As many digits as `sfd log` shows are enough; fewer than 7 are a name. */
function isIdBeginning(name: string): boolean {
  return /^[0-9a-f]{7,64}$/.test(name)
}

function isAfter(a: Timestamp, b: Timestamp): boolean {
  return a.seconds > b.seconds || (a.seconds === b.seconds && a.nanoseconds > b.nanoseconds)
}

function missing(newest: BrickView, past: readonly PastCommit[], what: string): FoundryError {
  const newestText = `generation ${newest.record.generation} (${timeText(newest.record.time)})`
  const [oldest] = past
  const range =
    oldest === undefined
      ? `there is only ${newestText}`
      : `there are ${past.length + 1} commits from generation ${oldest.generation} (${timeText(oldest.time)}) to ${newestText}`
  return new FoundryError('COMMIT_MISSING', `${what}; ${range}. \`sfd log\` lists them.`)
}

function shown(at: AtSpec): string {
  switch (at.kind) {
    case 'newest':
    case 'oldest':
      return at.kind
    case 'generation':
      return `of generation ${at.generation}`
    case 'back':
      return `${at.commitCount} before the newest`
    case 'time':
      return `at or before ${timeText(at.time)}`
    case 'tag':
      return `with the tag ${displayPath(utf8(at.tag))}`
    case 'name':
      return `${displayPath(utf8(at.name))} (no tag, no commit id, no time)`
  }
}

function timeText(time: Timestamp): string {
  const text = rfc3339(time)
  return text === null ? `@${time.seconds}` : `${text.slice(0, 19).replace('T', ' ')} UTC`
}
