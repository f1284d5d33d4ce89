/** Two readers written apart from each other, src/read and spec/reader.py, say the same of every fixture. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { askReader, type ReaderAnswer } from './ask-reader.ts'
import { damagedBricks, shownCommit } from './making/fixtures.ts'
import { goodBricks, makeGood } from './making/good-bricks.ts'
import { type OurAnswer, ourAnswer, ourListing, ourRegions } from './our-answer.ts'

const folder = mkdtempSync(join(tmpdir(), 'sfd-spec-'))
after(() => rmSync(folder, { recursive: true }))

const good = goodBricks.map((brick) => ({ name: brick.plan.name, path: put(brick.plan.name, makeGood(brick)) }))
const damaged = damagedBricks.map((brick) => ({ ...brick, path: put(brick.name, brick.bytes()) }))
const withPast = join(folder, 'two-commits.brick')
const withoutPython = process.env['SFD_NO_PYTHON'] === '1'
const python = { skip: withoutPython ? 'python3 is not installed' : false }
const asked = [...good, ...damaged].map(({ path }) => ({ path }))
const past = [withPast, join(folder, 'log.brick')]
const [ofPast, ofLog, ...ofAll] = withoutPython
  ? []
  : await askReader([...past.map((path) => ({ path, generation: 1 })), ...asked])

for (const [i, { name, path }] of good.entries()) {
  test(`${name} is good`, async () => {
    const { opens, problems } = await ourAnswer(path)
    assert.deepEqual({ opens, problems }, { opens: 'yes', problems: [] })
  })

  test(`${name} is good to the independent reader, which shows and lists the same`, python, () => {
    const answer = ofAll[i] as ReaderAnswer
    assert.deepEqual(answer.verdict.damaged, [])
    const bytes = makeGood(goodBricks[i] as (typeof goodBricks)[number])
    assert.deepEqual(answer.show, shownCommit(bytes.subarray(0, 16_384), bytes.length))
    assert.deepEqual(answer.ls, ourListing(path))
    assert.deepEqual(answer.regions, ourRegions(path))
  })
}

for (const [i, { name, path, rule, readerRule, opens }] of damaged.entries()) {
  test(`${name} is refused by the rule ${rule}`, async () => {
    const answer: OurAnswer = await ourAnswer(path)
    assert.deepEqual({ opens: answer.opens, first: answer.problems[0] }, { opens, first: rule })
  })

  test(`${name} is refused by the independent reader by the rule ${readerRule}`, python, () => {
    const { verdict, refused } = ofAll[good.length + i] as ReaderAnswer
    assert.equal(verdict.ok, false)
    assert.equal(verdict.damaged[0]?.rule, readerRule)
    if (opens === 'no') assert.equal(refused, readerRule)
  })
}

test('an earlier commit is verified, shown and listed the same by both', python, () => {
  const { verdict, show, ls } = ofPast as ReaderAnswer
  assert.deepEqual(verdict.damaged, [])
  const ours = ourListing(withPast, 1)
  assert.deepEqual(ls, ours)
  assert.deepEqual(
    { generation: show?.['generation'], entries: show?.['entries'] },
    { generation: 1, entries: ours.length },
  )
})

test('an earlier commit has its own regions', python, () => {
  const [, log = ''] = past
  const { verdict, regions } = ofLog as ReaderAnswer
  assert.deepEqual(verdict.damaged, [])
  assert.deepEqual(regions, ourRegions(log, 1))
  assert.notDeepEqual(regions, ourRegions(log))
})

function put(name: string, bytes: Uint8Array): string {
  const path = join(folder, `${name}.brick`)
  writeFileSync(path, bytes)
  return path
}
