import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesKey, utf8 } from '../base/bytes.ts'
import { type DirtyScope, DirtySet, dirtyPathsMax } from './dirty-set.ts'

function scope(text: string): DirtyScope {
  if (text.startsWith('!')) return { ...scope(text.slice(1)), look: 'content' }
  return text.startsWith('**') ? { path: utf8(text.slice(2)), reach: 'subtree' } : { path: utf8(text), reach: 'entry' }
}

/** `**a` is the subtree of a, `a` the entry, `!a` the entry with its content. */
function check(added: readonly string[], expected: readonly string[]): void {
  const set = new DirtySet()
  for (const text of added) set.add(scope(text))
  assert.deepEqual(set.take().map(shown), expected)
  assert.ok(set.isEmpty)
}

function shown({ path, reach, look }: DirtyScope): string {
  return (look === 'content' ? '!' : '') + (reach === 'subtree' ? '**' : '') + bytesKey(path)
}

test('paths come out once, parents before children', () => {
  check(['b/c', 'a', 'b', 'a', 'b/c'], ['a', 'b', 'b/c'])
})

test('a subtree swallows what lies beneath it, before and after it was added', () => {
  check(['a/b', '**a', 'a/c/d'], ['**a'])
  check(['**', 'a', 'b/c'], ['**'])
})

test('a subtree does not swallow its neighbours', () => {
  check(['**a', 'a-b', 'a.c/d', 'ab'], ['**a', 'a-b', 'a.c/d', 'ab'])
})

test('an entry hint never narrows a subtree hint of the same path', () => {
  check(['**a', 'a'], ['**a'])
  check(['a', '**a'], ['**a'])
})

test('a content that has to be read again is not swallowed by a look at metadata, before or after', () => {
  check(['!a/b', '**a'], ['**a', '!a/b'])
  check(['**a', '!a/b', 'a/b', 'a/c'], ['**a', '!a/b'])
  check(['!a', 'a'], ['!a'])
  check(['a', '!a'], ['!a'])
  check(['!**a', '!a/b', 'a/c'], ['!**a'])
})

test('that everything is dirty takes nothing back of what has to be read again', () => {
  const set = new DirtySet()
  for (const text of ['a', '!b', 'c']) set.add(scope(text))
  set.addAll()
  assert.deepEqual(set.take().map(shown), ['**', '!b'])
})

test('a hint of one entry can be withdrawn, and no other', () => {
  const set = new DirtySet()
  for (const text of ['a', '!b', '**c']) set.add(scope(text))
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((text) => set.withdraw(utf8(text))),
    [true, false, false, false],
  )
  assert.deepEqual(set.take().map(shown), ['!b', '**c'])
})

test('beyond its bound the set forgets detail, never facts', () => {
  const set = new DirtySet()
  for (let i = 0; i <= dirtyPathsMax; i++) set.add({ path: utf8(`f${i}`), reach: 'entry' })
  assert.deepEqual(set.take().map(shown), ['**'])
  for (let i = 0; i <= dirtyPathsMax; i++) set.add(scope(i === 7 ? '!f7' : `f${i}`))
  assert.deepEqual(set.take().map(shown), ['!**'])
})

test('whatever was added is covered by what is taken, and nothing is taken twice', () => {
  const path = fc.array(fc.constantFrom('a', 'b', 'a-b', '\n', 'é'), { maxLength: 4 }).map((parts) => parts.join('/'))
  const added = fc.array(fc.tuple(path, fc.constantFrom<DirtyScope['reach'][]>('entry', 'subtree')), { maxLength: 30 })
  fc.assert(
    fc.property(added, (scopes) => {
      const set = new DirtySet()
      for (const [text, reach] of scopes) set.add({ path: utf8(text), reach })
      const taken = set.take()
      const keys = taken.map(({ path: bytes }) => bytesKey(bytes))
      assert.equal(new Set(keys).size, keys.length)
      for (const [text, reach] of scopes) {
        const key = bytesKey(utf8(text))
        const isCovered = taken.some((each, i) => {
          const top = keys[i] as string
          if (each.reach === 'subtree') return top === '' || key === top || key.startsWith(`${top}/`)
          return reach === 'entry' && key === top
        })
        assert.ok(isCovered, `${reach} ${text} was forgotten`)
      }
    }),
  )
})
