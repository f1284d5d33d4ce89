/** Bricks of which not all can be read: what is there is analysed, what is not is said, and nothing is invented. */
import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import { forgetPath } from '../../src/fold/forget.ts'
import { viewBehind } from '../../src/read/at.ts'
import { clock, fold, makeLab, openView, random } from '../fold/lab.ts'
import { analysed, never, newCache, someProgram } from './lab.ts'

test('bytes that were forgotten are not analysed as zeros, and what is kept of the whole content is not used', async (t) => {
  const lab = makeLab(t)
  writeFileSync(join(lab.source, 'secret'), 'token = hunter2\n'.repeat(10))
  writeFileSync(join(lab.source, 'neighbour'), 'it shared a tile\n')
  await fold(lab)
  writeFileSync(join(lab.source, 'neighbour'), 'it has another content now\n')
  await fold(lab)
  const cache = newCache()
  const before = await analysed(viewBehind(openView(t, lab.brick), { kind: 'generation', generation: 1 }), { cache })
  assert.equal(before.summary.problems, 0)
  const parts = { path: utf8(lab.brick), random, clock, signal: never, pause: async () => {}, onProgress: () => {} }
  await forgetPath({ ...parts, entryPath: utf8('secret') })
  const newest = openView(t, lab.brick)
  const after = await analysed(viewBehind(newest, { kind: 'generation', generation: 1 }), { cache })
  for (const path of ['secret', 'neighbour']) {
    assert.equal(after.labels.get(path)?.type, undefined, path)
    assert.deepEqual(
      after.labels.get(path)?.problems,
      [{ analyzer: 'engine', text: 'none of its bytes are in the brick' }],
      path,
    )
  }
  const now = await analysed(newest, { cache })
  assert.equal(now.labels.get('neighbour')?.type?.kind, 'text')
  assert.equal(now.summary.unread, 0)
})

test('content that the brick has damaged is a problem of its entry, the others are analysed', async (t) => {
  const lab = makeLab(t)
  writeFileSync(join(lab.source, 'program'), someProgram())
  // Large enough for tiles of its own.
  writeFileSync(join(lab.source, 'text'), 'some line of some text\n'.repeat(10_000))
  await fold(lab)
  const view = openView(t, lab.brick)
  const { slot } = view.entry(utf8('text')) ?? {}
  const { pointer } = view.locateTile((slot?.start ?? 0) / 65_536)
  const fd = openSync(lab.brick, 'r+')
  const at = pointer.offset + 60
  writeSync(fd, Uint8Array.of((readFileSync(lab.brick)[at] ?? 0) ^ 0xff), 0, 1, at)
  closeSync(fd)
  const { labels, summary } = await analysed(openView(t, lab.brick))
  assert.match(labels.get('text')?.problems[0]?.text ?? '', /^the brick is damaged: /)
  assert.deepEqual([labels.get('text')?.regions, summary.unread], [[], 1])
  assert.equal(labels.get('program')?.type?.kind, 'elf')
})
