import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import { FileQuota } from './file-quota.ts'

/** One complete listing; what was let in. */
function list(quota: FileQuota, names: string): string {
  quota.begin()
  const admitted = [...names].filter((name) => quota.admits(utf8(name))).join('')
  quota.end()
  return admitted
}

test('the first files in the order of listing are let in, and the others are counted', () => {
  const quota = new FileQuota(3)
  assert.equal(list(quota, 'abcde'), 'abc')
  assert.equal(quota.leftOut, 2)
})

test('a file that comes pushes none out', () => {
  const quota = new FileQuota(3)
  list(quota, 'bcde')
  assert.equal(list(quota, 'abcde'), 'bcd')
  assert.equal(quota.leftOut, 2)
})

test('files that are known already have their places', () => {
  assert.equal(list(new FileQuota(2, [utf8('d'), utf8('e')]), 'abcde'), 'de')
})

test('a place that becomes free is given to the next that is looked at', () => {
  const quota = new FileQuota(2)
  list(quota, 'abc')
  assert.equal(quota.wantsListing, false)
  quota.gone(utf8('a'))
  assert.ok(quota.wantsListing)
  assert.equal(list(quota, 'bc'), 'bc')
  assert.equal(quota.leftOut, 0)
})

test('a file that a complete listing did not meet loses its place', () => {
  const quota = new FileQuota(2)
  list(quota, 'abc')
  assert.equal(list(quota, 'c'), '')
  assert.equal(list(quota, 'c'), 'c')
})

test('a listing that did not come to its end takes no place away', () => {
  const quota = new FileQuota(2)
  list(quota, 'ab')
  quota.begin()
  quota.admits(utf8('a'))
  assert.equal(list(quota, 'abc'), 'ab')
})

test('a limit of none leaves all out', () => {
  const quota = new FileQuota(0)
  assert.equal(list(quota, 'ab'), '')
  assert.equal(quota.leftOut, 2)
})
