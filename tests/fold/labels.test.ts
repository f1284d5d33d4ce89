/** Label commits: what analyzers and models say comes, is replaced and goes with the contents that it is about, and nothing else changes. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import { type Region, severities } from '../../src/base/region.ts'
import { contentsName, type MetaAnalysis, noFindings } from '../../src/brick/meta-analysis.ts'
import { type LabelRequest, labelCommit, labelReason } from '../../src/fold/label-commit.ts'
import { regionsOf } from '../../src/read/regions.ts'
import { verify } from '../../src/read/verify.ts'
import type { EntryRegions } from '../../src/source/artifact.ts'
import type { BrickView } from '../../src/store/brick-view.ts'
import { pastCommits } from '../../src/store/history.ts'
import { type Chance, chanceOf, seedsOf } from './chance.ts'
import { isLong, makeLab, Session } from './lab.ts'

const time = { seconds: 1_700_000_000, nanoseconds: 0 }

function said(view: BrickView, more: Partial<MetaAnalysis> = {}): LabelRequest['analysis'] {
  const { record } = view
  return {
    ...{ version: 'test/1', generation: record.generation, state: 'whole', ...contentsName(record) },
    ...{ entries: 1, analysed: 1, model: { state: 'off', labelled: 0 }, placeless: [] },
    ...more,
  }
}

function label(name: string, more: Partial<Region> = {}): Region {
  return { offset: 0, length: 3, layer: 48, class: 'symbol', name, detector: 'test/1', ...more }
}

function ofSource(name: string): Region {
  const { detector: _, ...region } = label(name)
  return region
}

function finding(severity: (typeof severities)[number], name = 'bad'): Region {
  const fields = { severity, rule: 'r', evidence: ['e'], origin: 'rule', confidence: 0.5 } as const
  return label(name, { layer: 128, class: 'finding', finding: fields })
}

interface Stage {
  readonly session: Session
  write(name: string, content: string): void
  /** A commit of contents; `say`: what the source says. */
  commit(say?: readonly EntryRegions[]): Promise<void>
  labels(request: Partial<LabelRequest> & Pick<LabelRequest, 'labels'>): ReturnType<typeof labelCommit>
  /** `source:NAME`, or `DETECTOR:NAME`, in the order in which the brick has them. */
  regions(name: string): string[]
}

function makeStage(t: TestContext): Stage {
  const lab = makeLab(t)
  const session = new Session(t, lab)
  return {
    session,
    write: (name, content) => fs.writeFileSync(join(lab.source, name), content),
    async commit(say = []) {
      const { lister } = session
      await session.reconcileAll({ artifact: { lister, reader: 'files', regions: () => say } })
    },
    labels: (request) => labelCommit(session.brick, { analysis: said(session.view), time, ...request }),
    regions(name) {
      const entry = session.view.entry(utf8(name))
      if (entry === undefined) return []
      return [...regionsOf(session.view, entry)].map((region) => `${region.detector ?? 'source'}:${region.name}`)
    },
  }
}

test('a label commit has the contents, hashes and slots of the one before, and says why it was made', async (t) => {
  const stage = makeStage(t)
  stage.write('a', 'some bytes')
  await stage.commit()
  const before = stage.session.view
  const head = stage.labels({ labels: [{ path: utf8('a'), regions: [label('one')] }] })
  const after = stage.session.view
  assert.equal(head?.record.generation, before.record.generation + 1)
  for (const key of ['contentRoot', 'treeHash', 'metaHash', 'entries', 'slots', 'root', 'length'] as const) {
    assert.deepEqual(after.record[key], before.record[key], key)
  }
  assert.equal(after.extras.reason, labelReason)
  assert.deepEqual([after.extras.dirty, after.extras.dirtyTiles], [[], 0])
  assert.deepEqual(after.extras.counts, before.extras.counts)
  assert.deepEqual(stage.regions('a'), ['test/1:one'])
})

test('nothing is committed where the brick says it already', async (t) => {
  const stage = makeStage(t)
  stage.write('a', 'some bytes')
  await stage.commit()
  const labels = [{ path: utf8('a'), regions: [label('one'), finding('low')] }]
  assert.notEqual(stage.labels({ labels }), undefined)
  const analysis = said(stage.session.view, { generation: 77 })
  assert.equal(stage.labels({ labels, analysis }), undefined)
  stage.session.reopen()
  assert.equal(stage.labels({ labels, analysis }), undefined)
  assert.notEqual(stage.labels({ labels, analysis: { ...analysis, version: 'test/2' } }), undefined)
})

test('labels stand beside what the source said, and a model beside other analyzers', async (t) => {
  const stage = makeStage(t)
  stage.write('a', 'some bytes')
  await stage.commit([{ path: utf8('a'), regions: [ofSource('s1'), ofSource('s2')] }])
  const path = utf8('a')
  stage.labels({ labels: [{ path, regions: [label('old')] }] })
  stage.labels({ labels: [{ path, described: [label('words', { detector: 'model/1' })] }] })
  stage.labels({ labels: [{ path, regions: [label('new')] }] })
  assert.deepEqual(stage.regions('a'), ['source:s1', 'source:s2', 'test/1:new', 'model/1:words'])
  stage.labels({ labels: [{ path, described: [] }] })
  assert.deepEqual(stage.regions('a'), ['source:s1', 'source:s2', 'test/1:new'])
  // The source says something else of the same contents.
  await stage.commit([{ path, regions: [ofSource('s3')] }])
  assert.deepEqual(stage.regions('a'), ['source:s1', 'source:s2', 'test/1:new'], 'nothing had changed')
  stage.write('b', 'other')
  await stage.commit([{ path, regions: [ofSource('s3')] }])
  assert.deepEqual(stage.regions('a'), ['source:s3', 'test/1:new'])
})

test('what the source said of a thing is not said again, but for a finding about it', async (t) => {
  const stage = makeStage(t)
  stage.write('a', 'abcdef')
  await stage.commit([{ path: utf8('a'), regions: [ofSource('main'), ofSource('other')] }])
  const longer = label('other', { length: 4 })
  stage.labels({
    labels: [{ path: utf8('a'), regions: [label('main', { layer: 32 }), longer, finding('low', 'main')] }],
  })
  assert.deepEqual(stage.regions('a').sort(), ['source:main', 'source:other', 'test/1:main', 'test/1:other'])
  const again = { labels: [{ path: utf8('a'), regions: [label('main'), longer, finding('low', 'main')] }] }
  assert.equal(stage.labels(again), undefined)
})

test('another content loses what was said of the one before, in the same commit, and META says so', async (t) => {
  const stage = makeStage(t)
  stage.write('a', 'some bytes')
  stage.write('b', 'other bytes')
  await stage.commit([{ path: utf8('a'), regions: [ofSource('s')] }])
  const labels = ['a', 'b'].map((name) => ({ path: utf8(name), regions: [label('x'), finding('high')] }))
  stage.labels({ labels })
  stage.write('a', 'SOME bytes')
  await stage.commit()
  assert.deepEqual(stage.regions('a'), ['source:s'])
  assert.deepEqual(stage.regions('b'), ['test/1:x', 'test/1:bad'])
  const { analysis } = stage.session.view.meta
  assert.equal(analysis?.state, 'partial')
  assert.deepEqual([analysis?.findings, analysis?.labels], [{ ...noFindings, high: 1 }, 2])
})

test('of a content that has changed since it was looked at nothing is said', async (t) => {
  const stage = makeStage(t)
  stage.write('a', 'some bytes')
  stage.write('b', 'other bytes')
  await stage.commit()
  const looked = stage.session.view
  stage.write('a', 'SOME bytes')
  await stage.commit()
  const labels = ['a', 'b', 'gone'].map((name) => ({ path: utf8(name), regions: [label('x')] }))
  stage.labels({ labels, of: looked, analysis: said(looked) })
  assert.deepEqual([stage.regions('a'), stage.regions('b')], [[], ['test/1:x']])
  const { contentRoot } = contentsName(stage.session.view.record)
  assert.notEqual(stage.session.view.meta.analysis?.contentRoot, contentRoot, 'it says of which contents it is')
})

test('what was not looked at is a region, and entries without bytes are in META', async (t) => {
  const stage = makeStage(t)
  stage.write('a', 'some bytes')
  await stage.commit()
  const { finding: fields } = finding('medium')
  const placeless = fields ? [{ path: utf8(''), name: 'open to all', detector: 'test/1', finding: fields }] : []
  const problems = [{ analyzer: 'strings', text: 'read up to 3 of 10 bytes' }]
  const analysis = said(stage.session.view, { placeless })
  stage.labels({ labels: [{ path: utf8('a'), regions: [finding('low')], problems }], analysis })
  assert.deepEqual(stage.regions('a'), ['strings:read up to 3 of 10 bytes', 'test/1:bad'])
  const { problems: problemCount, findings, labels } = stage.session.view.meta.analysis ?? {}
  assert.deepEqual([problemCount, findings, labels], [1, { ...noFindings, low: 1, medium: 1 }, 2])
  stage.labels({ labels: [], analysis: said(stage.session.view) })
  assert.deepEqual(stage.session.view.meta.analysis?.findings, { ...noFindings, low: 1 })
})

test('a brick that is labelled again and again keeps the commits of its contents', async (t) => {
  const stage = makeStage(t)
  for (let content = 0; content < 4; content++) {
    stage.write('a', `content ${content}`)
    await stage.commit()
    for (let times = 0; times < 12; times++) {
      stage.labels({ labels: [{ path: utf8('a'), regions: [label(`said ${times}`)] }] })
    }
  }
  const kept = [...pastCommits(stage.session.view)].map(({ generation }) => generation)
  assert.deepEqual(kept, [1, 13, 14, 26, 27, 39, 40])
})

/** Files that change, a source that speaks, analyzers and a model that label: what each of them said is where it is true. */
class Story {
  readonly stage: Stage
  readonly #chance: Chance
  readonly #names = ['a', 'b', 'c', 'd', 'e']
  readonly #contents = new Map<string, string>()
  readonly known = new Map<string, { source: string[]; analyzers: string[]; model: string[] }>()
  /** What the source said of bytes after the first. */
  readonly #later = new Set<string>()
  #count = 0

  constructor(t: TestContext, chance: Chance) {
    this.stage = makeStage(t)
    this.#chance = chance
  }

  async contents(): Promise<void> {
    const say: EntryRegions[] = []
    for (const name of this.#names) {
      if (this.#chance.happens(40)) this.#edit(name)
      if (this.#chance.happens(30) && this.#contents.has(name)) say.push(this.#say(name))
    }
    this.stage.write('z', `${++this.#count}`)
    await this.stage.commit(say)
  }

  label(): void {
    const speaker = this.#chance.pick(['analyzers', 'analyzers', 'model'] as const)
    const labels = this.#names
      .filter((name) => this.#contents.has(name) && this.#chance.happens(60))
      .map((name) => {
        const detector = speaker === 'model' ? 'model/1' : 'test/1'
        const names = Array.from({ length: this.#chance.below(4) }, () => `${++this.#count}`)
        const layer = this.#chance.pick([48, 64])
        const regions = names.map((each, i) => {
          const more = { detector, layer, offset: this.#chance.below(3) }
          return i === 2 ? { ...finding(this.#chance.pick(severities), each), ...more } : label(each, more)
        })
        const known = this.known.get(name)
        assert.ok(known !== undefined)
        known[speaker] = names.map((each) => `${detector}:${each}`)
        return { path: utf8(name), ...(speaker === 'model' ? { described: regions } : { regions }) }
      })
    this.stage.labels({ labels })
  }

  check(): void {
    const found = new Map<string, Region[]>()
    for (const entry of this.stage.session.view.entries()) {
      const name = utf8Text(entry.path) ?? ''
      if (entry.kind === 'file' && name !== 'z') found.set(name, [...regionsOf(this.stage.session.view, entry)])
    }
    for (const name of this.#names) {
      const texts = (found.get(name) ?? []).map((region) => `${region.detector ?? 'source'}:${region.name}`).sort()
      const { source = [], analyzers = [], model = [] } = this.known.get(name) ?? {}
      assert.deepEqual(texts, [...source, ...analyzers, ...model].sort(), name)
    }
    const { analysis } = this.stage.session.view.meta
    if (analysis === undefined) return
    const all = [...found.values()].flat()
    const counts = Object.fromEntries(
      severities.map((each) => [each, all.filter((region) => region.finding?.severity === each).length]),
    )
    assert.deepEqual(analysis.findings, counts)
    assert.equal(analysis.model.labelled, all.filter(({ detector }) => detector === 'model/1').length)
    assert.equal(analysis.labels, all.filter(({ detector }) => detector !== undefined).length)
  }

  #edit(name: string): void {
    if (this.#chance.happens(20) && this.#contents.delete(name)) {
      fs.rmSync(join(Buffer.from(this.stage.session.source.root).toString(), name))
      this.known.delete(name)
      return
    }
    const content = `${`${++this.#count}`.padStart(8, '0')} `.repeat(this.#chance.pick([1, 40, 2_000, 40_000]))
    this.#contents.set(name, content)
    this.stage.write(name, content)
    const { source = [] } = this.known.get(name) ?? {}
    // All that is said of it begins in its first bytes: nothing is cut off.
    this.known.set(name, { source, analyzers: [], model: [] })
  }

  #say(name: string): EntryRegions {
    const names = Array.from({ length: this.#chance.below(3) }, () => `${++this.#count}`)
    const known = this.known.get(name)
    assert.ok(known !== undefined)
    const regions = names.map((each) => ({ ...ofSource(each), length: 0 }))
    if (this.#chance.happens(30)) {
      // What was said before stays where it begins with the content.
      const added = names.map((each) => `source:${each}`)
      known.source = [...known.source.filter((each) => !this.#later.has(each)), ...added]
      for (const each of added) this.#later.add(each)
      return {
        path: utf8(name),
        regions: regions.map((each) => ({ ...each, offset: 1 })),
        kept: { start: 0, length: 1 },
      }
    }
    known.source = names.map((each) => `source:${each}`)
    return { path: utf8(name), regions }
  }
}

for (const seed of seedsOf(isLong ? 150 : 3)) {
  test(`what each speaker said is where it is true, in every commit (seed ${seed})`, async (t) => {
    const chance = chanceOf(seed)
    const story = new Story(t, chance)
    for (let commits = isLong ? 25 : 12; commits > 0; commits--) {
      if (chance.happens(20) && commits < 12) story.stage.session.reopen()
      if (chance.happens(50) || story.stage.session.brick.writer.head === undefined) await story.contents()
      else story.label()
      story.check()
    }
    const signal = new AbortController().signal
    const options = {
      view: story.stage.session.view,
      signal,
      pause: async () => undefined,
      onProgress: () => undefined,
    }
    assert.deepEqual((await verify(options)).damaged, [])
  })
}
