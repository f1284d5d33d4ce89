import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type KeyedMapping, type MatchedLine, matchMappings, thingOf } from './mapping-match.ts'

const page = 4_096
const base = 0x7f00_0000_0000
const limits = { stackBytesMax: 8 * 2 ** 20 }

function line(start: number, end: number, more: Partial<MatchedLine> = {}): MatchedLine {
  const place = { start: base + start * page, end: base + end * page }
  return { ...place, fileOffset: 0n, dev: 0n, ino: 0n, name: '', growsDown: false, ...more }
}

/** What the next look has as formers. */
function after(formers: readonly KeyedMapping[], lines: readonly MatchedLine[]): KeyedMapping[] {
  const matches = matchMappings(formers, lines, limits)
  return lines.map((each, at) => ({ ...each, key: matches[at]?.key ?? -1, thing: thingOf(each) }))
}

test('keys are unique, whole pages, never above their mapping, and the same for the same mappings', () => {
  const lines = fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { minLength: 2, maxLength: 24 }).chain((cuts) =>
    fc
      .array(fc.record({ isThere: fc.boolean(), ino: fc.integer({ min: 0, max: 2 }), growsDown: fc.boolean() }), {
        minLength: cuts.length,
        maxLength: cuts.length,
      })
      .map((kinds) => {
        const sorted = [...cuts].sort((a, b) => a - b)
        return sorted.slice(1).flatMap((end, at) => {
          const { isThere, ino, growsDown } = kinds[at] as { isThere: boolean; ino: number; growsDown: boolean }
          const start = sorted[at] as number
          const file = { ino: BigInt(ino), fileOffset: ino === 0 ? 0n : BigInt(start * page) }
          return isThere ? [line(start, end, { ...file, growsDown: growsDown && ino === 0 })] : []
        })
      }),
  )
  fc.assert(
    fc.property(fc.array(lines, { minLength: 1, maxLength: 6 }), (looks) => {
      let formers: KeyedMapping[] = []
      for (const each of looks) {
        const next = after(formers, each)
        assert.equal(new Set(next.map(({ key }) => key)).size, next.length)
        for (const { key, start } of next) assert.ok(key >= 0 && key <= start && key % page === 0)
        assert.deepEqual(after(next, each), next)
        formers = next
      }
    }),
  )
})

test('a mapping that grows up, or shrinks at either end, keeps its key', () => {
  let formers = after([], [line(10, 20)])
  const { key } = formers[0] as KeyedMapping
  for (const [start, end] of [
    [10, 40],
    [10, 15],
    [12, 15],
    [12, 90],
  ] as const) {
    formers = after(formers, [line(start, end)])
    assert.equal(formers[0]?.key, key)
  }
})

test('what has another file, or other bytes of the same file, is another mapping', () => {
  const formers = after([], [line(10, 20, { ino: 5n })])
  const [other] = matchMappings(formers, [line(10, 20, { ino: 6n })], limits)
  const [moved] = matchMappings(formers, [line(10, 20, { ino: 5n, fileOffset: 4_096n })], limits)
  const [same] = matchMappings(formers, [line(11, 20, { ino: 5n, fileOffset: 4_096n })], limits)
  assert.equal(other?.former, undefined)
  assert.equal(moved?.former, undefined)
  assert.equal(same?.former, formers[0])
})

test('of two mappings that become one, the lower one goes on; of one that becomes two, the larger part', () => {
  const two = after([], [line(10, 20), line(21, 90)])
  const one = after(two, [line(10, 90)])
  assert.equal(one[0]?.key, two[0]?.key)
  const parts = after(one, [line(10, 20), line(20, 90)])
  assert.equal(parts[1]?.key, one[0]?.key)
  assert.notEqual(parts[0]?.key, one[0]?.key)
})

test('a stack has as much room as it may need, and keeps its key while it grows down', () => {
  const stack = { growsDown: true, name: '[stack]' }
  const formers = after([], [line(5_000, 5_033, stack)])
  assert.equal(formers[0]?.key, base + 5_033 * page - limits.stackBytesMax)
  assert.equal(after(formers, [line(4_000, 5_033, stack)])[0]?.key, formers[0]?.key)
})

test('a mapping that grows down again and again moves a few times only', () => {
  let formers = after([], [line(100_000, 100_100)])
  const keys = new Set<number>()
  for (let start = 99_900; start > 0; start -= 100) {
    formers = after(formers, [line(start, 100_100)])
    keys.add(formers[0]?.key ?? -1)
  }
  assert.ok(keys.size <= 12, `${keys.size} keys`)
})
