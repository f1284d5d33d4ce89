import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PageSums } from './page-sums.ts'

test('sums are what was set, and only what lies in the runs stays', () => {
  const page = fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 2 ** 33, max: 2 ** 33 + 3_000 }))
  const runs = fc.uniqueArray(page, { maxLength: 20 }).map((cuts) => {
    const sorted = [...cuts].sort((a, b) => a - b)
    return sorted
      .slice(1)
      .flatMap((end, at) => (at % 2 === 0 ? [sorted[at] as number, end - (sorted[at] as number)] : []))
  })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(page, fc.integer({ min: 0, max: 2 ** 32 - 1 })), { maxLength: 60 }),
      runs,
      (writes, kept) => {
        const sums = new PageSums()
        const expected = new Map<number, number>()
        for (const [at, sum] of writes) {
          sums.set(at, sum)
          expected.set(at, sum)
        }
        const isKept = (at: number): boolean =>
          kept.some((start, i) => i % 2 === 0 && start <= at && at < start + (kept[i + 1] as number))
        const known = [...expected].filter(([, sum]) => sum !== 0).map(([at]) => at)
        assert.deepEqual(new Set(sums.outside(kept)), new Set(known.filter((at) => !isKept(at))))
        for (const [at, sum] of expected) assert.equal(sums.get(at), sum)
        for (const [at] of writes)
          assert.equal(
            sums.hasAny(at, 3),
            [at, at + 1, at + 2].some((each) => known.includes(each)),
          )
        sums.keepOnly(kept)
        for (const [at, sum] of expected) assert.equal(sums.get(at), isKept(at) ? sum : 0)
      },
    ),
  )
})

test('an empty chunk is found empty at once, however many pages are asked for', () => {
  assert.equal(new PageSums().hasAny(0, 2 ** 33), false)
})
