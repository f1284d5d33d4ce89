/** Findings over bricks, and the page that explains a place, over HTTP. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import type { Finding, Region, Severity } from '../../src/base/region.ts'
import { contentsName } from '../../src/brick/meta-analysis.ts'
import { labelCommit } from '../../src/fold/label-commit.ts'
import { openBrick } from '../../src/fold/open-brick.ts'
import { Accepted } from '../../src/read/accepted.ts'
import type { BrickView } from '../../src/store/brick-view.ts'
import type { ExplainAnswer, FindingsAnswer, ModelStatusJson } from '../../src/wire/api.ts'
import { infoOf, random } from './brick-foundry.ts'
import type { Reply } from './client.ts'
import { type Fixture, fixture, foldChange } from './fixture.ts'

const time = { seconds: 1_700_000_000, nanoseconds: 0 }

function fields(severity: Severity, rule: string, confidence = 1): Finding {
  const check = "printf '%s\\n' FILE"
  return { severity, rule, evidence: ['<b>because</b>'], origin: 'deterministic', confidence, check }
}

function found(offset: number, finding: Finding): Region {
  return { offset, length: 2, layer: 128, class: 'finding', name: `${finding.rule} here`, detector: 'test/1', finding }
}

const plain = (more: Partial<Region>): Region => {
  return { offset: 0, length: 13, layer: 0, class: 'file-type', name: 'ASCII text', detector: 'file-type/1', ...more }
}

/** Labels of the fixture's brick, as a commit of its own. */
function labelled(f: Fixture): BrickView {
  const brick = openBrick(Buffer.from(f.brick), random)
  try {
    const { view } = f
    labelCommit(brick, {
      time,
      labels: [
        {
          path: utf8('hello.txt'),
          regions: [
            plain({}),
            plain({ layer: 32, class: 'section', name: 'greeting', length: 5 }),
            found(0, fields('low', 'mild')),
            found(7, fields('high', 'secret', 0.5)),
          ],
          described: [
            plain({
              ...{ layer: 96, class: 'description', name: 'A greeting', detector: 'model/1' },
              attributes: { text: 'It greets the world.', model: 'qwen', confidence: 0.4 },
            }),
          ],
        },
        { path: utf8('sub/noise'), regions: [found(100, fields('high', 'secret')), found(9, fields('info', 'idle'))] },
      ],
      analysis: {
        ...{ version: 'test/1', generation: view.record.generation, state: 'whole', ...contentsName(view.record) },
        ...{ entries: 50, analysed: 40, model: { state: 'unreachable', reason: 'nobody listens', labelled: 1 } },
        placeless: [
          { path: utf8('sub'), name: 'open folder', detector: 'test/1', finding: fields('critical', 'open') },
        ],
      },
    })
  } finally {
    brick.writer.close()
  }
  return f.foundry.open(f.brick)
}

function json<T>(reply: Reply): T {
  assert.equal(reply.status, 200, String(reply.body))
  return JSON.parse(String(reply.body)) as T
}

function told({ findings }: FindingsAnswer): string[] {
  return findings.map(({ finding, path, offset }) => `${finding.severity} ${finding.rule} ${path} ${offset}`)
}

test('findings come gravest first, then the surest, by place; counted, chosen and cut as asked', async (t) => {
  const f = await fixture(t)
  const { uuid, commit } = infoOf(labelled(f))
  const ask = async (query = '') => json<FindingsAnswer>(await f.get(`/findings${query}`))
  const all = [
    'critical open sub 0',
    'high secret sub/noise 100',
    'high secret hello.txt 7',
    'low mild hello.txt 0',
    'info idle sub/noise 9',
  ]
  const usual = await ask()
  assert.deepEqual(told(usual), all.slice(0, 4))
  assert.deepEqual(usual.counts, { info: 1, low: 1, medium: 0, high: 2, critical: 1 })
  assert.deepEqual([usual.total, usual.rules[0]], [4, { rule: 'secret', severity: 'high', count: 2 }])
  assert.deepEqual(told(await ask('?severity=info')), all)
  assert.deepEqual(told(await ask('?severity=high')), all.slice(0, 3))
  const second = await ask('?severity=info&from=1&limit=2')
  assert.deepEqual([told(second), second.total], [all.slice(1, 3), 5])
  assert.deepEqual(told(await ask(`?rule=mild&brick=${uuid}`)), all.slice(3, 4))
  const ofCommit = json<FindingsAnswer>(await f.get(`/b/${uuid}/${commit}/findings`))
  assert.deepEqual(ofCommit, usual)
  const analysis = usual.bricks[0]?.analysis
  assert.deepEqual([analysis?.state, analysis?.generation, analysis?.model.state], ['current', 1, 'unreachable'])
  for (const query of ['?severity=awful', '?limit=0', '?limit=1001', '?from=x']) {
    assert.equal((await f.get(`/findings${query}`)).status, 400, query)
  }
  assert.equal((await f.get(`/findings?brick=${'0'.repeat(32)}`)).status, 404)
  assert.equal((await f.post('/findings', {})).status, 405)
  assert.deepEqual(f.reported, [])
})

test('each finding says where it is and how one sees the same, with the place quoted for a shell', async (t) => {
  const f = await fixture(t)
  labelled(f)
  const { findings } = json<FindingsAnswer>(await f.get('/findings'))
  for (const { command = '', place } of findings) {
    assert.equal(execFileSync('sh', ['-c', command], { encoding: 'utf8' }), `${place}\n`)
  }
  const [open, inNoise] = findings
  assert.equal(open?.start, null)
  assert.equal(open?.kind, 'dir')
  assert.equal(inNoise?.start, (f.view.entry(utf8('sub/noise'))?.slot?.start ?? 0) + 100)
  assert.equal(new Set(findings.map(({ fingerprint }) => fingerprint)).size, findings.length)
})

test('what somebody accepts is left out and counted, and shown last to who asks for it', async (t) => {
  const f = await fixture(t)
  const place = Buffer.concat([labelled(f).meta.source, utf8('/hello.txt')])
  Object.assign(f.foundry, {
    accepted: () => new Accepted([{ rule: 'secret', place, reason: 'an example', at: '2026-01-01T00:00:00Z' }]),
  })
  const usual = json<FindingsAnswer>(await f.get('/findings'))
  assert.deepEqual(told(usual), ['critical open sub 0', 'high secret sub/noise 100', 'low mild hello.txt 0'])
  assert.deepEqual([usual.acceptedCount, usual.counts.high], [1, 1])
  const all = json<FindingsAnswer>(await f.get('/findings?accepted=1'))
  assert.equal(all.findings.at(-1)?.accepted?.reason, 'an example')
})

test('a brick that changed since it was analysed says so, and one that never was, too', async (t) => {
  const f = await fixture(t)
  const before = json<FindingsAnswer>(await f.get('/findings'))
  assert.deepEqual([before.findings, before.bricks[0]?.analysis], [[], null])
  labelled(f)
  await foldChange(f)
  const { bricks, findings } = json<FindingsAnswer>(await f.get('/findings'))
  assert.equal(bricks[0]?.analysis?.state, 'stale')
  assert.deepEqual(
    findings.map(({ path }) => path),
    ['sub', 'sub/noise'],
    'hello.txt has another content',
  )
})

test('an entry is explained: its kind, structure, findings, how one looks oneself, and what a model said', async (t) => {
  const f = await fixture(t)
  const { uuid, commit } = infoOf(labelled(f))
  const explain = async (query: string) => json<ExplainAnswer>(await f.get(`/b/${uuid}/${commit}/explain?${query}`))
  const whole = await explain('path=hello.txt')
  assert.deepEqual([whole.entry?.type, whole.entry?.size, whole.offset], ['ASCII text', 13, null])
  assert.deepEqual(
    whole.regions.map(({ name }) => name),
    ['ASCII text'],
  )
  assert.deepEqual(
    whole.outline.map(({ name }) => name),
    ['greeting'],
  )
  assert.deepEqual(
    whole.findings.map(({ finding }) => finding.rule),
    ['secret', 'mild'],
  )
  assert.deepEqual([whole.description?.text, whole.description?.model], ['It greets the world.', 'qwen'])
  assert.ok(whole.commands.some(({ command }) => command === `file -- ${f.source}/hello.txt`))
  const start = whole.entry?.slot?.start ?? 0
  const byte = await explain(`position=${start + 8}`)
  assert.equal(byte.offset, 8)
  assert.deepEqual(
    byte.regions.map(({ name }) => name),
    ['secret here', 'A greeting', 'ASCII text'],
  )
  assert.ok(byte.commands.some(({ command }) => command.startsWith('xxd -s 0 ')))
  // Another name of the same content.
  assert.deepEqual((await explain('path=sub/link')).outline, whole.outline)
  const folder = await explain('path=sub')
  assert.deepEqual([folder.entry?.kind, folder.regions, folder.description], ['dir', [], null])
})

test('a place of nobody has no entry; a path that is not there, or none, is refused', async (t) => {
  const f = await fixture(t)
  const { length } = f.view.record
  const free = Array.from({ length: length / 64 }, (_, cell) => 64 * cell).find((at) => f.view.slotAt(at) === undefined)
  const nobody = json<ExplainAnswer>(await f.get(`${f.at}/explain?position=${free}`))
  assert.deepEqual([nobody.entry, nobody.offset, nobody.analysis], [null, null, null])
  assert.equal((await f.get(`${f.at}/explain?path=nothing`)).status, 404)
  for (const query of ['', '?position=-1', `?position=${length}`, '?path=../x']) {
    assert.equal((await f.get(`${f.at}/explain${query}`)).status, 400, query)
  }
})

test('without a model its status says that there is none', async (t) => {
  const f = await fixture(t)
  const { state, reason } = json<ModelStatusJson>(await f.get('/model'))
  assert.equal(state, 'off')
  assert.notEqual(reason, '')
})
