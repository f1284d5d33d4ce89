/** The record of exchanges: in order, bounded, readable after a crash, and the account of a day. */
import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Exchange, exchangeId } from './exchange.ts'
import { ExchangeLog, logBytesMax } from './exchange-log.ts'

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-exchanges-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'model')
}

function exchange(number: number, more: Partial<Exchange> = {}): Exchange {
  const time = `2026-11-${String(1 + (number % 28)).padStart(2, '0')}T00:00:00Z`
  const texts = { model: 'm', system: 's', user: 'u', schemaName: 'n' }
  return {
    ...{
      id: exchangeId(time, Uint8Array.of(number >> 8, number & 0xff)),
      time,
      brick: null,
      path: null,
      offset: 0,
      length: 1,
    },
    ...{ prompt: 'p/1', schema: 's/1', server: 'http://127.0.0.1:1', serverKind: 'other', contextTokens: null },
    question: { ...texts, schema: {}, maxTokens: 1, temperature: 0, seed: 7 },
    ...{ answer: '', outcome: 'described', reason: '', modelReported: 'm' },
    ...{ tokensIn: 10, tokensOut: 1, milliseconds: 5 },
    ...more,
  }
}

test('exchanges come back newest first, and by the beginning of an id where one alone begins so', (t) => {
  const log = new ExchangeLog(folderOf(t))
  assert.deepEqual([[...log.newest()], log.find('2'), log.tokensOn('2026-11-01')], [[], undefined, 0])
  assert.ok(log.prepare())
  for (let number = 0; number < 5; number++) log.add(exchange(number))
  const ids = [...log.newest()].map(({ id }) => id)
  assert.deepEqual(ids, [...ids].sort().reverse())
  assert.equal(ids.length, 5)
  assert.equal(log.find('20261103-000000-0002')?.id, '20261103-000000-0002')
  assert.equal(log.find('20261103')?.id, '20261103-000000-0002')
  assert.equal(log.find('202611'), undefined)
})

test('a day is counted by all that it cost, also by another program and after a restart', (t) => {
  const folder = folderOf(t)
  const log = new ExchangeLog(folder)
  log.prepare()
  log.add(exchange(0))
  log.add(exchange(0))
  log.add(exchange(1))
  assert.deepEqual([log.tokensOn('2026-11-01'), log.tokensOn('2026-11-02')], [22, 11])
  assert.equal(new ExchangeLog(folder).tokensOn('2026-11-01'), 22)
})

test('a line that a crash cut off, and what is no record, is passed over, and the next record is whole', (t) => {
  const folder = folderOf(t)
  const log = new ExchangeLog(folder)
  log.prepare()
  log.add(exchange(0))
  const [file = ''] = readdirSync(folder)
  appendFileSync(join(folder, file), 'null\n[]\n{"id":1}\n{"id":"x","time":"t","tokensIn":1')
  log.add(exchange(0, { reason: 'after' }))
  writeFileSync(join(folder, 'notes.txt'), 'mine')
  assert.deepEqual(
    [...log.newest()].map(({ reason }) => reason),
    ['after', ''],
  )
})

const long = { skip: process.env['SFD_TEST_LONG'] === undefined && 'the long lane writes that much' }

test('what is kept is bounded: the oldest goes, the newest stays', long, (t) => {
  const folder = folderOf(t)
  const log = new ExchangeLog(folder)
  log.prepare()
  const answer = 'x'.repeat(4 * 2 ** 20)
  for (let number = 0; number < 20; number++) log.add(exchange(number, { answer }))
  const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  assert.ok(total <= logBytesMax, `${total}`)
  assert.ok(total > logBytesMax / 2, `${total}`)
  assert.equal([...log.newest()][0]?.time, '2026-11-20T00:00:00Z')
})

test('a day has several parts where it is long', long, (t) => {
  const folder = folderOf(t)
  const log = new ExchangeLog(folder)
  log.prepare()
  const answer = 'x'.repeat(3 * 2 ** 20)
  for (let number = 0; number < 12; number++) log.add(exchange(0, { answer, milliseconds: number }))
  assert.equal(readdirSync(folder).length, 4)
  assert.deepEqual(
    [...log.newest()].map(({ milliseconds }) => milliseconds),
    [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
  )
})

test('a folder that cannot be written is a trouble that is said, and no error', (t) => {
  const folder = folderOf(t)
  writeFileSync(folder, '')
  const log = new ExchangeLog(folder)
  assert.equal(log.prepare(), false)
  assert.match(log.trouble ?? '', /cannot be recorded in/)
  log.add(exchange(0))
  assert.equal(log.tokensOn('2026-11-01'), 11)
})

test('a link in the place of the file is not followed', (t) => {
  const folder = folderOf(t)
  const log = new ExchangeLog(folder)
  log.prepare()
  const target = join(folder, '..', 'target')
  writeFileSync(target, '')
  symlinkSync(target, join(folder, '2026-11-01.0.ndjson'))
  log.add(exchange(0))
  assert.equal(statSync(target).size, 0)
  assert.match(log.trouble ?? '', /ELOOP/)
})
