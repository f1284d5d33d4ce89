import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { endedCommit } from '../../src/store/ended.ts'
import { historyItems } from '../../src/store/history.ts'
import { makeLab, Session } from '../fold/lab.ts'

test('the end of a source is one last commit with the same content, said once', async (t) => {
  const lab = makeLab(t)
  writeFileSync(join(lab.source, 'a'), 'one')
  const session = new Session(t, lab)
  const time = { seconds: 1_900_000_000, nanoseconds: 7 }
  assert.equal(endedCommit(session.brick.writer, time), undefined, 'without a commit nothing can be said')
  await session.reconcileAll()
  const before = session.view
  const entries = [...before.entries()]
  const head = endedCommit(session.brick.writer, time)
  assert.equal(head?.record.generation, before.record.generation + 1)
  assert.deepEqual(head?.record.treeHash, before.record.treeHash)
  session.reopen()
  const { view } = session
  assert.equal(view.meta.ended, '2030-03-17T17:46:40.000000007Z')
  assert.equal(view.extras.reason, 'ended')
  assert.deepEqual([...view.entries()], entries)
  const again = endedCommit(session.brick.writer, { seconds: 1_900_000_001, nanoseconds: 0 })
  assert.equal(again?.record.generation, head?.record.generation)
  assert.equal(historyItems(session.brick.writer.pages, view.record.history).length, 1)
})
