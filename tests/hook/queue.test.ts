/** The hook queue with real hooks: at least once across kills, one at a time, collapse, back-off, loops, refusals. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openStateDb } from '../../src/catalog/state-db.ts'
import { systemTimers } from '../../src/daemon/timers.ts'
import { loopRunsMax } from '../../src/hook/hook-plan.ts'
import { HookQueue, type HookReport } from '../../src/hook/hook-queue.ts'
import { hookRunner } from '../../src/hook/hook-runner.ts'
import type { HookSetup } from '../../src/hook/hook-status.ts'
import type { Timers } from '../../src/hook/timers.ts'
import { clock, eventOf, type HookLab, hookLab, isAlive, random, until } from './lab.ts'

interface Stage {
  readonly queue: HookQueue
  readonly reports: HookReport[]
  set(argv: readonly string[], change?: Partial<HookSetup>): void
  commit(generation: number, uuid?: string): void
}

function stage(t: TestContext, lab: HookLab, options: { timers?: Timers; monotonicMs?: () => number } = {}): Stage {
  const { timers = systemTimers, monotonicMs = clock.monotonicMs } = options
  const own = { ...clock, monotonicMs }
  const db = openStateDb(join(lab.folder, 'state.db'), { random, clock: own })
  const reports: HookReport[] = []
  const run = hookRunner({ timers: systemTimers, environment: process.env, state: lab.folder, graceMs: 200 })
  const report = (told: HookReport) => reports.push(told)
  const queue = new HookQueue({ db, run, clock: own, timers, random, report })
  t.after(async () => {
    await queue.close(0)
    db.close()
  })
  return {
    queue,
    reports,
    set: (argv, change = {}) => queue.setTask('etc', { argv, hooksAllowed: true, generation: 1, ...change }),
    commit: (generation, uuid = 'ab12') =>
      queue.enqueue(
        eventOf({ uuid, from: generation - 1, generation, changed: [{ change: 'added', path: `${generation}` }] }),
      ),
  }
}

/** Appends what it is told to `log`, a line a run. */
const logging = 'cat >> log'

function logged(lab: HookLab): { key: string; from: number; changed: { path: string }[] }[] {
  return lab
    .read('log')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

test('the hook runs for a commit, and is told of it on the feed', async (t) => {
  const lab = hookLab(t)
  const { queue, reports, set, commit } = stage(t, lab)
  set([lab.script(logging)])
  queue.start()
  commit(4)
  await until('the run', () => reports.length > 0)
  assert.deepEqual(
    logged(lab).map(({ key, from }) => [key, from]),
    [['ab12:4', 3]],
  )
  const [{ seconds, ...report }] = reports as [HookReport]
  assert.deepEqual(report, { task: 'etc', key: 'ab12:4', outcome: 'ok', code: 0, attempts: 1 })
  assert.ok(seconds > 0)
  assert.deepEqual(queue.status('etc').reason, 'HookIdle')
  assert.deepEqual(queue.figures(), [{ task: 'etc', runs: 1, failures: 0, waiting: 0 }])
})

test('what comes while it runs collapses into one more run, from where the first ended', async (t) => {
  const lab = hookLab(t)
  const { queue, reports, set, commit } = stage(t, lab)
  set([lab.script(`${logging}; while [ ! -e go ]; do sleep 0.01; done`)])
  queue.start()
  commit(1)
  await until('the first run', () => logged(lab).length === 1)
  for (let generation = 2; generation <= 40; generation++) commit(generation)
  assert.equal(queue.status('etc').reason, 'HookRunning')
  fs.writeFileSync(lab.file('go'), '')
  await until('both runs', () => reports.length === 2)
  const runs = logged(lab)
  assert.deepEqual(
    runs.map(({ key, from }) => [key, from]),
    [
      ['ab12:1', 0],
      ['ab12:40', 1],
    ],
  )
  assert.deepEqual(
    reports.map(({ key, attempts }) => [key, attempts]),
    [
      ['ab12:1', 1],
      ['ab12:40', 1],
    ],
  )
  assert.deepEqual(
    runs[1]?.changed.map(({ path }) => Number(path)),
    Array.from({ length: 39 }, (_, i) => i + 2),
  )
})

test('two bricks of a task: one run at a time, each of them', async (t) => {
  const lab = hookLab(t)
  const { queue, reports, set, commit } = stage(t, lab)
  set([lab.script('mkdir running || echo twice > twice; echo "$SFD_KEY" >> keys; sleep 0.05; rmdir running')])
  queue.start()
  for (const uuid of ['aa', 'bb', 'cc']) commit(1, uuid)
  await until('all runs', () => reports.length === 3)
  assert.deepEqual(lab.read('keys').split('\n').filter(Boolean).sort(), ['aa:1', 'bb:1', 'cc:1'])
  assert.equal(lab.read('twice'), '')
})

test('a hook that fails is tried again under the same key until it succeeds, with what came meanwhile', async (t) => {
  const lab = hookLab(t)
  const { queue, reports, set, commit } = stage(t, lab)
  set([lab.script('echo "$SFD_FROM $SFD_KEY" >> keys; echo said; [ -e works ] || exit 3')])
  queue.start()
  commit(1)
  await until('the failure', () => reports.length === 1)
  assert.deepEqual([reports[0]?.outcome, reports[0]?.code, reports[0]?.output], ['failed', 3, 'said\n'])
  assert.match(queue.status('etc').message, /failed 1 time \(last: 3\)/)
  assert.equal(queue.runsOf('etc')[0]?.output, 'said\n')
  await until('the second', () => reports.length === 2)
  assert.equal(reports[1]?.attempts, 2)
  commit(2)
  fs.writeFileSync(lab.file('works'), '')
  await until('the success', () => reports.at(-1)?.outcome === 'ok')
  assert.deepEqual(lab.read('keys').split('\n').filter(Boolean), ['0 ab12:1', '0 ab12:1', '0 ab12:2'])
  assert.equal(reports.at(-1)?.attempts, 1)
  assert.equal(queue.status('etc').reason, 'HookIdle')
})

/** Time that passes at once while nothing is under way: timers fire in their order. */
function virtualTime(): { timers: Timers; monotonicMs: () => number; pass: () => void; turn: (byMs: number) => void } {
  let nowMs = 0
  const waiting = new Set<{ atMs: number; run: () => void }>()
  const fire = () => {
    const first = [...waiting].sort((a, b) => a.atMs - b.atMs)[0]
    if (first === undefined) return
    waiting.delete(first)
    nowMs = Math.max(nowMs, first.atMs)
    first.run()
  }
  return {
    monotonicMs: () => nowMs,
    pass: fire,
    turn: (byMs) => {
      nowMs += byMs
    },
    timers: {
      after(delayMs, run) {
        const timer = { atMs: nowMs + delayMs, run }
        waiting.add(timer)
        return () => waiting.delete(timer)
      },
    },
  }
}

test('one that fails for ever is called failing after eight times, and works as soon as it works', async (t) => {
  const lab = hookLab(t)
  const time = virtualTime()
  const { queue, reports, set, commit } = stage(t, lab, time)
  set([lab.script('[ -e works ]')])
  queue.start()
  commit(1)
  for (let n = 1; n <= 9; n++) {
    await until(`failure ${n}`, () => reports.length === n)
    assert.equal(queue.status('etc').isTrouble, n >= 8, `${n}`)
    time.pass()
  }
  await until('failure 10', () => reports.length === 10)
  assert.equal(queue.status('etc').reason, 'HookFailing')
  assert.ok(time.monotonicMs() > 200_000, 'it waits longer each time')
  fs.writeFileSync(lab.file('works'), '')
  time.pass()
  await until('the success', () => reports.at(-1)?.outcome === 'ok')
  assert.deepEqual([queue.status('etc').reason, queue.status('etc').isTrouble], ['HookIdle', false])
})

test('a hook that edits what it is called for is run again once for all it did, and paused when that never ends', async (t) => {
  const lab = hookLab(t)
  const time = virtualTime()
  const { queue, reports, set, commit } = stage(t, lab, time)
  const script = lab.script('echo "$SFD_KEY" >> keys; echo x >> tree')
  set([script])
  queue.start()
  let [generation, seen] = [1, 0]
  commit(generation)
  for (let runs = 1; queue.status('etc').reason !== 'HookLoop'; ) {
    assert.ok(runs <= loopRunsMax + 1, `${runs} runs`)
    if (reports.length === runs) {
      time.turn(100)
      const size = lab.read('tree').length
      for (; seen < size; seen++) commit(++generation)
      runs++
    }
    if (queue.status('etc').reason === 'HookWatched') time.pass()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.equal(lab.read('keys').split('\n').filter(Boolean).length, loopRunsMax + 1)
  assert.deepEqual([reports.at(-1)?.outcome, reports.at(-1)?.code], ['refused', 'HookLoop'])
  assert.equal(queue.status('etc').isTrouble, true)
  set([script])
  assert.equal(queue.status('etc').reason, 'HookLoop', 'the same task changes nothing')
  set([lab.script('cat > delivered')], { generation: 2 })
  await until('the run of the changed task', () => reports.at(-1)?.outcome === 'ok')
  assert.equal(JSON.parse(lab.read('delivered')).generation, generation)
})

test('a loop that was paused is paused after a restart, too', async (t) => {
  const lab = hookLab(t)
  const time = virtualTime()
  const first = stage(t, lab, time)
  const script = lab.script('true')
  first.set([script])
  first.queue.start()
  for (let runs = 0; first.queue.status('etc').reason !== 'HookLoop'; ) {
    if (first.reports.length === runs) first.commit(++runs)
    if (first.queue.status('etc').reason === 'HookWatched') time.pass()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await first.queue.close(0)
  const second = stage(t, lab)
  second.set([script])
  second.queue.start()
  assert.equal(second.queue.status('etc').reason, 'HookLoop')
})

test('hooks of a task file that others can write are refused and said once; nothing is lost when it is repaired', async (t) => {
  const lab = hookLab(t)
  const { queue, reports, set, commit } = stage(t, lab)
  const argv = [lab.script(logging)]
  set(argv, { hooksAllowed: false, why: 'tasks/etc.task.yaml can be written by others (mode 0666).' })
  queue.start()
  for (let generation = 1; generation <= 5; generation++) commit(generation)
  assert.deepEqual(
    reports.map(({ outcome, code, attempts }) => [outcome, code, attempts]),
    [['refused', 'HookRefused', 0]],
  )
  assert.match(queue.status('etc').message, /0666/)
  set(argv)
  await until('the run', () => reports.length === 2)
  assert.deepEqual(
    logged(lab).map(({ key, from }) => [key, from]),
    [['ab12:5', 0]],
  )
})

test('a task without a hook any more: what runs is ended, what waited is forgotten', async (t) => {
  const lab = hookLab(t)
  const { queue, reports, set, commit } = stage(t, lab)
  set([lab.script('echo $$ > pid; exec sleep 1000')])
  queue.start()
  commit(1)
  await until('its start', () => lab.read('pid') !== '')
  commit(2)
  queue.setTask('etc', null)
  const pid = Number(lab.read('pid'))
  await until('its end', () => !isAlive(pid))
  set([lab.script(logging)])
  commit(3)
  await until('the new hook', () => logged(lab).length === 1)
  assert.deepEqual(
    logged(lab).map(({ key, from }) => [key, from]),
    [['ab12:3', 2]],
  )
  await until('its report', () => reports.length === 1)
})

test('at the end a hook may finish for a while, is ended after that, and repeated after the next start', async (t) => {
  const lab = hookLab(t)
  const first = stage(t, lab)
  first.set([lab.script("trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done")])
  first.queue.start()
  first.commit(1)
  await until('its start', () => lab.read('pid') !== '')
  const beganMs = performance.now()
  await first.queue.close(500)
  assert.ok(performance.now() - beganMs < 10_000)
  assert.equal(isAlive(Number(lab.read('pid'))), false)
  assert.deepEqual(first.reports, [], 'that is not its failure')
  const second = stage(t, lab)
  second.set([lab.script(logging)])
  second.queue.start()
  await until('the repetition', () => second.reports.length === 1)
  assert.deepEqual(second.reports[0] && [second.reports[0].key, second.reports[0].attempts], ['ab12:1', 1])
})

async function daemon(
  t: TestContext,
  lab: HookLab,
  { commits, hook }: { commits: number; hook: string },
): Promise<ChildProcess> {
  const args = [join(import.meta.dirname, 'queue-child.ts'), lab.folder, `${commits}`, hook]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

test('a daemon killed between the commit and the run: the hook runs after the restart, once for all commits', async (t) => {
  const lab = hookLab(t)
  const hook = lab.script(logging)
  await kill(await daemon(t, lab, { commits: 3, hook }))
  await kill(await daemon(t, lab, { commits: 2, hook }))
  assert.deepEqual(logged(lab), [])
  const last = await daemon(t, lab, { commits: 0, hook })
  last.stdin?.write('go')
  await until('the run', () => logged(lab).length === 1)
  const [told] = logged(lab)
  assert.deepEqual([told?.key, told?.from, told?.changed.length], ['ab12:5', 0, 5])
  await kill(last)
})

test('a daemon killed while the hook runs: what is left of it is ended, and it runs again under the same key', async (t) => {
  const lab = hookLab(t)
  const hook = lab.script(
    `${logging}; [ -e works ] && exit 0; sh -c 'echo $$ > child; exec sleep 1000' & echo $$ >> pids; wait`,
  )
  const first = await daemon(t, lab, { commits: 1, hook })
  first.stdin?.write('go')
  await until('the run', () => lab.read('child') !== '' && lab.read('pids') !== '')
  const [leader, child] = [Number(lab.read('pids')), Number(lab.read('child'))]
  await kill(first)
  assert.ok(isAlive(leader) && isAlive(child), 'a kill reaches the daemon alone')
  process.kill(leader, 'SIGKILL')
  fs.writeFileSync(lab.file('works'), '')
  const second = await daemon(t, lab, { commits: 1, hook })
  second.stdin?.write('go')
  await until('the second run', () => logged(lab).length === 2)
  assert.equal(isAlive(child), false, 'the left-over of a leader that is gone, too')
  assert.deepEqual(
    logged(lab).map(({ key, from }) => [key, from]),
    [
      ['ab12:1', 0],
      ['ab12:2', 0],
    ],
  )
  await kill(second)
})

test('killed at random moments, every commit reaches the hook at least once', async (t) => {
  const rounds = process.env['SFD_TEST_LONG'] === '1' ? 200 : 4
  const lab = hookLab(t)
  const hook = lab.script(logging)
  for (let round = 0; round < rounds; round++) {
    const child = await daemon(t, lab, { commits: 2, hook })
    child.stdin?.write('go')
    await new Promise((resolve) => setTimeout(resolve, (round * 7) % 40))
    await kill(child)
  }
  const last = await daemon(t, lab, { commits: 0, hook })
  last.stdin?.write('go')
  await until('the last generation', () => logged(lab).some(({ key }) => key === `ab12:${2 * rounds}`))
  const covered = new Set(logged(lab).flatMap(({ changed }) => changed.map(({ path }) => Number(path))))
  assert.equal(covered.size, 2 * rounds)
  await kill(last)
})
