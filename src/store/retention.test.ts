import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type DatedCommit, defaultRetention, type RetentionPolicy, retainedOf } from './retention.ts'

const policies: fc.Arbitrary<RetentionPolicy> = fc.record({
  last: fc.integer({ min: 1, max: 6 }),
  hourly: fc.integer({ min: 0, max: 6 }),
  daily: fc.integer({ min: 0, max: 6 }),
})
/** Minutes to days between commits. */
const gaps = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 80 })
const none: ReadonlySet<number> = new Set()

function commitsOf(gapsSeconds: readonly number[]): DatedCommit[] {
  let seconds = 1_700_000_000
  return gapsSeconds.map((gap, index) => {
    seconds += gap
    return { generation: index + 1, time: { seconds, nanoseconds: 0 } }
  })
}

test('dropping after every commit keeps what choosing once from all commits keeps', () => {
  fc.assert(
    fc.property(gaps, policies, (gapsSeconds, policy) => {
      const all = commitsOf(gapsSeconds)
      let kept: DatedCommit[] = []
      for (const commit of all) {
        const retained = retainedOf([...kept, commit], policy, none)
        kept = [...kept, commit].filter(({ generation }) => retained.has(generation))
      }
      assert.deepEqual(new Set(kept.map(({ generation }) => generation)), retainedOf(all, policy, none))
    }),
  )
})

test('the newest commit, the last ones and the tagged ones are kept, whatever the clock said', () => {
  const wild = fc.array(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(wild, policies, fc.array(fc.nat(70)), (times, policy, tags) => {
      const commits = times.map((seconds, index) => ({ generation: index + 1, time: { seconds, nanoseconds: 0 } }))
      const retained = retainedOf(commits, policy, new Set(tags))
      const { last, hourly, daily } = policy
      for (let back = 0; back < Math.min(last, commits.length); back++) assert.ok(retained.has(commits.length - back))
      for (const tag of tags) if (tag >= 1 && tag <= commits.length) assert.ok(retained.has(tag))
      assert.ok(retained.size <= last + hourly + daily + new Set(tags).size)
    }),
  )
})

test('of each hour and each day the newest commit stays', () => {
  const hour = 3_600
  const times = [0, 10, 20, hour, hour + 5, 24 * hour, 24 * hour + 1, 50 * hour]
  const commits = times.map((seconds, index) => ({ generation: index + 1, time: { seconds, nanoseconds: 0 } }))
  assert.deepEqual([...retainedOf(commits, { last: 1, hourly: 3, daily: 0 }, none)].sort(), [5, 7, 8])
  assert.deepEqual([...retainedOf(commits, { last: 1, hourly: 0, daily: 2 }, none)].sort(), [7, 8])
  assert.equal(retainedOf(commits, defaultRetention, none).size, commits.length)
})

interface Said extends DatedCommit {
  readonly contents: string
}

/** Runs of commits with the same contents. */
const saidRuns = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 25 })
const contentsOf = ({ contents }: Said): string => contents

function saidCommits(runs: readonly number[]): Said[] {
  const all = runs.flatMap((length, run) => Array.from({ length }, () => `${run % 3}`))
  return all.map((contents, index) => {
    return { generation: index + 1, time: { seconds: 60 * index, nanoseconds: 0 }, contents }
  })
}

test('commits that only say more of the same contents count once, and two of them are enough', () => {
  fc.assert(
    fc.property(saidRuns, fc.integer({ min: 1, max: 8 }), (runs, last) => {
      const retained = retainedOf(saidCommits(runs), { last, hourly: 0, daily: 0 }, none, contentsOf)
      let generation = 0
      const expected = runs.map((length, run) => {
        const [first, newest] = [generation + 1, generation + length]
        generation = newest
        return run >= runs.length - last ? [first, newest] : []
      })
      assert.deepEqual(
        [...retained].sort((a, b) => a - b),
        [...new Set(expected.flat())],
      )
    }),
  )
})

test('that stays so where commits are dropped one after the other, whatever has a tag', () => {
  fc.assert(
    fc.property(saidRuns, policies, fc.array(fc.nat(60), { maxLength: 6 }), (runs, policy, tags) => {
      const tagged = new Set(tags)
      const all = saidCommits(runs)
      let kept: Said[] = []
      for (const commit of all) {
        const retained = retainedOf([...kept, commit], policy, tagged, contentsOf)
        kept = [...kept, commit].filter(({ generation }) => retained.has(generation))
      }
      assert.ok(kept.length >= Math.min(policy.last, runs.length))
      for (const { generation } of all)
        if (tagged.has(generation)) assert.ok(kept.some((c) => c.generation === generation))
      assert.equal(kept.at(-1)?.generation, all.at(-1)?.generation)
      assert.ok(kept.length <= 2 * policy.last + policy.hourly + policy.daily + 3 * tagged.size)
    }),
  )
})
