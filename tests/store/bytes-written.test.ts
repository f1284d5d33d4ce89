/** What a small change costs: the tile, its path to the root, a page of each map; never more because the rest is large. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { patternOf } from '../fold/hostile-tree.ts'
import { entryScope, makeLab, Session } from '../fold/lab.ts'
import { record } from './disk-recorder.ts'

const kibibyte = 1024

/** Bytes that one commit of this change writes, in KiB. */
async function writtenKib(t: TestContext, session: Session, change: { brick: string; path: string }): Promise<number> {
  const steps = await record(change.brick, async () => void (await session.reconcile([entryScope(change.path)])))
  const bytes = steps.reduce((sum, step) => sum + (step.kind === 'write' ? step.bytes.length : 0), 0)
  const kib = Math.ceil(bytes / kibibyte)
  t.diagnostic(`${kib} KiB written`)
  return kib
}

test('one byte of a file of 80 MiB costs at most 200 KiB', async (t) => {
  const lab = makeLab(t)
  const path = join(lab.source, 'large')
  for (let mebibyte = 0; mebibyte < 80; mebibyte++) fs.appendFileSync(path, patternOf(mebibyte, 2 ** 20))
  const fd = fs.openSync(path, 'r+')
  t.after(() => fs.closeSync(fd))
  // A tile that does not pack: the most that one can cost.
  fs.writeSync(fd, randomBytes(65_536), 0, 65_536, 700 * 65_536)
  const session = new Session(t, lab)
  await session.reconcileAll()
  fs.writeSync(fd, 'changed', 700 * 65_536 + 1000)
  assert.ok((await writtenKib(t, session, { brick: lab.brick, path: 'large' })) <= 200)
  assert.equal(session.view.extras.dirtyTiles, 1)
})

test('one file of 5,000 costs at most 300 KiB, in the same tile and in another', async (t) => {
  const lab = makeLab(t)
  for (let folder = 0; folder < 50; folder++) {
    fs.mkdirSync(join(lab.source, `${folder}`))
    for (let i = 0; i < 100; i++)
      fs.writeFileSync(join(lab.source, `${folder}/file-${i}`), patternOf(folder * 100 + i, (i * 97) % 9000))
  }
  const session = new Session(t, lab)
  await session.reconcileAll()
  fs.writeFileSync(join(lab.source, '25/file-50'), 'short now')
  assert.ok((await writtenKib(t, session, { brick: lab.brick, path: '25/file-50' })) <= 300)
  fs.writeFileSync(join(lab.source, '40/file-1'), patternOf(1, 40_000))
  assert.ok((await writtenKib(t, session, { brick: lab.brick, path: '40/file-1' })) <= 300)
  fs.rmSync(join(lab.source, '7/file-7'))
  assert.ok((await writtenKib(t, session, { brick: lab.brick, path: '7/file-7' })) <= 300)
})
