import assert from 'node:assert/strict'
import { test } from 'node:test'
import { displayPath, utf8 } from '../base/bytes.ts'
import { pathBelow } from './tree-places.ts'

test('a place is named from the root that it lies in, and from no other', () => {
  const of = (root: string, place: string): string | undefined => {
    const path = pathBelow({ root: utf8(root), place: utf8(place) })
    return path && displayPath(path)
  }
  assert.equal(of('/', '/etc/x'), 'etc/x')
  assert.equal(of('/', '/'), '')
  assert.equal(of('/opt/app', '/opt/app/run'), 'run')
  assert.equal(of('/opt/app', '/opt/app'), '')
  assert.equal(of('/opt/app', '/opt/apple'), undefined)
  assert.equal(of('/opt/app', '/opt'), undefined)
})
