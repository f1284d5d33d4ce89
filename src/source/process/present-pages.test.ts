import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseMaps } from './maps.ts'
import { presentRuns, presentRunsByTable } from './present-pages.ts'
import { joinedRuns, roundedRuns, totalOf } from './rounded-runs.ts'

test('both ways of asking which pages are there agree about memory that stands still', (t) => {
  const fd = openSync('/proc/self/pagemap', 'r')
  t.after(() => closeSync(fd))
  const program = parseMaps(readFileSync('/proc/self/maps')).filter(({ name }) => name === process.execPath)
  assert.ok(program.length > 0)
  let present = 0
  for (const { start, end } of program) {
    const range = { start, end, wanted: 'present' } as const
    // Pages of a program come while it runs: the first answer lies between two of the other kind.
    const [low, found, high] = [presentRunsByTable(fd, range), presentRuns(fd, range), presentRunsByTable(fd, range)]
    assert.ok(Array.isArray(low) && Array.isArray(found) && Array.isArray(high))
    assert.equal(totalOf(joinedRuns(low, found)), totalOf(found))
    assert.equal(totalOf(joinedRuns(found, high)), totalOf(high))
    present += totalOf(found)
  }
  assert.ok(present > 2 ** 20)
})

test('a mapping that would take minutes to look through is refused', () => {
  assert.equal(presentRunsByTable(-1, { start: 0, end: 2 ** 44, wanted: 'present' }), 'EFBIG')
})

test('runs in larger pieces have all that the runs had, within their bounds', () => {
  const runs = fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { maxLength: 40 }).map((cuts) => {
    const sorted = [...cuts].sort((a, b) => a - b)
    return sorted
      .slice(1)
      .flatMap((end, at) =>
        at % 2 === 0 ? [4_096 * (sorted[at] as number), 4_096 * (end - (sorted[at] as number))] : [],
      )
  })
  fc.assert(
    fc.property(runs, runs, (a, b) => {
      const rounded = roundedRuns(a, { from: 4_096, to: 400 * 4_096 })
      assert.equal(totalOf(joinedRuns(rounded, a)), totalOf(rounded))
      for (let i = 0; i < rounded.length; i += 2) {
        assert.ok((rounded[i] as number) >= 4_096 && (rounded[i] as number) + (rounded[i + 1] as number) <= 400 * 4_096)
      }
      const pages = new Set(
        [a, b].flatMap((each) =>
          each.flatMap((start, i) => (i % 2 === 0 ? pagesOf(start, each[i + 1] as number) : [])),
        ),
      )
      assert.equal(totalOf(joinedRuns(a, b)), 4_096 * pages.size)
    }),
  )
})

function pagesOf(start: number, length: number): number[] {
  return Array.from({ length: length / 4_096 }, (_, at) => start / 4_096 + at)
}
