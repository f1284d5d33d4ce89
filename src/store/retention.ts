/**
 * Which commits a brick keeps: the newest ones, one for each of some hours and days, and those with a tag.
 *
 * Pure. What was dropped once is never wanted again: a commit that is not the newest of its hour now will not become it.
 * Order is that of generations, so a clock that was set back or far ahead costs at most one bucket for each such time.
 */
import { assert } from '../base/assert.ts'
import type { Timestamp } from '../base/entry.ts'
import { type RetentionPolicy, retentionMax } from '../brick/meta.ts'

export type { RetentionPolicy } from '../brick/meta.ts'

export const defaultRetention: RetentionPolicy = { last: 50, hourly: 24, daily: 30 }

/** What of a commit decides whether it is kept. */
export interface DatedCommit {
  readonly generation: number
  readonly time: Timestamp
}

/**
 * Generations to keep; `tagged` ones always. `commits` in any order.
 *
 * Commits without a tag that follow each other with the same contents count once: they differ in what is said of them. The
 * first of them, that others may have been told of, and the newest stay. `contentsOf` is the same for two commits with the
 * same contents; it is asked only where it matters.
 */
export function retainedOf<C extends DatedCommit>(
  commits: readonly C[],
  policy: RetentionPolicy,
  tagged: ReadonlySet<number>,
  contentsOf: (commit: C) => string = ({ generation }) => String(generation),
): Set<number> {
  for (const count of Object.values(policy)) assert(count >= 0 && count <= retentionMax, `a policy counts ${count}`)
  const newestFirst = [...commits].sort((a, b) => b.generation - a.generation)
  const retained = lastOf(newestFirst, Math.max(1, policy.last), { tagged, contentsOf })
  const rules = [
    { seconds: hourSeconds, countMax: policy.hourly, seen: new Set<number>() },
    { seconds: daySeconds, countMax: policy.daily, seen: new Set<number>() },
  ]
  for (const { generation, time } of newestFirst) {
    if (tagged.has(generation)) retained.add(generation)
    for (const { seconds, countMax, seen } of rules) {
      const bucket = Math.floor(time.seconds / seconds)
      if (seen.size >= countMax || seen.has(bucket)) continue
      seen.add(bucket)
      retained.add(generation)
    }
  }
  return retained
}

/** The newest `countMax`, those that say more of the same contents beside them. */
function lastOf<C extends DatedCommit>(
  newestFirst: readonly C[],
  countMax: number,
  { tagged, contentsOf }: { readonly tagged: ReadonlySet<number>; readonly contentsOf: (commit: C) => string },
): Set<number> {
  const nameOf = (commit: C | undefined): string | undefined =>
    commit === undefined || tagged.has(commit.generation) ? undefined : contentsOf(commit)
  const retained = new Set<number>()
  let count = 0
  let after: string | undefined
  for (const [at, commit] of newestFirst.entries()) {
    const name = nameOf(commit)
    const isAgain = name !== undefined && name === after
    if (!isAgain && ++count > countMax) break
    const isBetween = isAgain && nameOf(newestFirst[at + 1]) === name
    if (!isBetween) retained.add(commit.generation)
    after = name
  }
  return retained
}

const hourSeconds = 3_600
const daySeconds = 86_400
