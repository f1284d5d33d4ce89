import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { AnalysisPool, type PoolOptions } from './analysis-pool.ts'
import { type ContentReport, findingsMaxPerEntry, regionsMaxPerEntry } from './analyzer.ts'
import { problemsMax } from './collector.ts'
import type { ContentJob } from './content-job.ts'
import { hostileAnalyzers } from './testing/hostile-analyzers.ts'
import { plainMeta } from './testing/plain-meta.ts'

/** Only what never ends meets it. */
const deadlines = { entryMs: 500, msPerMiB: 0, maxMs: 500 }

const shared = new AnalysisPool(hostileOptions())
after(() => shared.close())

function hostileOptions(): PoolOptions {
  return {
    threads: 1,
    script: new URL('./testing/hostile-thread.ts', import.meta.url),
    analyzerNames: async () => hostileAnalyzers.map(({ name }) => name),
  }
}

function hostilePool(t: TestContext, more: PoolOptions = {}): AnalysisPool {
  const pool = new AnalysisPool({ ...hostileOptions(), ...more })
  t.after(() => pool.close())
  return pool
}

function job(text: string): ContentJob {
  const bytes = utf8(text)
  return { path: utf8('/x'), place: { kind: 'bytes', bytes, meta: plainMeta('x', { size: bytes.length }) } }
}

async function report(pool: AnalysisPool, text: string): Promise<ContentReport> {
  const answer = await pool.analyze(job(text))
  assert.ok(answer.kind === 'report', `the answer was ${answer.kind}`)
  return answer.report
}

const names = ({ regions }: ContentReport) => regions.map(({ name }) => name)

test('an analyzer that never ends is ended, the others are heard, and the next content is looked at', async (t) => {
  const pool = hostilePool(t, { deadlines })
  const hung = await report(pool, 'HANG')
  assert.deepEqual(names(hung), ['before', 'after'])
  assert.deepEqual(
    hung.problems.map(({ analyzer }) => analyzer),
    ['hostile'],
  )
  assert.equal(hung.interrupted, true)
  const next = await report(pool, 'quiet')
  assert.deepEqual(next.problems, [])
  assert.equal(next.interrupted, undefined)
})

test('an analyzer that takes all memory, traps, or ends its thread, costs only its own words', async (t) => {
  const pool = hostilePool(t, { heapMbMax: 48 })
  for (const misdeed of ['EAT', 'EXIT', 'TRAP']) {
    const { problems, interrupted, ...rest } = await report(pool, misdeed)
    assert.deepEqual([problems.length, problems[0]?.analyzer, interrupted], [1, 'hostile', true], misdeed)
    assert.deepEqual(names({ ...rest, problems }), ['before', 'after'])
  }
})

test('what an analyzer throws, or cannot prepare, is a problem of the report', async () => {
  const thrown = await report(shared, 'THROW')
  assert.deepEqual(thrown.problems, [{ analyzer: 'hostile', text: 'failed: thrown by an analyzer' }])
  assert.deepEqual(names(thrown), ['before', 'after'])
  const unprepared = await report(shared, 'PREPARE')
  assert.deepEqual(unprepared.problems, [{ analyzer: 'unprepared', text: 'failed: it cannot be prepared' }])
})

test('regions outside the content are left out, and said so', async () => {
  const { regions, problems } = await report(shared, 'OUTSIDE')
  assert.deepEqual(
    regions.map(({ name, offset }) => [name, offset]),
    [
      ['before', 0],
      ['outside', 7],
      ['after', 0],
    ],
  )
  assert.deepEqual(problems, [{ analyzer: 'hostile', text: '5 regions outside the content were left out' }])
})

test('what an analyzer says is bounded in count and length', async () => {
  const { regions, problems } = await report(shared, 'MANY')
  const findings = regions.filter(({ finding }) => finding !== undefined)
  assert.equal(regions.length, 2 + regionsMaxPerEntry + findingsMaxPerEntry)
  assert.equal(findings.length, findingsMaxPerEntry)
  assert.ok(findings.every(({ name, finding }) => name.length <= 80 && (finding?.evidence[0]?.length ?? 0) <= 1_000))
  assert.equal(problems.length, problemsMax + 3)
  assert.ok(problems.every(({ text }) => text.length <= 500))
})

test('who asks can take it back: the thread is ended and the next one is answered', async (t) => {
  const pool = hostilePool(t)
  const stop = new AbortController()
  const hung = pool.analyze(job('HANG'), stop.signal)
  const queued = pool.analyze(job('quiet'), stop.signal)
  const next = report(pool, 'quiet')
  stop.abort()
  for (const asked of [hung, queued]) await assert.rejects(asked, (error: FoundryError) => error.code === 'CANCELLED')
  assert.deepEqual(names(await next), ['before', 'after'])
})

test('a closed pool answers what is under way and what waits as cancelled', async (t) => {
  const pool = hostilePool(t)
  const asked = ['HANG', 'quiet'].map((text) => pool.analyze(job(text)))
  const settled = Promise.allSettled(asked)
  await pool.close()
  for (const outcome of await settled) {
    assert.ok(outcome.status === 'rejected' && outcome.reason instanceof FoundryError)
    assert.equal(outcome.reason.code, 'CANCELLED')
  }
})

test('reports say the MD5 of the bytes and which analyzer spoke', async () => {
  const { md5, regions, type } = await report(shared, 'quiet\n')
  assert.equal(md5, '0ce1f32b0f8656a29d90577cb14e01e8')
  assert.deepEqual(
    regions.map(({ detector }) => detector),
    ['before/1', 'after/1'],
  )
  assert.equal(type.kind, 'text')
})

test('threads that have nothing to do end, and the next content is looked at by another one', async (t) => {
  const pool = hostilePool(t, { idleMsMax: 1 })
  for (let round = 0; round < 2; round++) {
    assert.deepEqual((await report(pool, 'quiet')).problems, [])
    while (pool.running > 0) await new Promise((resolve) => setImmediate(resolve))
  }
})
