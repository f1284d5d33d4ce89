import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesKey, utf8 } from '../base/bytes.ts'
import { BrickSync, commitDistanceMs, retryFirstMs, retryMaxMs, type SyncOrder, settleMs } from './brick-sync.ts'
import type { DirtyScope } from './dirty-set.ts'

const a: DirtyScope = { path: utf8('a'), reach: 'entry' }
const b: DirtyScope = { path: utf8('b'), reach: 'entry' }

function paths(order: SyncOrder): string[] {
  assert.equal(order.kind, 'reconcile')
  return order.kind === 'reconcile' ? order.scopes.map(({ path, reach }) => `${reach} ${bytesKey(path)}`) : []
}

test('nothing is done where nothing is dirty', () => {
  const sync = new BrickSync()
  assert.deepEqual(sync.next(0), { kind: 'idle' })
  assert.ok(sync.isSettled)
})

test('the first change after quiet is taken as soon as its burst has settled, and the burst with it', () => {
  const sync = new BrickSync()
  sync.hint(a, 1000)
  assert.deepEqual(sync.next(1000), { kind: 'wait', untilMs: 1000 + settleMs })
  sync.hint(b, 1010)
  assert.deepEqual(sync.next(1010), { kind: 'wait', untilMs: 1000 + settleMs })
  assert.deepEqual(paths(sync.next(1000 + settleMs)), ['entry a', 'entry b'])
})

test('under steady change commits keep their distance', () => {
  const sync = new BrickSync()
  sync.hint(a, 0)
  sync.next(settleMs)
  sync.hint(b, 20)
  assert.deepEqual(sync.next(20), { kind: 'busy' })
  sync.finished('committed', 30)
  assert.deepEqual(sync.next(40), { kind: 'wait', untilMs: 30 + commitDistanceMs })
  assert.deepEqual(paths(sync.next(30 + commitDistanceMs)), ['entry b'])
})

test('a reconcile that found nothing keeps nobody waiting', () => {
  const sync = new BrickSync()
  sync.hint(a, 0)
  sync.next(settleMs)
  sync.finished('unchanged', 30)
  sync.hint(b, 40)
  assert.deepEqual(sync.next(40 + settleMs).kind, 'reconcile')
})

test('after a failure everything is dirty, and each further failure waits longer, up to a bound', () => {
  const sync = new BrickSync()
  sync.hint(a, 0)
  sync.next(settleMs)
  let now = 100
  let wait = retryFirstMs
  for (let failure = 0; failure < 2000; failure++) {
    sync.failed(now)
    assert.deepEqual(sync.next(now), { kind: 'wait', untilMs: now + wait })
    now += wait
    assert.deepEqual(paths(sync.next(now)), ['subtree '])
    wait = Math.min(2 * wait, retryMaxMs)
  }
  sync.finished('committed', now)
  sync.hint(a, now)
  sync.next(now + commitDistanceMs)
  sync.failed(now)
  assert.deepEqual(sync.next(now), { kind: 'wait', untilMs: now + retryFirstMs })
})

test('who hurries is not kept waiting by settling, distance or back-off', () => {
  const sync = new BrickSync()
  sync.hint(a, 0)
  sync.hurry()
  assert.deepEqual(paths(sync.next(0)), ['entry a'])
  sync.failed(0)
  sync.hurry()
  assert.deepEqual(paths(sync.next(0)), ['subtree '])
})

test('hurry is for what is dirty now: a hint after that settles again', () => {
  const sync = new BrickSync()
  sync.hint(a, 0)
  sync.next(settleMs)
  sync.hurry()
  sync.finished('committed', 20)
  assert.deepEqual(sync.next(20), { kind: 'idle' })
  sync.hint(b, 1000)
  assert.deepEqual(sync.next(1000), { kind: 'wait', untilMs: 1000 + settleMs })
})

test('it is settled only when nothing is dirty and nothing runs', () => {
  const sync = new BrickSync()
  sync.hint(a, 0)
  assert.ok(!sync.isSettled && sync.isDirty)
  sync.next(settleMs)
  assert.ok(!sync.isSettled && !sync.isDirty)
  sync.hint(b, 20)
  sync.finished('committed', 20)
  assert.ok(!sync.isSettled)
})

/** What the outside world may do to it. */
type Move = 'hint' | 'hintAll' | 'hurry' | 'finish' | 'fail' | 'next'

test('no hint is ever lost, and two reconciles never run at once', () => {
  const moves = fc.constantFrom<Move[]>('hint', 'hintAll', 'hurry', 'finish', 'fail', 'next')
  const steps = fc.array(fc.tuple(moves, fc.nat({ max: 2_000 }), fc.nat({ max: 5 })), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (script) => {
      const sync = new BrickSync()
      let now = 0
      let taken: readonly DirtyScope[] | undefined
      const owed = new Set<string>()
      const isCovered = (key: string): boolean =>
        taken?.some(({ path, reach }) => bytesKey(path) === key || (reach === 'subtree' && path.length === 0)) ?? false
      for (const [move, laterMs, name] of script) {
        now += laterMs
        if (move === 'hint') sync.hint({ path: utf8(`${name}`), reach: 'entry' }, now)
        if (move === 'hint') owed.add(`${name}`)
        if (move === 'hintAll') sync.hintAll(now)
        if (move === 'hurry') sync.hurry()
        if (taken !== undefined && move === 'fail') {
          for (const { path } of taken) if (path.length > 0) owed.add(bytesKey(path))
          sync.failed(now)
          taken = undefined
        } else if (taken !== undefined && move === 'finish') {
          sync.finished('committed', now)
          taken = undefined
        }
        if (move !== 'next') continue
        const order = sync.next(now)
        assert.equal(order.kind === 'busy', taken !== undefined)
        if (order.kind !== 'reconcile') continue
        taken = order.scopes
        for (const key of owed) assert.ok(isCovered(key), `${key} was forgotten`)
        owed.clear()
      }
      if (taken !== undefined) sync.finished('unchanged', now)
      const end = sync.next(now + 2 * retryMaxMs)
      if (owed.size > 0) assert.equal(end.kind, 'reconcile')
    }),
  )
})
