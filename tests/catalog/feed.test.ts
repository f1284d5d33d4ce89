/** The feed as the daemon has it: durable before it is told, one transaction for what belongs together. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { Records } from '../../src/catalog/state-table.ts'
import { Feed } from '../../src/daemon/feed.ts'
import type { BrickInfo, FeedMessage, RunTuple } from '../../src/wire/api.ts'
import { type Lab, makeLab, type Opened } from './lab.ts'

const nowNs = 1_790_000_000_123_456_789n

/** `monotonicMs` of the lab: its timers see a disk that is tried again at once. */
function feedOf(lab: Lab, { db }: Opened): { feed: Feed; heard: FeedMessage[] } {
  const feed = new Feed({ db, clock: { nowNs: () => nowNs, monotonicMs: () => lab.nowMs } })
  const heard: FeedMessage[] = []
  feed.subscribe((message) => heard.push(message))
  return { feed, heard }
}

function brick(generation: number): BrickInfo {
  return { uuid: 'u', name: 'etc', generation } as BrickInfo
}

function commit(generation: number, dirtyTiles: readonly RunTuple[] | null = [[0, 1]]) {
  return { kind: 'commit', brick: brick(generation), fromGeneration: generation - 1, dirtyTiles } as const
}

function kept(feed: Feed, after = 0): FeedMessage[] {
  return feed
    .since({ after, limit: { rows: 100, bytes: 1e6 } })
    .map((part) => (part.kind === 'row' ? (JSON.parse(part.text) as FeedMessage) : part))
}

test('messages are numbered and timed, kept as they were told, and progress is neither', (t) => {
  const lab = makeLab(t)
  const { feed, heard } = feedOf(lab, lab.open())
  feed.publish({ kind: 'brick', brick: brick(0) })
  feed.publish({ kind: 'progress', uuid: 'u', progress: { doneBytes: 1, totalBytes: 2 } })
  feed.publish(commit(1))
  const time = '2026-09-21T14:13:20.123456789Z'
  const numbered = [
    { kind: 'brick', brick: brick(0), sequence: 1, time },
    { ...commit(1), sequence: 2, time },
  ]
  assert.deepEqual(heard, [
    numbered[0],
    { kind: 'progress', uuid: 'u', progress: { doneBytes: 1, totalBytes: 2 } },
    numbered[1],
  ])
  assert.deepEqual(kept(feed), numbered)
  assert.equal(feed.sequence, 2)
})

test('nobody hears of a message before it is durable, and those of one transaction come in order after it', (t) => {
  const lab = makeLab(t)
  const opened = lab.open()
  const { feed } = feedOf(lab, opened)
  const seen: string[] = []
  const inFile = () => lab.open().after(0).length
  feed.subscribe((message) => seen.push(`${message.kind} ${inFile()}`))
  const rows = new Records<number>('test')
  opened.db.attach(rows)
  feed.together(() => {
    feed.publish(commit(1))
    rows.set('a', 1)
    opened.db.changed()
    feed.publish({ kind: 'removed', uuid: 'x' })
    assert.deepEqual(seen, [])
  })
  assert.deepEqual(seen, ['commit 2', 'removed 2'])
})

test('it knows which generation of a brick was told last, across restarts, until the brick is removed', (t) => {
  const lab = makeLab(t)
  const first = lab.open()
  const { feed } = feedOf(lab, first)
  assert.equal(feed.lastGeneration('u'), undefined)
  feed.publish(commit(1))
  feed.publish(commit(5))
  first.db.close()
  const second = feedOf(lab, lab.open()).feed
  assert.equal(second.lastGeneration('u'), 5)
  second.publish({ kind: 'removed', uuid: 'u' })
  assert.equal(second.lastGeneration('u'), undefined)
})

test('a long list of dirty tiles is told in full, and kept as all', (t) => {
  const lab = makeLab(t)
  const { feed, heard } = feedOf(lab, lab.open())
  const runs = Array.from({ length: 3_000 }, (_, i) => [2 * i, 1] as const)
  feed.publish(commit(1, runs))
  assert.deepEqual((heard[0] as { dirtyTiles: unknown }).dirtyTiles, runs)
  assert.deepEqual((kept(feed)[0] as { dirtyTiles: unknown }).dirtyTiles, null)
})

test('when it cannot be kept listeners hear a hello of another epoch before the message, and it is written later', async (t) => {
  const lab = makeLab(t)
  const opened = lab.open()
  const { feed, heard } = feedOf(lab, opened)
  t.after(() => feed.close())
  feed.publish(commit(1))
  const { epoch } = feed
  fs.renameSync(lab.folder, `${lab.folder}-away`)
  feed.publish(commit(2))
  assert.equal(feed.trouble?.code, 'GONE')
  assert.deepEqual(
    heard.map(({ kind }) => kind),
    ['commit', 'hello', 'commit'],
  )
  const hello = heard[1]
  assert.ok(hello?.kind === 'hello' && hello.fresh && hello.epoch === feed.epoch && hello.epoch !== epoch)
  assert.equal((heard[2] as { sequence: number }).sequence, 2, 'numbers go on')
  assert.equal(kept(feed).length, 2)
  fs.renameSync(`${lab.folder}-away`, lab.folder)
  lab.nowMs += 100_000
  feed.publish(commit(3))
  assert.equal(feed.trouble, undefined)
  opened.db.close()
  assert.equal(feedOf(lab, lab.open()).feed.sequence, 3)
})
