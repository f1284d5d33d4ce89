import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FeedMessage } from '../../wire/api.ts'
import { type FeedVerdict, judgeMessage } from './feed.ts'
import { tokenIn } from './session.ts'
import { parseTileKinds } from './tile-kinds.ts'

function check(message: FeedMessage, expected: FeedVerdict): void {
  assert.equal(judgeMessage({ epoch: 'e', sequence: 5 }, message), expected)
}

test('the next message is delivered, an old one ignored, a gap or a new epoch means to fetch everything anew', () => {
  check({ kind: 'removed', sequence: 6, uuid: 'u' }, 'deliver')
  check({ kind: 'removed', sequence: 5, uuid: 'u' }, 'ignore')
  check({ kind: 'removed', sequence: 8, uuid: 'u' }, 'resync')
  check({ kind: 'hello', epoch: 'e', sequence: 5 }, 'ignore')
  check({ kind: 'hello', epoch: 'e', sequence: 7 }, 'resync')
  check({ kind: 'hello', epoch: 'f', sequence: 5 }, 'resync')
})

test('the kinds header is read item by item, and refused where it does not fit the request', () => {
  assert.deepEqual(parseTileKinds('s,f0a,a,h,u,p', 6), [
    { kind: 'stored' },
    { kind: 'fill', byte: 10 },
    { kind: 'absent' },
    { kind: 'hole' },
    { kind: 'unreadable' },
    { kind: 'pruned' },
  ])
  for (const [header, count] of [
    [null, 1],
    ['', 1],
    ['s', 2],
    ['f1', 1],
    ['x', 1],
  ] as const) {
    assert.equal(parseTileKinds(header, count), undefined)
  }
})

test('only a token alone in the hash is taken as one', () => {
  assert.equal(tokenIn('#token=abc'), 'abc')
  assert.equal(tokenIn('#/usr-bin@0x1,z=1'), undefined)
  assert.equal(tokenIn(''), undefined)
})
