/** The engine over bricks and live files: the same labels whichever way, nothing looked at twice, nothing invented. */
import assert from 'node:assert/strict'
import { appendFileSync, linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { AnalysisPool } from '../../src/analysis/analysis-pool.ts'
import { analyzeLive } from '../../src/analysis/analyze-live.ts'
import { utf8 } from '../../src/base/bytes.ts'
import type { FoundryError } from '../../src/base/errors.ts'
import { openSource } from '../../src/source/open.ts'
import { openArtifact } from '../../src/source/open-artifact.ts'
import { clock, fold, type Lab, makeLab, openView } from '../fold/lab.ts'
import { analysed, analysedLive, never, newCache, noHost, pool, someProgram, wordsOf } from './lab.ts'

async function planted(t: TestContext): Promise<Lab> {
  const lab = makeLab(t)
  const { source } = lab
  mkdirSync(join(source, 'folder'))
  writeFileSync(join(source, 'program'), someProgram())
  writeFileSync(join(source, 'folder/copy'), someProgram())
  linkSync(join(source, 'program'), join(source, 'second name'))
  writeFileSync(join(source, 'empty'), '')
  writeFileSync(join(source, 'text'), 'plain words\n')
  writeFileSync(join(source, 'script'), '#!/bin/sh\necho\n')
  symlinkSync('/nowhere', join(source, 'link'))
  writeFileSync(join(source, 'hole'), '')
  truncateSync(join(source, 'hole'), 300_000)
  await fold(lab)
  return lab
}

test('a brick and the files that it is of are said the same of', async (t) => {
  const lab = await planted(t)
  const brick = await analysed(openView(t, lab.brick))
  const live = await analysedLive(lab.source)
  assert.deepEqual([...brick.labels.keys()].sort(), [...live.labels.keys()].sort())
  for (const [path, labels] of live.labels) {
    // A second name of a file owns no bytes of its own in a brick.
    if (path === 'second name') continue
    assert.deepEqual(wordsOf(brick.labels.get(path) ?? labels), wordsOf(labels), path)
  }
  assert.equal(brick.labels.get('program')?.type?.kind, 'elf')
  assert.ok(brick.labels.get('program')?.regions.some((region) => region.class === 'hardening'))
  assert.equal(brick.labels.get('script')?.type?.kind, 'script')
  assert.deepEqual(brick.labels.get('second name')?.regions, [])
})

test('the same content is looked at once, over names, bricks and restarts; the second time nothing is', async (t) => {
  const lab = await planted(t)
  const cache = newCache()
  const first = await analysed(openView(t, lab.brick), { cache })
  const contents = ['program', 'folder/copy', 'text', 'script', 'hole'].length
  assert.deepEqual([first.summary.analysed, first.summary.known], [contents, 1])
  const live = await analysedLive(lab.source, cache)
  assert.equal(live.summary.known, live.summary.analysed)
  const busy = new AnalysisPool()
  await busy.close()
  const again = await analysed(openView(t, lab.brick), { cache, pool: busy })
  assert.deepEqual([again.summary.analysed, again.summary.known], [contents, contents])
  assert.deepEqual([...again.labels.values()].map(wordsOf), [...first.labels.values()].map(wordsOf))
})

test('only what is asked for is analysed', async (t) => {
  const lab = await planted(t)
  const { labels } = await analysed(openView(t, lab.brick), { only: [utf8('folder')] })
  assert.deepEqual([...labels.keys()].sort(), ['', 'folder', 'folder/copy'])
})

test('an analysis that is stopped ends as cancelled and leaves no thread at work', async (t) => {
  const lab = await planted(t)
  const stop = new AbortController()
  const run = analysed(openView(t, lab.brick), { signal: stop.signal, onProgress: () => stop.abort() })
  await assert.rejects(run, (error: FoundryError) => error.code === 'CANCELLED')
  const after = await analysed(openView(t, lab.brick))
  assert.equal(after.summary.problems, 0)
})

test('a file that changes while it is looked at is looked at again, and said to change where it does not stop', async (t) => {
  const lab = makeLab(t)
  const path = join(lab.source, 'file')
  writeFileSync(path, 'as it was listed\n')
  const source = openSource(Buffer.from(lab.source))
  const options = { exclude: [], crossFilesystems: 'no', clock, signal: never, ownFiles: [] } as const
  const { lister, reader } = openArtifact(source, options)
  for (const [changes, problems, regions] of [
    [1, 0, 1],
    [99, 1, 0],
  ] as const) {
    let left = changes
    const change = (): void => {
      if (left-- > 0) appendFileSync(path, 'more\n')
    }
    const entries = [...lister.walk(source.path)].filter(({ meta }) => meta.kind === 'file')
    change()
    const again = (entry: Uint8Array) => {
      const listed = lister.stat(entry)
      change()
      return listed
    }
    const analysis = analyzeLive({
      ...{ root: source.root, reader, entries, again, pool, cache: newCache(), host: noHost, signal: never },
    })
    for await (const labels of analysis) {
      assert.equal(labels.problems.length, problems, JSON.stringify(labels.problems))
      assert.equal(labels.regions.some((region) => region.class === 'file-type') ? 1 : 0, regions)
    }
  }
})

test('a file that is gone, or is replaced by something else, is a problem of its entry', async (t) => {
  const lab = makeLab(t)
  const source = openSource(Buffer.from(lab.source))
  writeFileSync(join(lab.source, 'gone'), 'soon\n')
  const options = { exclude: [], crossFilesystems: 'no', clock, signal: never, ownFiles: [] } as const
  const { lister, reader } = openArtifact(source, options)
  const entries = [...lister.walk(source.path)]
  const missing = entries.map((listed) => ({ ...listed, meta: { ...listed.meta, ino: listed.meta.ino + 1n } }))
  const analysis = analyzeLive({
    ...{ root: source.root, reader, entries: missing, pool, cache: newCache(), host: noHost, signal: never },
    again: () => undefined,
  })
  const problems: string[] = []
  for await (const labels of analysis) problems.push(...labels.problems.map(({ text }) => text))
  assert.deepEqual(problems, ['not read: ENOENT'])
})
