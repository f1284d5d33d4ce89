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

/** Generations to keep; `tagged` ones always. `commits` in any order. */
export function retainedOf(
  commits: readonly DatedCommit[],
  policy: RetentionPolicy,
  tagged: ReadonlySet<number>,
): Set<number> {
  for (const count of Object.values(policy)) assert(count >= 0 && count <= retentionMax, `a policy counts ${count}`)
  const newestFirst = [...commits].sort((a, b) => b.generation - a.generation)
  const retained = new Set(newestFirst.slice(0, Math.max(1, policy.last)).map(({ generation }) => generation))
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

const hourSeconds = 3_600
const daySeconds = 86_400
