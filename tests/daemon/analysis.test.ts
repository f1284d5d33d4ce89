/** The daemon analyses what it keeps: findings come by themselves, follow the contents, and cost nothing where nothing changed. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ExplainAnswer, FindingsAnswer, ModelStatusJson } from '../../src/wire/api.ts'
import type { AnalyzeAnswer } from '../../src/wire/care.ts'
import { describes, goodAnswer, modelId, Stand } from '../model/stand.ts'
import { type RunningDaemon, until } from './harness.ts'
import { assertWhole, brickFile, makeStage, StagedDaemon } from './stage.ts'

const patienceMs = 60_000
const isLong = process.env['SFD_TEST_LONG'] === '1'

async function findings(daemon: StagedDaemon): Promise<FindingsAnswer> {
  return (await daemon.ask('/findings?severity=info').then((answer) => answer.json())) as FindingsAnswer
}

async function post(running: RunningDaemon, path: string, body: unknown): Promise<Response> {
  const headers = { authorization: `Bearer ${running.token}`, 'content-type': 'application/json' }
  return fetch(new URL(path, running.url), { method: 'POST', headers, body: JSON.stringify(body) })
}

async function analyze(daemon: StagedDaemon): Promise<AnalyzeAnswer> {
  const { name } = await daemon.brick()
  const answer = await post(daemon.running, '/api/analyze', { name })
  assert.equal(answer.status, 200, daemon.running.said())
  return (await answer.json()) as AnalyzeAnswer
}

async function analysed(daemon: StagedDaemon): Promise<FindingsAnswer> {
  let now = await findings(daemon)
  await until(
    'the analysis',
    async () => {
      now = await findings(daemon)
      return now.bricks.length > 0 && now.bricks.every(({ analysis }) => analysis?.state === 'current')
    },
    patienceMs,
  )
  return now
}

function rulesIn({ findings: found }: FindingsAnswer): string[] {
  return found.map(({ finding, path }) => `${finding.severity} ${path}`)
}

test('what is wrong with a tree is said by itself, follows its contents, and is known after a restart', async (t) => {
  const { tree, state } = makeStage(t)
  fs.mkdirSync(join(tree, 'open'))
  fs.chmodSync(join(tree, 'open'), 0o777)
  fs.writeFileSync(join(tree, 'app.conf'), 'aws_access_key_id = AKIAQX7BNPD3JZ5LWY2T\n')
  fs.writeFileSync(join(tree, 'readme'), 'Nothing to see.\n')
  const order = { state, sources: [tree], analysis: 'on', args: ['--no-model'] } as const
  const first = await StagedDaemon.start(t, order)
  const found = await analysed(first)
  const places = found.findings.map(({ path }) => path)
  assert.ok(places.includes('app.conf') && places.includes('open'), JSON.stringify(rulesIn(found)))
  assert.ok(!places.includes('readme'))
  assert.equal(found.bricks[0]?.analysis?.entries, 4)
  const told = await first.told()
  const commits = told.filter((message) => message.kind === 'commit')
  // On a busy machine there is more than one of them.
  const [contents, ...labels] = commits.map(({ changed = 'contents' }) => changed)
  assert.equal(contents, 'contents')
  assert.ok(labels.length > 0 && labels.every((changed) => changed === 'none'))
  assert.deepEqual(commits.at(-1)?.dirtyTiles, [])

  // Mended: the finding goes with the content, and nothing comes back.
  fs.writeFileSync(join(tree, 'app.conf'), 'aws_access_key_id = from the environment\n')
  await first.synced()
  assert.ok(!(await findings(first)).findings.some(({ path }) => path === 'app.conf'))
  const { isNew, generation } = await analyze(first)
  assert.ok(isNew)
  assert.deepEqual(
    (await findings(first)).findings.map(({ path }) => path),
    ['open'],
  )
  assert.deepEqual(await analyze(first), { isNew: false, generation })
  assert.ok((await first.figure('sfd_analysis_entries_total')) >= 4)
  await first.running.kill('SIGKILL')

  const second = await StagedDaemon.start(t, order)
  await second.synced()
  assert.deepEqual(await analyze(second), { isNew: false, generation })
  assert.deepEqual(rulesIn(await findings(second)), [`medium open`])
  await assertWhole(brickFile(state), tree)
})

test('what a model says stands beside what was found, marked as its own, and nothing is missing without one', async (t) => {
  const { tree, state } = makeStage(t)
  fs.copyFileSync('/bin/true', join(tree, 'true'))
  const stand = await Stand.open(t, describes())
  const options = { env: { ...process.env, SFD_MODEL_URL: stand.url } }
  const daemon = await StagedDaemon.start(t, { state, sources: [tree], analysis: 'on', options })
  const before = (await analysed(daemon)).counts
  await until('a description', async () => (await model(daemon)).described > 0, patienceMs)
  assert.equal((await model(daemon)).state, 'ready')
  assert.ok((await analyze(daemon)).isNew)
  const { uuid, commit } = await daemon.brick()
  const page = await daemon.ask(`/b/${uuid}/${commit}/explain?path=true`).then((answer) => answer.json())
  const { description, analysis } = page as ExplainAnswer
  assert.deepEqual([description?.text, description?.model], [goodAnswer.summary, modelId])
  assert.deepEqual([analysis?.model.state, analysis?.model.labelled], ['ready', 1])
  assert.deepEqual((await findings(daemon)).counts, before, 'a model decides nothing')
})

async function model(daemon: StagedDaemon): Promise<ModelStatusJson> {
  return (await daemon.ask('/model').then((answer) => answer.json())) as ModelStatusJson
}

test('where nothing is to be analysed nothing is, and an order says so', { skip: !isLong }, async (t) => {
  const { tree, state } = makeStage(t)
  fs.writeFileSync(join(tree, 'app.conf'), 'aws_access_key_id = AKIAQX7BNPD3JZ5LWY2T\n')
  const daemon = await StagedDaemon.start(t, { state, sources: [tree] })
  await daemon.synced()
  const { name } = await daemon.brick()
  const answer = await post(daemon.running, '/api/analyze', { name })
  assert.equal(((await answer.json()) as { error: { code: string } }).error.code, 'USAGE')
  assert.deepEqual((await findings(daemon)).bricks[0]?.analysis, null)
})
