/** The kept feed: every number is told or named in a gap, whatever was cut, lost in memory, or asked for. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { openFeedReader } from '../../src/catalog/feed-reader.ts'
import { chanceOf, seedsOf } from '../fold/chance.ts'
import { allAfter, makeLab, shown } from './lab.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'
const small = { rows: 20, bytes: 100_000, cut: 5, unwritten: 10 }

test('the oldest messages are cut, and a reader that asks for them is told which it missed', (t) => {
  const { journal, say, after } = makeLab(t).open(small)
  for (let n = 1; n <= 26; n++) say('m')
  assert.deepEqual([journal.oldest, journal.sequence], [6, 26])
  assert.match(shown(after(0)), /^gap 1-5, 6 m, 7 m/)
  assert.match(shown(after(3)), /^gap 4-5, 6 m/)
  assert.match(shown(after(5)), /^6 m/)
  assert.equal(shown(after(25)), '26 m')
  assert.equal(shown(after(26)), '')
})

test('long messages: fewer are kept, the newest always', (t) => {
  const { journal, say, after } = makeLab(t).open({ ...small, rows: 1_000, cut: 1 })
  for (let n = 1; n <= 30; n++) say('x'.repeat(10_000))
  assert.ok(journal.oldest >= 21, `${journal.oldest}`)
  say('y'.repeat(200_000))
  assert.equal(after(30).length, 1)
})

test('what waited in memory beyond the bound is a gap, and stays one', (t) => {
  const lab = makeLab(t)
  const { db, say, after } = lab.open(small)
  say('a')
  fs.renameSync(lab.folder, `${lab.folder}-away`)
  for (let n = 2; n <= 14; n++) say('m')
  assert.match(shown(after(0)), /^1 a, gap 2-\d, \d+ m/)
  const expected = shown(after(0))
  fs.renameSync(`${lab.folder}-away`, lab.folder)
  lab.nowMs += 100_000
  db.retry()
  assert.equal(shown(after(0)), expected)
  db.close()
  assert.equal(shown(lab.open(small).after(0)), expected)
})

test('without a daemon the kept feed can be read, while another reads and after a kill, too', (t) => {
  const lab = makeLab(t)
  assert.equal(openFeedReader(lab.path), undefined)
  const { db, say } = lab.open()
  say('a')
  say('b')
  const reader = openFeedReader(lab.path)
  assert.ok(reader)
  assert.deepEqual([reader.epoch, reader.sequence, reader.oldest], [db.epoch, 2, 1])
  assert.equal(shown(allAfter(reader, 0)), '1 a, 2 b')
  say('c')
  assert.equal(shown(allAfter(reader, 1)), '2 b, 3 c')
  const copy = `${lab.folder}-copy`
  fs.cpSync(lab.folder, copy, { recursive: true })
  reader.close()
  const killed = openFeedReader(`${copy}/state.db`)
  assert.ok(killed)
  assert.equal(shown(allAfter(killed, 0)), '1 a, 2 b, 3 c')
  killed.close()
  fs.writeFileSync(`${copy}/state.db`, 'garbage that is longer than a header, much longer, until it is enough')
  assert.throws(() => openFeedReader(`${copy}/state.db`), { code: 'STATE_DAMAGED' })
})

for (const seed of seedsOf(isLong ? 200 : 6)) {
  test(`every number is told once or named in a gap, in any weather, seed ${seed}`, (t) => {
    const chance = chanceOf(seed)
    const lab = makeLab(t)
    let opened = lab.open(small)
    /** Index = number - 1. Those that were only in memory when the daemon was killed are given to others. */
    let told: string[] = []
    let epoch = opened.db.epoch
    let isAway = false
    for (let step = 0; step < 150; step++) {
      const dice = chance.below(100)
      if (dice < 70) {
        const text = `${step}`.repeat(1 + chance.below(20) ** 2)
        opened.say(text)
        told.push(text)
      } else if (dice < 78) {
        opened.db.together(() => {
          for (let n = chance.below(8); n >= 0; n--) {
            told.push(`${step}.${n}`)
            opened.journal.append(
              (sequence) => JSON.stringify({ sequence, text: `${step}.${n}` }),
              undefined,
              () => {},
            )
          }
        })
      } else if (dice < 84) {
        if (isAway) fs.renameSync(`${lab.folder}-away`, lab.folder)
        else fs.renameSync(lab.folder, `${lab.folder}-away`)
        isAway = !isAway
      } else if (dice < 92) {
        lab.nowMs += 100_000
        opened.db.retry()
      } else if (!isAway) {
        if (chance.happens(50)) opened.db.close()
        const wasWaiting = opened.db.trouble !== undefined
        opened = lab.open(small)
        // An epoch in which nothing was said is nobody's.
        assert.ok(wasWaiting || told.length === 0 || opened.db.epoch === epoch)
        if (opened.journal.sequence < told.length) assert.notEqual(opened.db.epoch, epoch, 'told numbers were lost')
        told = told.slice(0, opened.journal.sequence)
      }
      epoch = opened.db.epoch
      checkAll(opened, told, chance.below(told.length + 1))
    }
  })
}

function checkAll({ journal, after }: ReturnType<ReturnType<typeof makeLab>['open']>, told: string[], since: number) {
  assert.equal(journal.sequence, told.length)
  let expected = since + 1
  let rows = 0
  for (const part of after(since)) {
    if (part.kind === 'gap') {
      assert.equal(part.from, expected)
      assert.ok(part.to >= part.from)
      expected = part.to + 1
    } else {
      assert.equal(part.sequence, expected++)
      assert.deepEqual(JSON.parse(part.text), { sequence: part.sequence, text: told[part.sequence - 1] })
      rows++
    }
  }
  assert.equal(expected, told.length + 1)
  assert.ok(rows <= small.rows + small.cut + small.unwritten + small.cut, `${rows}`)
}
