import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrickInfo } from '../wire/api.ts'
import { cellWalls } from './hex-cells.ts'
import { type Instant, now } from './time/instant.ts'
import { parseOffset } from './ui/search.ts'
import { statusWords } from './ui/status.ts'

test('walls stand between all neighbours in the picture that are not neighbours in the file', () => {
  const view = { camera: { x: 2, y: 2, scale: 40 }, viewport: { width: 160, height: 160 } }
  const brick = { x: 0, y: 0, length: 16, box: { x: 0, y: 0, width: 4, height: 4 } }
  const walls = cellWalls(view, brick)
  assert.ok(walls !== undefined)
  assert.equal(walls.alpha, 1)
  // 24 inner sides of a 4 x 4 square, 15 of them crossed by the curve.
  assert.equal(walls.lines.length / 4, 9)
  assert.equal(cellWalls({ ...view, camera: { x: 2, y: 2, scale: 4 } }, brick), undefined)
  assert.equal(cellWalls(view, { ...brick, length: 0 })?.lines.length, 0, 'none between cells that are not there')
})

test('an offset is hexadecimal with 0x or decimal with @, anything else is a name', () => {
  assert.equal(parseOffset('0x1a2f0'), 0x1a2f0)
  assert.equal(parseOffset('0x1\u2009a2f0'), 0x1a2f0)
  assert.equal(parseOffset('@1234'), 1234)
  for (const text of ['1234', '0x', 'bash', '0xzz', '@']) assert.equal(parseOffset(text), undefined)
})

test('the status says in words what is going on', () => {
  const brick: BrickInfo = {
    uuid: 'u',
    name: 'usr-bin',
    source: '/usr/bin',
    kind: 'tree',
    state: 'live',
    message: null,
    generation: 3,
    commit: 'c',
    time: '2026-11-22T12:03:10.000000000Z',
    length: 1,
    height: 1,
    district: { x: 0, y: 0 },
    entryCount: 1,
    contentBytes: 1,
    unreadableCount: 0,
    progress: null,
    verifiedAt: null,
  }
  const texts = (bricks: BrickInfo[], connection: 'connected' | 'disconnected', instant: Instant = now) =>
    statusWords(bricks, { connection, instant }).map(({ text }) => text)
  assert.deepEqual(texts([brick], 'connected'), ['live'])
  assert.match(texts([brick], 'disconnected').join(), /^disconnected, last commit \d\d:\d\d:10$/)
  const progress = { doneBytes: 43, totalBytes: 100 }
  assert.deepEqual(texts([{ ...brick, state: 'folding', progress }], 'connected'), ['folding usr-bin 43 %'])
  assert.deepEqual(texts([{ ...brick, state: 'failed', message: 'why' }, brick], 'connected'), [
    'usr-bin failed',
    'live',
  ])
  assert.deepEqual(texts([{ ...brick, state: 'polled', message: 'too many folders' }], 'connected'), [
    'usr-bin degraded',
    'live',
  ])
  const past = texts([brick], 'connected', { kind: 'past', time: '2026-11-22T12:00:00.000000000Z' })
  assert.match(past.join(), /^past: 2026-11-22 \d\d:00:00$/)
})
