import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FeedMessage } from '../../wire/api.ts'
import { type FeedVerdict, judgeMessage } from './feed.ts'
import { tokenIn } from './session.ts'
import { parseTileKinds } from './tile-kinds.ts'

function check(message: FeedMessage, expected: FeedVerdict): void {
  assert.equal(judgeMessage({ epoch: 'e', sequence: 5 }, message), expected)
}

const time = '2026-11-22T14:00:00.000000000Z'

test('the next message is delivered, an old one ignored, a jump in the numbers means to fetch everything anew', () => {
  check({ kind: 'removed', sequence: 6, time, uuid: 'u' }, 'deliver')
  check({ kind: 'removed', sequence: 5, time, uuid: 'u' }, 'ignore')
  check({ kind: 'removed', sequence: 8, time, uuid: 'u' }, 'resync')
})

test('after a break what was missed is awaited, unless it cannot be told any more or is long', () => {
  const hello = { kind: 'hello' as const, epoch: 'e', sequence: 5, oldest: 1, fresh: false }
  check(hello, 'ignore')
  check({ ...hello, sequence: 12 }, 'ignore')
  check({ ...hello, sequence: 5000 }, 'resync')
  check({ ...hello, fresh: true }, 'resync')
  check({ ...hello, epoch: 'f' }, 'resync')
  check({ kind: 'gap', from: 6, to: 9 }, 'resync')
  check({ kind: 'gap', from: 2, to: 5 }, 'ignore')
})

test('progress has no number and is always news', () => {
  check({ kind: 'progress', uuid: 'u', progress: { doneBytes: 1, totalBytes: 2 } }, 'deliver')
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
