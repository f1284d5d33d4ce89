/** Names for commits, and how long commits stay. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BrickWriter } from '../../src/store/brick-writer.ts'
import { tagCommit, tagProblem, tagsOf } from '../../src/store/tags.ts'
import { fold, type Lab, makeLab, random, Session } from '../fold/lab.ts'
import { assertWitnessed, witness } from '../fold/witness.ts'
import { statesOf } from './states.ts'

/** Of the hour of all other commits, or one of its own: the commits of tags are kept like any. */
const time = { seconds: Math.floor(Date.now() / 1000), nanoseconds: 7 }

function tag(brick: string, generation: number, name: string | null): number {
  const { writer } = BrickWriter.open(Buffer.from(brick), random)
  try {
    return tagCommit(writer, { generation, tag: name, time }).record.generation
  } finally {
    writer.close()
  }
}

async function change(lab: Lab, session: Session, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    fs.writeFileSync(join(lab.source, 'a'), `${Math.random()}`)
    await session.reconcileAll()
  }
}

test('a tag is a commit with the same content, which later ones keep', async (t) => {
  const lab = makeLab(t)
  fs.writeFileSync(join(lab.source, 'a'), 'a')
  await fold(lab)
  await fold(lab)
  assert.equal(tag(lab.brick, 2, 'good one'), 3)
  assert.equal(tag(lab.brick, 2, 'good one'), 3, 'it is called so already')
  const states = statesOf(lab.brick)
  assert.deepEqual(
    states.map((state) => state.tag),
    [undefined, 'good one', undefined],
  )
  assert.equal(states[2]?.reason, 'tag good one')
  assert.equal(states[2]?.contentRoot, states[1]?.contentRoot)
  assert.equal(states[2]?.metaHash, states[1]?.metaHash)
  await fold(lab)
  assert.equal(statesOf(lab.brick)[1]?.tag, 'good one')
  assert.equal(tag(lab.brick, 2, null), 5)
  assert.equal(statesOf(lab.brick).at(-1)?.reason, 'untag good one')
  assert.ok(statesOf(lab.brick).every((state) => state.tag === undefined))
  if (!witness.skip) await assertWitnessed(lab.brick)
})

test('a tagged commit is retained however many follow, until it loses its tag', async (t) => {
  const lab = makeLab(t)
  const session = new Session(t, lab)
  await change(lab, session, 2)
  const { writer } = session.brick
  tagCommit(writer, { generation: 1, tag: 'kept', time })
  await change(lab, session, 60)
  session.close()
  const kept = statesOf(lab.brick).map(({ generation }) => generation)
  assert.deepEqual([kept[0], kept[1], kept.length], [1, 14, 51])
  tag(lab.brick, 1, null)
  assert.notEqual(statesOf(lab.brick)[0]?.generation, 1)
})

test('a brick keeps as many commits as its META says, by whoever it is written', async (t) => {
  const lab = makeLab(t)
  await fold(lab)
  const { writer } = BrickWriter.open(Buffer.from(lab.brick), random)
  const { head, meta } = writer
  assert.ok(head !== undefined && meta !== undefined)
  const { extras } = writer.file.commit(head.commit, head.record)
  const retention = { last: 3, hourly: 0, daily: 0 }
  writer.commit({ ...head.record, time, meta, extras, replacedBytes: 0, retention })
  writer.close()
  for (let i = 0; i < 4; i++) {
    fs.writeFileSync(join(lab.source, 'changing'), `${i}`)
    await fold(lab)
  }
  const generations = (): number[] => statesOf(lab.brick).map(({ generation }) => generation)
  assert.deepEqual(generations(), [4, 5, 6])
  // With the same contents again and again: they count once, the first and the newest are enough.
  for (let i = 0; i < 3; i++) await fold(lab)
  assert.deepEqual(generations(), [4, 5, 6, 9])
  const again = BrickWriter.open(Buffer.from(lab.brick), random).writer
  assert.deepEqual(again.meta?.retention, retention)
  again.close()
})

test('two commits never have one name, nor one commit two', async (t) => {
  const lab = makeLab(t)
  await fold(lab)
  await fold(lab)
  tag(lab.brick, 1, 'x')
  const before = fs.readFileSync(lab.brick)
  assert.throws(() => tag(lab.brick, 2, 'x'), { code: 'USAGE', message: /Generation 1 is called x/ })
  assert.throws(() => tag(lab.brick, 1, 'y'), { code: 'USAGE', message: /Generation 1 is called x/ })
  assert.throws(() => tag(lab.brick, 9, 'y'), { code: 'COMMIT_MISSING' })
  assert.throws(() => tag(lab.brick, 0, 'y'), { code: 'COMMIT_MISSING' })
  assert.deepEqual(fs.readFileSync(lab.brick), before)
  const { writer } = BrickWriter.open(Buffer.from(lab.brick), random)
  assert.deepEqual(tagsOf(writer), [{ generation: 1, tag: 'x' }])
  writer.close()
})

test('what --at reads otherwise, and what a terminal would, is no tag', () => {
  for (const good of ['a', 'v1.0', 'before upgrade', 'für alle', '🌳', 'x'.repeat(100)]) {
    assert.equal(tagProblem(good), undefined, good)
  }
  const bad = ['', 'x'.repeat(101), '12', '@3', '-2h', '2026-01-01', 'now', 'Yesterday', ' a', 'a ', 'a\nb', '\x1b[31m']
  for (const each of [...bad, 'tag:a', '\ud800']) assert.notEqual(tagProblem(each), undefined, JSON.stringify(each))
})
