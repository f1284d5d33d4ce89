import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aftermathMs, HookPlan, loopRunsMax, retryMsMax } from './hook-plan.ts'

const [task, uuid] = ['t', 'u']
const place = { task, uuid }

function opened(...tasks: string[]): HookPlan {
  const plan = new HookPlan()
  for (const name of tasks) plan.open(name)
  return plan
}

/** Runs what is due and ends it `forMs` later with that outcome; how it went. */
function run(plan: HookPlan, nowMs: number, { outcome = 'ok' as 'ok' | 'failed', forMs = 0 } = {}): string {
  const order = plan.next(nowMs)
  if (order.kind !== 'run') return order.kind === 'wait' ? `wait ${order.untilMs - nowMs}` : order.kind
  plan.ended(order, { outcome, nowMs: nowMs + forMs, chance: 0 })
  return `run ${order.task} ${order.uuid}`
}

test('one run at a time for a task, and what comes meanwhile is one more', () => {
  const plan = opened(task)
  assert.equal(plan.next(0).kind, 'idle')
  plan.changed(place, 0)
  assert.deepEqual(plan.next(0), { kind: 'run', ...place })
  for (let n = 1; n < 50; n++) plan.changed({ task, uuid: n % 2 ? 'u' : 'v' }, n)
  assert.equal(plan.next(50).kind, 'idle')
  plan.ended(place, { outcome: 'ok', nowMs: 60, chance: 0 })
  assert.equal(run(plan, 60), 'run t v')
  assert.equal(run(plan, 60), 'run t u')
  assert.equal(run(plan, 60), 'idle')
})

test('tasks do not wait for each other', () => {
  const plan = opened('a', 'b')
  plan.changed({ task: 'a', uuid }, 0)
  plan.changed({ task: 'b', uuid }, 0)
  assert.deepEqual(
    [plan.next(0), plan.next(0)],
    [
      { kind: 'run', task: 'a', uuid },
      { kind: 'run', task: 'b', uuid },
    ],
  )
})

test('a failure waits twice as long each time, at most five minutes, and never gives up', () => {
  const plan = opened(task)
  plan.changed(place, 0)
  let nowMs = 0
  const waits: number[] = []
  for (let n = 0; n < 12; n++) {
    assert.equal(run(plan, nowMs, { outcome: 'failed' }), 'run t u')
    assert.equal(plan.failures(task), n + 1)
    const order = plan.next(nowMs)
    assert.equal(order.kind, 'wait')
    if (order.kind === 'wait') waits.push(order.untilMs - nowMs)
    nowMs += waits.at(-1) ?? 0
  }
  assert.deepEqual(waits.slice(0, 4), [1_000, 2_000, 4_000, 8_000])
  assert.equal(waits.at(-1), retryMsMax)
  assert.equal(run(plan, nowMs), 'run t u')
  assert.equal(plan.failures(task), 0)
  assert.equal(plan.next(nowMs).kind, 'idle')
})

test('a change does not cut short the wait after a failure, and another brick does not wait at all', () => {
  const plan = opened(task)
  plan.changed(place, 0)
  run(plan, 0, { outcome: 'failed' })
  plan.changed(place, 10)
  assert.equal(run(plan, 10), 'wait 990')
  plan.changed({ task, uuid: 'v' }, 10)
  assert.equal(run(plan, 10), 'run t v')
})

test('a hook that changes what it is called for is paused, after the world was quiet and nothing else came', () => {
  const plan = opened(task)
  plan.changed(place, 0)
  let nowMs = 0
  let runs = 0
  for (;;) {
    const order = plan.next(nowMs)
    if (order.kind === 'paused') break
    if (order.kind === 'wait') {
      nowMs = order.untilMs
      continue
    }
    assert.equal(order.kind, 'run')
    runs++
    plan.changed(place, nowMs + 50)
    nowMs += 100
    plan.ended(place, { outcome: 'ok', nowMs, chance: 0 })
    assert.ok(runs < 100)
  }
  assert.equal(runs, 1 + loopRunsMax)
  assert.equal(plan.stateOf(task), 'paused')
  plan.changed(place, nowMs + 1_000_000)
  assert.equal(plan.next(nowMs + 1_000_000).kind, 'idle', 'paused until the task changes')
  plan.forgive(task)
  assert.equal(run(plan, nowMs + 1_000_001), 'run t u')
})

test('its changes are its own though they are seen only seconds after it ended', () => {
  const plan = opened(task)
  plan.changed(place, 0)
  let nowMs = 0
  for (let n = 0; n <= loopRunsMax; n++) {
    assert.equal(run(plan, nowMs), 'run t u')
    nowMs += aftermathMs - 1
    plan.changed(place, nowMs)
  }
  assert.match(run(plan, nowMs), /^wait/)
  assert.equal(plan.stateOf(task), 'quiet')
})

test('two hooks that call each other are paused as well', () => {
  const plan = opened('a', 'b')
  plan.changed({ task: 'a', uuid }, 0)
  let nowMs = 0
  for (let steps = 0; plan.stateOf('a') !== 'paused' && plan.stateOf('b') !== 'paused'; steps++) {
    assert.ok(steps < 200)
    const order = plan.next(nowMs)
    assert.notEqual(order.kind, 'idle')
    if (order.kind === 'wait') nowMs = order.untilMs
    if (order.kind !== 'run') continue
    plan.changed({ task: order.task === 'a' ? 'b' : 'a', uuid }, nowMs + 1)
    plan.ended(order, { outcome: 'ok', nowMs: nowMs + 2, chance: 0 })
    nowMs += 2
  }
})

test('a busy source is no loop: it changes while the hook is held back, and is trusted longer each time', () => {
  const plan = opened(task)
  let runs = 0
  let heldMs = 0
  const hourMs = 3_600_000
  for (let nowMs = 0; nowMs < hourMs; nowMs += 500) {
    plan.changed(place, nowMs)
    if (run(plan, nowMs, { forMs: 200 }).startsWith('run')) runs++
    else heldMs += 500
  }
  assert.equal(plan.stateOf(task), 'idle')
  assert.ok(runs > 0.95 * (hourMs / 500), `${runs} runs`)
  assert.ok(heldMs < 150_000, `${heldMs} ms`)
})

test('one change by somebody else starts the count anew', () => {
  const plan = opened(task)
  let nowMs = 0
  for (let n = 0; n < 5 * loopRunsMax; n++) {
    const isOther = n % loopRunsMax === 0
    nowMs += isOther ? aftermathMs + 1 : 10
    plan.changed(place, nowMs)
    assert.equal(run(plan, nowMs), 'run t u', `${n}`)
  }
})

test('where other hooks run all the time nothing can be told, and the task goes on', () => {
  const plan = opened(task, 'other')
  let [runs, longestMs, lastMs] = [0, 0, 0]
  for (let nowMs = 0; nowMs < 7_200_000; nowMs += 1_000) {
    plan.changed(place, nowMs)
    plan.changed({ task: 'other', uuid: 'o' }, nowMs)
    for (let order = plan.next(nowMs); order.kind === 'run'; order = plan.next(nowMs)) {
      if (order.task === task) {
        longestMs = Math.max(longestMs, nowMs - lastMs)
        lastMs = nowMs
        runs++
      }
      plan.ended(order, { outcome: 'ok', nowMs: nowMs + 500, chance: 0 })
    }
  }
  assert.ok(runs > 6_000, `${runs}`)
  assert.ok(longestMs < 120_000, `${longestMs}`)
  assert.notEqual(plan.stateOf(task), 'paused')
})

test('what is shut is noted and not run; what is dropped is forgotten', () => {
  const plan = opened(task)
  plan.shut(task)
  plan.changed(place, 0)
  assert.equal(plan.next(0).kind, 'idle')
  plan.open(task)
  assert.equal(run(plan, 1), 'run t u')
  plan.changed(place, 20_000)
  plan.drop(task)
  assert.equal(plan.next(20_000).kind, 'idle')
  assert.equal(plan.stateOf(task), 'none')
})
