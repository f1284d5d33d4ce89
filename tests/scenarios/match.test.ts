// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the texts that are replaced
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differenceOf } from './match.ts'
import { substituted } from './substitute.ts'

const found = { a: 1, b: 'some text', list: [{ n: 1 }, { n: 2 }, { n: 3 }], inner: { x: null } }

test('some fields of an object and some items of a list, in order, are enough', () => {
  for (const wanted of [{}, { a: 1 }, { inner: { x: null } }, { list: [{ n: 1 }, { n: 3 }] }, { list: [] }]) {
    assert.equal(differenceOf(wanted, found), undefined, JSON.stringify(wanted))
  }
})

test('what is different is named with its place', () => {
  assert.equal(differenceOf({ a: 2 }, found), 'a is 1, not 2')
  assert.match(differenceOf({ list: [{ n: 3 }, { n: 1 }] }, found) ?? '', /^list holds no \{"n":1\} there/)
  assert.match(differenceOf({ inner: { y: 1 } }, found) ?? '', /^inner\.y is undefined, not 1/)
  assert.match(differenceOf({ inner: { x: {} } }, found) ?? '', /^inner\.x is null/)
  assert.match(differenceOf({ a: [1] }, found) ?? '', /not a list/)
})

test('words in the place of a value say it more loosely, and can be wrong', () => {
  const holding = [
    { b: { contains: 'text' } },
    { b: { matches: '^some' } },
    { a: { at_least: 1 } },
    { a: { at_most: 1 } },
  ]
  const failing = [
    { b: { contains: 'no' } },
    { b: { matches: '^text' } },
    { a: { at_least: 2 } },
    { a: { at_most: 0 } },
  ]
  for (const wanted of [...holding, { list: { exactly: found.list } }, { a: { not: 2 } }]) {
    assert.equal(differenceOf(wanted, found), undefined, JSON.stringify(wanted))
  }
  for (const wanted of [...failing, { list: { exactly: [{ n: 1 }] } }, { a: { not: 1 } }, { c: { at_least: 0 } }]) {
    assert.notEqual(differenceOf(wanted, found), undefined, JSON.stringify(wanted))
  }
})

test('names are replaced everywhere, also in names of fields; an unknown one is an error', () => {
  const names = (name: string) => (name === 'dir' ? '/d' : undefined)
  const raw = { '${dir}/x': ['${dir}', { y: '$${dir} ${dir}' }], n: 1 }
  assert.deepEqual(substituted(raw, names), { '/d/x': ['/d', { y: '${dir} /d' }], n: 1 })
  assert.throws(() => substituted('${dri}', names), /nobody knows \$\{dri\}/)
})
