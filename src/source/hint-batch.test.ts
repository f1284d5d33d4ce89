import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ByteText } from '../linux/libc.ts'
import { HintBatch, type HintScope, type HintTuple, hintsPerRootMax } from './hint-batch.ts'

function batchOf(hints: readonly (readonly [path: string, scope: HintScope])[], root = 1): HintBatch {
  const batch = new HintBatch()
  for (const [path, scope] of hints) batch.add(root, path as ByteText, scope)
  return batch
}

function isTold(taken: readonly HintTuple[], path: string): boolean {
  return taken.some(([, told, scope]) => {
    if (told === path) return true
    return scope === 'subtree' && (told === '' || path.startsWith(`${told}/`))
  })
}

test('a path is told once, with the wider scope', () => {
  const batch = batchOf([
    ['a', 'entry'],
    ['b', 'subtree'],
    ['a', 'entry'],
    ['b', 'entry'],
    ['a', 'subtree'],
  ])
  assert.deepEqual(batch.take(), [
    [1, 'a', 'subtree'],
    [1, 'b', 'subtree'],
  ])
  assert.equal(batch.isEmpty, true)
  assert.deepEqual(batch.take(), [])
})

test('what a subtree hint covers is not told again, a name that only begins the same is', () => {
  const batch = batchOf([
    ['a/b/c', 'entry'],
    ['a', 'subtree'],
    ['a/d', 'subtree'],
    ['ab', 'entry'],
    ['', 'entry'],
  ])
  assert.deepEqual(batch.take(), [
    [1, 'a', 'subtree'],
    [1, 'ab', 'entry'],
    [1, '', 'entry'],
  ])
  assert.deepEqual(
    batchOf([
      ['a', 'entry'],
      ['', 'subtree'],
    ]).take(),
    [[1, '', 'subtree']],
  )
})

test('too many hints of a root become one of the directory they are in, other roots stay as they are', () => {
  const batch = new HintBatch()
  for (let i = 0; i <= hintsPerRootMax; i++) batch.add(1, `var/log/app-${i}/x` as ByteText, 'entry')
  batch.add(2, 'b' as ByteText, 'entry')
  assert.deepEqual(batch.take(), [
    [1, 'var/log', 'subtree'],
    [2, 'b', 'entry'],
  ])
  for (let i = 0; i <= hintsPerRootMax; i++) batch.add(1, `var/log/${i}` as ByteText, 'entry')
  batch.add(1, 'var/lib' as ByteText, 'entry')
  assert.deepEqual(batch.take(), [[1, 'var', 'subtree']])
})

test('a dropped root tells nothing', () => {
  const batch = batchOf([['a', 'entry']], 7)
  batch.drop(7)
  assert.equal(batch.isEmpty, true)
})

test('nothing that was added is ever left out, however much was merged', () => {
  const paths = fc.array(fc.constantFrom('a', 'b', 'ab', 'c'), { maxLength: 4 }).map((parts) => parts.join('/'))
  const added = fc.array(fc.tuple(paths, fc.constantFrom<HintScope>('entry', 'subtree')), {
    minLength: 1,
    maxLength: 30,
  })
  fc.assert(
    fc.property(added, fc.boolean(), (hints, isFlooded) => {
      const batch = batchOf(hints)
      const first = hints[0]?.[0] ?? ''
      const flood = first === '' ? 'f' : `${first}/f`
      if (isFlooded) for (let i = 0; i <= hintsPerRootMax; i++) batch.add(1, `${flood}${i}` as ByteText, 'entry')
      const taken = batch.take()
      for (const [path, scope] of hints) {
        assert.ok(isTold(taken, path), path)
        if (scope === 'subtree') assert.ok(isTold(taken, path === '' ? 'any' : `${path}/any`), path)
      }
      assert.ok(taken.length <= hints.length + (isFlooded ? 1 : 0))
    }),
    { numRuns: 60 },
  )
})
