import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ByteText } from '../linux/libc.ts'
import { addUnwatched, unwatchedMax } from './watch-limit.ts'

const text = (paths: readonly string[]): ByteText[] => paths as ByteText[]

function check(
  before: string[],
  add: string[],
  expected: { added: string[]; absorbed: string[]; now: string[] },
): void {
  const unwatched = new Set(text(before))
  const { added, absorbed } = addUnwatched(unwatched, text(add))
  assert.deepEqual({ added, absorbed, now: [...unwatched] }, expected)
}

test('a subtree within another one is not told apart', () => {
  check([], ['a/b', 'a', 'c'], { added: ['a', 'c'], absorbed: [], now: ['a', 'c'] })
  check(['a'], ['a/b'], { added: [], absorbed: [], now: ['a'] })
  check(['a/b', 'c'], ['a'], { added: ['a'], absorbed: ['a/b'], now: ['c', 'a'] })
  check(['a', 'b'], [''], { added: [''], absorbed: ['a', 'b'], now: [''] })
})

test('however many subtrees are added, few stand for all of them, and none lies within another', () => {
  const path = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'))
  const rounds = fc.array(fc.array(path, { maxLength: 120 }), { maxLength: 4 })
  fc.assert(
    fc.property(rounds, (added) => {
      const unwatched = new Set<ByteText>()
      const told = new Set<string>()
      for (const paths of added) {
        const changes = addUnwatched(unwatched, text(paths))
        for (const each of changes.absorbed) assert.ok(told.delete(each), `${each} was never told`)
        for (const each of changes.added) assert.ok(!told.has(each) && told.add(each), `${each} was told already`)
        assert.deepEqual([...told].sort(), [...unwatched].sort())
        assert.ok(unwatched.size <= unwatchedMax)
        const covers = (each: string): boolean =>
          [...unwatched].some((known) => known === '' || each === known || each.startsWith(`${known}/`))
        for (const each of paths) assert.ok(covers(each), `${each} is forgotten`)
        for (const each of unwatched) {
          const others = [...unwatched].filter((other) => other !== each)
          assert.ok(others.every((other) => other !== '' && !each.startsWith(`${other}/`)))
        }
      }
    }),
    { numRuns: 200 },
  )
})
