/** Long because each promise of the machine is a short story of its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesKey, utf8 } from '../base/bytes.ts'
import { type Barrier, BrickSync, type Finished, type SyncOrder } from './brick-sync.ts'
import type { DirtyScope } from './dirty-set.ts'
import { type SyncPolicy, syncPolicy } from './sync-policy.ts'

const { settleMs, commitDistanceMs, maxWaitMs, retryFirstMs, retryMaxMs } = syncPolicy
/** Nothing is done by itself. */
const quiet: SyncPolicy = { ...syncPolicy, rescanMs: null, scrubMs: null }
const a: DirtyScope = { path: utf8('a'), reach: 'entry' }
const b: DirtyScope = { path: utf8('b'), reach: 'entry' }
const committed: Finished = { outcome: 'committed', writtenBytes: 0 }
const unchanged: Finished = { outcome: 'unchanged', writtenBytes: 0 }

function quietSync(more: Partial<SyncPolicy> = {}): BrickSync {
  return new BrickSync({ policy: { ...quiet, ...more } })
}

function paths(order: SyncOrder): string[] {
  assert.equal(order.kind, 'reconcile')
  if (order.kind !== 'reconcile') return []
  return order.scopes.map(({ path, reach, look }) => `${look ?? ''}${reach} ${bytesKey(path)}`)
}

function reasonOf(order: SyncOrder): string {
  return order.kind === 'reconcile' ? order.reason : order.kind
}

function untilOf(order: SyncOrder): number {
  assert.equal(order.kind, 'wait')
  return order.kind === 'wait' ? order.untilMs : Number.NaN
}

/** Asks, waits as told, and finishes each order within `tookMs`, until `endMs`; the times of the reconciles. */
function run(sync: BrickSync, from: { nowMs: number; endMs: number; tookMs: number }, finished = unchanged): number[] {
  const times: number[] = []
  let { nowMs } = from
  while (nowMs < from.endMs) {
    const order = sync.next(nowMs)
    if (order.kind === 'idle') break
    if (order.kind === 'wait') {
      assert.ok(order.untilMs > nowMs, 'a wait for now would be a busy loop')
      nowMs = order.untilMs
      continue
    }
    if (order.kind === 'reconcile') times.push(nowMs)
    nowMs += from.tookMs
    if (order.kind === 'reconcile') sync.finished(finished, nowMs)
    else sync.scrubbed({ bytes: 1, isPassDone: false, passBeganMs: 0 }, nowMs)
  }
  return times
}

test('nothing is done where nothing is dirty', () => {
  const sync = new BrickSync()
  assert.deepEqual(sync.next(0), { kind: 'idle' })
  assert.ok(sync.isSettled)
})

test('the first change after quiet is taken as soon as its burst has settled, and the burst with it', () => {
  const sync = quietSync()
  sync.hint(a, 1000)
  assert.deepEqual(sync.next(1000), { kind: 'wait', untilMs: 1000 + settleMs })
  sync.hint(b, 1010)
  assert.deepEqual(sync.next(1010), { kind: 'wait', untilMs: 1000 + settleMs })
  assert.deepEqual(paths(sync.next(1000 + settleMs)), ['entry a', 'entry b'])
})

test('under steady change commits keep their distance', () => {
  const sync = quietSync()
  sync.hint(a, 0)
  sync.next(settleMs)
  sync.hint(b, 20)
  assert.deepEqual(sync.next(20), { kind: 'busy' })
  sync.finished(committed, 30)
  const againMs = settleMs + commitDistanceMs
  assert.deepEqual(sync.next(40), { kind: 'wait', untilMs: againMs })
  assert.deepEqual(paths(sync.next(againMs)), ['entry b'])
})

test('a reconcile that found nothing keeps nobody waiting', () => {
  const sync = quietSync()
  sync.hint(a, 0)
  sync.next(settleMs)
  sync.finished(unchanged, 30)
  sync.hint(b, 40)
  assert.deepEqual(sync.next(40 + settleMs).kind, 'reconcile')
})

test('after work of some length it rests as long, up to the longest wait', () => {
  for (const [tookMs, restMs] of [
    [2_000, 2_000],
    [60_000, maxWaitMs],
  ] as const) {
    const sync = quietSync()
    sync.hint(a, 0)
    assert.equal(sync.next(settleMs).kind, 'reconcile')
    sync.hint(b, settleMs + 1)
    sync.finished(unchanged, settleMs + tookMs)
    assert.equal(untilOf(sync.next(settleMs + tookMs)), settleMs + tookMs + restMs)
  }
})

test('a long look at everything delays the next one, and nothing else', () => {
  const sync = quietSync()
  sync.hintAll(0)
  assert.deepEqual(paths(sync.next(settleMs)), ['subtree '])
  sync.hint(a, settleMs + 1)
  sync.finished(committed, settleMs + 4_000)
  const againMs = settleMs + 4_000
  assert.deepEqual(paths(sync.next(againMs)), ['entry a'])
  sync.hintAll(againMs + 1)
  sync.finished(unchanged, againMs + 10)
  assert.equal(untilOf(sync.next(againMs + 10)), settleMs + 8_000)
  assert.deepEqual(paths(sync.next(settleMs + 8_000)), ['subtree '])
})

test('what was written delays the next commit once the burst is used up, but no hint beyond the longest wait', () => {
  const sync = quietSync({ bytesPerSecond: 1_000, burstBytes: 5_000 })
  let nowMs = 0
  const distances: number[] = []
  for (let commit = 0; commit < 8; commit++) {
    sync.hint(a, nowMs)
    const order = sync.next(nowMs)
    const dueMs = order.kind === 'wait' ? order.untilMs : nowMs
    assert.equal(sync.next(dueMs).kind, 'reconcile')
    distances.push(dueMs - nowMs)
    nowMs = dueMs
    sync.finished({ outcome: 'committed', writtenBytes: 3_000 }, nowMs)
  }
  // 5,000 at once; then 3,000 a commit at 1,000 a second.
  assert.deepEqual(distances.slice(0, 2), [settleMs, commitDistanceMs])
  assert.ok(
    distances.slice(3).every((distance) => Math.abs(distance - 3_000) < 1),
    `${distances}`,
  )
  const greedy = quietSync({ bytesPerSecond: 1, burstBytes: 1 })
  greedy.hint(a, 0)
  greedy.next(settleMs)
  greedy.finished({ outcome: 'committed', writtenBytes: 1e12 }, 100)
  greedy.hint(b, 150)
  assert.equal(untilOf(greedy.next(150)), Math.min(150 + maxWaitMs, 100 + maxWaitMs))
})

test('after a failure everything is dirty, and each further failure waits longer, up to a bound', () => {
  const sync = quietSync()
  sync.hint(a, 0)
  sync.next(settleMs)
  let now = 100
  let wait = retryFirstMs
  for (let failure = 0; failure < 2000; failure++) {
    sync.failed(now)
    assert.deepEqual(sync.next(now), { kind: 'wait', untilMs: now + wait })
    now += wait
    const order = sync.next(now)
    assert.equal(reasonOf(order), 'retry')
    assert.deepEqual(paths(order), ['subtree '])
    wait = Math.min(2 * wait, retryMaxMs)
  }
  sync.finished(committed, now)
  sync.hint(a, now)
  sync.next(now + maxWaitMs)
  sync.failed(now + maxWaitMs)
  assert.deepEqual(sync.next(now + maxWaitMs), { kind: 'wait', untilMs: now + maxWaitMs + retryFirstMs })
})

test('a failure forgets neither what had to be read again nor since when it was dirty', () => {
  const sync = quietSync()
  sync.hint({ ...a, look: 'content' }, 0, 'scrub')
  assert.equal(reasonOf(sync.next(settleMs)), 'scrub')
  sync.failed(100)
  assert.equal(sync.lagMs(200), 200)
  assert.deepEqual(paths(sync.next(100 + retryFirstMs)), ['subtree ', 'contententry a'])
})

test('who hurries is not kept waiting by settling, distance, rest or back-off', () => {
  const sync = quietSync()
  sync.hint(a, 0)
  sync.hurry(0)
  assert.deepEqual(paths(sync.next(0)), ['entry a'])
  sync.failed(0)
  sync.hurry(0)
  assert.deepEqual(paths(sync.next(0)), ['subtree '])
  sync.finished({ outcome: 'committed', writtenBytes: 1e12 }, 9_000)
  sync.hint(b, 9_001)
  sync.hurry(9_001)
  assert.equal(reasonOf(sync.next(9_001)), 'sync')
})

test('hurry is for what is dirty now: a hint after that settles again', () => {
  const sync = quietSync()
  sync.hint(a, 0)
  sync.next(settleMs)
  sync.hurry(settleMs)
  sync.finished(unchanged, 20)
  assert.deepEqual(sync.next(20), { kind: 'idle' })
  sync.hint(b, 1000)
  assert.deepEqual(sync.next(1000), { kind: 'wait', untilMs: 1000 + settleMs })
})

test('it is settled only when nothing is dirty and nothing runs', () => {
  const sync = quietSync()
  sync.hint(a, 0)
  assert.ok(!sync.isSettled && sync.isDirty)
  sync.next(settleMs)
  assert.ok(!sync.isSettled && !sync.isDirty)
  sync.hint(b, 20)
  sync.finished(unchanged, 20)
  assert.ok(!sync.isSettled)
})

test('a barrier is reached although hints never stop, and not before what it stands for is committed', () => {
  const sync = quietSync()
  sync.hint(a, 0)
  sync.next(settleMs)
  sync.hint(b, 20)
  const barrier = sync.barrier(20)
  sync.hint(a, 21)
  sync.finished(committed, 30)
  assert.ok(!sync.hasReached(barrier), 'b is still dirty')
  assert.deepEqual(paths(sync.next(30)), ['entry a', 'entry b'])
  sync.hint(a, 40)
  sync.finished(committed, 50)
  assert.ok(sync.hasReached(barrier) && !sync.isSettled)
})

test('a failure reaches no barrier', () => {
  const sync = quietSync()
  sync.hint(a, 0)
  const barrier = sync.barrier(0)
  sync.next(0)
  sync.failed(10)
  assert.ok(!sync.hasReached(barrier))
  sync.next(10 + retryFirstMs)
  sync.finished(committed, 20 + retryFirstMs)
  assert.ok(sync.hasReached(barrier))
})

test('of a source without events a barrier looks at everything, whatever was hinted', () => {
  const sync = quietSync({ pollMs: 5_000 })
  sync.hintAll(0, 'opened')
  sync.next(settleMs)
  sync.finished(committed, 100)
  const barrier = sync.barrier(200)
  assert.ok(!sync.hasReached(barrier))
  assert.deepEqual(paths(sync.next(200)), ['subtree '])
  sync.finished(unchanged, 300)
  assert.ok(sync.hasReached(barrier))
})

test('a subtree that nothing tells about is listed every so often, and no more than a fifth of the time', () => {
  const sync = quietSync()
  sync.setPolled(utf8('d'), 5_000, 0)
  assert.equal(untilOf(sync.next(0)), 5_000)
  const order = sync.next(5_000 + settleMs)
  assert.equal(untilOf(order), 5_000 + settleMs + settleMs)
  const taken = sync.next(untilOf(order))
  assert.deepEqual([reasonOf(taken), ...paths(taken)], ['poll', 'subtree d'])
  sync.finished(unchanged, 16_000)
  const tookMs = 16_000 - untilOf(order)
  assert.equal(untilOf(sync.next(16_000)), 16_000 + 4 * tookMs)
  sync.setPolled(utf8('d'), null, 17_000)
  assert.deepEqual(sync.next(17_000), { kind: 'idle' })
})

test('a source whose looks are to cost less rests longer after each', () => {
  const sync = new BrickSync({
    policy: { ...syncPolicy, scrubMs: null, rescanMs: null, pollMs: 1_000, restPerPoll: 9 },
  })
  sync.hintAll(0, 'opened')
  sync.next(settleMs)
  sync.finished(unchanged, 1_000)
  const orderMs = untilOf(sync.next(1_000))
  const againMs = untilOf(sync.next(orderMs))
  assert.equal(sync.next(againMs).kind, 'reconcile')
  sync.finished(unchanged, againMs + 500)
  assert.equal(untilOf(sync.next(againMs + 500)), againMs + 500 + 9 * 500)
})

test('everything is listed again an hour after it was, 25 % more or less, and counted from its end', () => {
  for (const [chance, part] of [
    [0, 0.75],
    [0.999_999, 1.25],
  ] as const) {
    const sync = new BrickSync({ policy: { ...syncPolicy, scrubMs: null }, chance: () => chance })
    sync.hintAll(0, 'opened')
    sync.next(settleMs)
    sync.finished(committed, 1_000)
    const untilMs = untilOf(sync.next(1_000))
    assert.ok(Math.abs(untilMs - 1_000 - part * 3_600_000) < 10, `${untilMs}`)
    sync.hint(a, 1_000)
    sync.next(10_000)
    sync.finished(committed, 10_000)
    assert.equal(untilOf(sync.next(10_000)), untilMs, 'an ordinary change does not put it off')
    assert.equal(untilOf(sync.next(untilMs)), untilMs + settleMs)
    assert.equal(reasonOf(sync.next(untilMs + settleMs)), 'rescan')
  }
})

test('a pass over all content works at most a quarter of the time, and says what it verified', () => {
  const sync = new BrickSync({ policy: { ...syncPolicy, rescanMs: null } })
  sync.hintAll(0, 'opened')
  sync.next(settleMs)
  sync.finished(committed, 1_000)
  assert.equal(sync.verifiedAtMs, undefined)
  let nowMs = untilOf(sync.next(1_000))
  const beganMs = nowMs
  let workedMs = 0
  for (let slice = 1; slice <= 100; slice++) {
    assert.deepEqual(sync.next(nowMs), { kind: 'scrub', bytesMax: syncPolicy.scrubSliceBytes })
    assert.deepEqual(sync.next(nowMs), { kind: 'busy' })
    nowMs += 10
    workedMs += 10
    sync.scrubbed({ bytes: 1, isPassDone: slice === 100, passBeganMs: beganMs }, nowMs)
    if (slice < 100) nowMs = untilOf(sync.next(nowMs))
  }
  assert.ok(workedMs / (nowMs - beganMs) < 0.26)
  assert.equal(sync.verifiedAtMs, beganMs)
  const nextMs = untilOf(sync.next(nowMs))
  assert.ok(nextMs > nowMs && nextMs <= beganMs + 86_400_000)
})

test('a first fold has verified everything', () => {
  const sync = new BrickSync()
  sync.hintAll(0, 'opened')
  sync.next(settleMs)
  sync.finished({ ...committed, read: 'all' }, 1_000)
  assert.equal(sync.verifiedAtMs, settleMs)
})

test('a change that is due goes before a slice of a pass, but does not starve it', () => {
  const sync = new BrickSync({ policy: { ...syncPolicy, rescanMs: null } })
  sync.hintAll(0, 'opened')
  sync.next(settleMs)
  sync.finished(committed, 1_000)
  let nowMs = untilOf(sync.next(1_000))
  sync.hint(a, nowMs - settleMs)
  assert.equal(sync.next(nowMs).kind, 'reconcile')
  const endMs = nowMs + 60_000
  let scrubs = 0
  let reconciles = 0
  sync.finished(unchanged, nowMs)
  while (nowMs < endMs) {
    sync.hint(a, nowMs - settleMs)
    const order = sync.next(nowMs)
    nowMs += 1
    if (order.kind === 'reconcile') {
      reconciles++
      sync.finished(unchanged, nowMs)
    } else if (order.kind === 'scrub') {
      scrubs++
      sync.scrubbed({ bytes: 1, isPassDone: false, passBeganMs: 0 }, nowMs)
    }
  }
  assert.ok(scrubs >= 10 && reconciles > 1_000, `${scrubs} slices, ${reconciles} reconciles`)
})

test('a slice that failed is tried again later and makes nothing dirty', () => {
  const sync = new BrickSync({ policy: { ...syncPolicy, rescanMs: null } })
  sync.hintAll(0, 'opened')
  sync.next(settleMs)
  sync.finished(committed, 1_000)
  const dueMs = untilOf(sync.next(1_000))
  sync.next(dueMs)
  sync.failed(dueMs)
  assert.ok(sync.isSettled)
  assert.equal(untilOf(sync.next(dueMs)), dueMs + retryMaxMs)
})

test('a file whose times prove nothing is looked at again, once', () => {
  const sync = quietSync()
  sync.hint(a, 0)
  sync.next(settleMs)
  sync.finished({ ...committed, racy: [a.path] }, 100)
  assert.ok(sync.isSettled, 'it is a doubt, not a hint')
  const times = run(sync, { nowMs: 100, endMs: 100_000, tookMs: 1 })
  assert.equal(times.length, 1)
  assert.ok((times[0] as number) >= 160)
})

test('a file that never holds still waits alone, longer each time, up to the longest wait', () => {
  const sync = quietSync()
  let nowMs = 0
  const waits: number[] = []
  sync.hint(a, nowMs)
  nowMs += settleMs
  sync.next(nowMs)
  for (let round = 0; round < 5; round++) {
    sync.hint(a, nowMs)
    sync.finished({ ...committed, torn: [a.path] }, nowMs)
    sync.hint(a, nowMs + 1)
    sync.hint(b, nowMs + 1)
    const others = untilOf(sync.next(nowMs + 1))
    assert.deepEqual(paths(sync.next(others)), ['entry b'], 'the others do not wait for it')
    sync.finished(unchanged, others)
    assert.ok(!sync.isSettled, 'its hint is not forgotten')
    const ripeMs = untilOf(sync.next(others))
    waits.push(ripeMs - nowMs)
    assert.deepEqual(paths(sync.next(ripeMs)), ['entry a'])
    nowMs = ripeMs
  }
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 5_000, 5_000])
  assert.equal(sync.lagMs(nowMs), 5_000)
  sync.finished(committed, nowMs)
  assert.ok(sync.isSettled)
  sync.hint(a, nowMs)
  assert.equal(untilOf(sync.next(nowMs)), nowMs + commitDistanceMs, 'it held still: it is like any other')
})

test('a torn file is tried again without a hint', () => {
  const sync = quietSync()
  sync.hint(a, 0)
  sync.next(settleMs)
  sync.finished({ ...committed, torn: [a.path] }, 100)
  assert.ok(sync.isSettled)
  assert.deepEqual(run(sync, { nowMs: 100, endMs: 1e6, tookMs: 1 }).length, 1)
})

test('who waits does not wait for a torn file to be left alone', () => {
  const sync = quietSync()
  sync.hint(a, 0)
  sync.next(settleMs)
  sync.finished({ ...committed, torn: [a.path] }, 100)
  sync.hint(a, 101)
  const barrier = sync.barrier(102)
  assert.deepEqual(paths(sync.next(102)), ['entry a'])
  sync.hint(a, 103)
  const later = sync.barrier(104)
  sync.finished({ ...committed, torn: [a.path] }, 110)
  assert.ok(sync.hasReached(barrier) && !sync.hasReached(later))
  assert.deepEqual(paths(sync.next(110)), ['entry a'])
})

test('nothing is ordered while it is paused, and nothing is forgotten', () => {
  const sync = new BrickSync()
  sync.hintAll(0, 'opened')
  sync.pause('StoreFull')
  assert.equal(sync.pausedBecause, 'StoreFull')
  sync.hurry(1)
  assert.deepEqual(sync.next(1e9), { kind: 'idle' })
  assert.equal(sync.wants(1e9), undefined)
  sync.resume()
  assert.equal(sync.next(1e9).kind, 'reconcile')
})

test('what it wants is what it would order, and asking takes nothing', () => {
  const sync = quietSync()
  assert.equal(sync.wants(0), undefined)
  sync.hint(a, 10)
  assert.equal(sync.wants(10), undefined)
  assert.deepEqual(sync.wants(10 + settleMs), { sinceMs: 10, urgency: 'normal' })
  sync.hurry(11)
  assert.deepEqual(sync.wants(11), { sinceMs: 10, urgency: 'hurry' })
  assert.deepEqual(paths(sync.next(11)), ['entry a'])
  assert.equal(sync.wants(12), undefined)
})

test('the reason is the most telling of all causes', () => {
  const sync = quietSync()
  sync.hint(a, 0)
  sync.hint(b, 0, 'poll')
  assert.equal(reasonOf(sync.next(100)), 'changed')
  sync.finished(unchanged, 100)
  sync.hint(a, 100)
  sync.hintAll(100)
  assert.equal(reasonOf(sync.next(200)), 'overflow')
})

/** What the outside world may do to it. */
type Move = 'hint' | 'hintAll' | 'hurry' | 'barrier' | 'finish' | 'torn' | 'fail' | 'next'

test('no hint is ever lost, no barrier reached too early, and two reconciles never run at once', () => {
  const moves = fc.constantFrom<Move[]>('hint', 'hintAll', 'hurry', 'barrier', 'finish', 'torn', 'fail', 'next')
  const steps = fc.array(fc.tuple(moves, fc.nat({ max: 2_000 }), fc.nat({ max: 5 })), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (script) => {
      const sync = quietSync()
      let now = 0
      let taken: readonly DirtyScope[] | undefined
      const owed = new Set<string>()
      let inFlight = new Set<string>()
      /** What was taken, and what was owed, when it was made. */
      const barriers: { barrier: Barrier; taken: Set<string>; owed: Set<string> }[] = []
      const isCovered = (key: string): boolean =>
        taken?.some(({ path, reach }) => bytesKey(path) === key || (reach === 'subtree' && path.length === 0)) ?? false
      const end = (move: Move): void => {
        if (move === 'fail') {
          for (const key of inFlight) owed.add(key)
          for (const each of barriers) {
            for (const key of each.taken) each.owed.add(key)
            each.taken.clear()
          }
          sync.failed(now)
        } else {
          const torn = move === 'torn' ? [...inFlight].map(utf8) : []
          for (const each of barriers) each.taken.clear()
          sync.finished({ ...committed, torn }, now)
        }
        taken = undefined
        inFlight = new Set()
      }
      for (const [move, laterMs, name] of script) {
        now += laterMs
        if (move === 'hint') sync.hint({ path: utf8(`${name}`), reach: 'entry' }, now)
        if (move === 'hint') owed.add(`${name}`)
        if (move === 'hintAll') sync.hintAll(now)
        if (move === 'hurry') sync.hurry(now)
        if (move === 'barrier') {
          barriers.push({ barrier: sync.barrier(now), taken: new Set(inFlight), owed: new Set(owed) })
        }
        if (taken !== undefined && (move === 'fail' || move === 'finish' || move === 'torn')) end(move)
        for (const each of barriers) {
          const waiting = [...each.taken, ...each.owed]
          if (sync.hasReached(each.barrier)) assert.deepEqual(waiting, [], 'the barrier was reached too early')
        }
        if (move !== 'next') continue
        const order = sync.next(now)
        assert.equal(order.kind === 'busy', taken !== undefined)
        if (order.kind !== 'reconcile') continue
        taken = order.scopes
        for (const [from, to] of [[owed, inFlight], ...barriers.map((each) => [each.owed, each.taken])] as const) {
          for (const key of [...(from as Set<string>)]) {
            if (isCovered(key) && from?.delete(key)) to?.add(key)
          }
        }
      }
      if (taken !== undefined) end('finish')
      sync.hurry(now)
      const last = sync.next(now)
      if (owed.size === 0) return
      assert.equal(last.kind, 'reconcile')
      taken = last.kind === 'reconcile' ? last.scopes : undefined
      for (const key of owed) assert.ok(isCovered(key), `${key} was forgotten`)
    }),
    { numRuns: 1_000 },
  )
})
