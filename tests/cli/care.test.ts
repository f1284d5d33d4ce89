/** `sfd tag | compact | forget` on a brick that no daemon keeps. */
import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fold } from '../fold/lab.ts'
import { makePlace, type Run, sfd } from './sfd.ts'

const json = (run: Run) => JSON.parse(run.stdout)

async function twoVersions(t: TestContext) {
  const place = makePlace(t)
  writeFileSync(join(place.source, 'plain'), 'one')
  writeFileSync(join(place.source, 'key'), 'a secret that was here')
  await fold(place)
  appendFileSync(join(place.source, 'plain'), ' two')
  await fold(place)
  return place
}

test('tags are given, listed and taken away, and lead to their commits', async (t) => {
  const { brick, folder } = await twoVersions(t)
  assert.equal(sfd(['tag', brick, 'first', '--at', '1']).status, 0)
  assert.deepEqual(json(sfd(['tag', brick, 'now it is', '--json'])), { generation: 3, tag: 'now it is', newest: 4 })
  const listed = sfd(['tag', brick])
  assert.match(listed.stdout, /^ +3 .* now it is\n +1 .* first\n$/)
  const out = join(folder, 'out')
  assert.equal(sfd(['extract', brick, '--at', 'first', '-o', out]).status, 0)
  assert.equal(readFileSync(join(out, 'plain'), 'utf8'), 'one')
  assert.equal(sfd(['tag', brick, 'first']).status, 2, 'another commit is called so')
  assert.equal(sfd(['tag', brick, 'first', '--remove']).status, 0)
  const gone = sfd(['tag', brick, 'first', '--remove', '--json'])
  assert.equal(gone.status, 1)
  assert.equal(json(gone).error.code, 'COMMIT_MISSING')
  assert.equal(sfd(['tag', brick, '--remove']).status, 2)
})

test('a compaction tells what it gave back, and every commit is there', async (t) => {
  const { brick } = await twoVersions(t)
  const log = sfd(['log', brick, '--json']).stdout.replaceAll(/"writtenBytes":\d+/g, '')
  const answer = json(sfd(['compact', brick, '--json']))
  assert.deepEqual(Object.keys(answer), ['beforeBytes', 'afterBytes', 'commits'])
  assert.equal(answer.commits, 2)
  assert.equal(statSync(brick).size, answer.afterBytes)
  assert.equal(sfd(['log', brick, '--json']).stdout.replaceAll(/"writtenBytes":\d+/g, ''), log)
  assert.equal(sfd(['verify', brick]).status, 0)
})

test('a dry run of forgetting changes nothing and names what the real one names', async (t) => {
  const { brick, source } = await twoVersions(t)
  const before = readFileSync(brick)
  const dry = json(sfd(['forget', brick, 'key', '--dry-run', '--json']))
  assert.deepEqual(readFileSync(brick), before)
  assert.deepEqual(dry, { names: [{ path: 'key' }], alsoLost: [{ path: 'plain' }], copies: [], heldCommits: 2 })
  const absolute = join(source, 'key')
  const { tiles, beforeBytes, afterBytes, commits, stays, ...lists } = json(sfd(['forget', brick, absolute, '--json']))
  assert.deepEqual(lists, dry)
  assert.deepEqual([tiles, commits, stays], [2, 3, []])
  assert.ok(beforeBytes > 0 && afterBytes > 0)
  assert.equal(sfd(['ls', brick, '--at', '1']).status, 3)
  assert.doesNotMatch(sfd(['ls', brick]).stdout, /key/)
  assert.equal(sfd(['verify', brick, '--against', source]).status, 0, 'what is forgotten is not missed')
  assert.equal(sfd(['forget', brick, 'nothing']).status, 1)
})
