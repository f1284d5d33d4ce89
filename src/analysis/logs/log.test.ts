import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { findingsOf, regionsOf } from '../policy/testing/said.ts'
import { log } from './log.ts'
import { levelOf, templateOf, timeOf } from './log-line.ts'
import { Templates } from './templates.ts'

const content = [log]
const path = '/var/log/made.log'

test('levels are told by words that stand alone', () => {
  const rows: Readonly<Record<string, string | undefined>> = {
    'Nov 22 10:00:00 host app[1]: ERROR: no disk': 'error',
    '2026-11-22T10:00:00Z [warn] slow': 'warning',
    '{"level":"fatal","message":"gone"}': 'critical',
    'an information about errors': undefined,
    'loaded /usr/lib/error.so': undefined,
  }
  for (const [line, expected] of Object.entries(rows)) assert.equal(levelOf(line), expected, line)
})

test('times are told as they are written', () => {
  const rows: Readonly<Record<string, string | undefined>> = {
    'Nov 22 10:00:00 host app[1]: x': 'Nov 22 10:00:00',
    'Nov  2 10:00:00 host app[1]: x': 'Nov  2 10:00:00',
    '2026-11-22T10:00:00.123Z x': '2026-11-22T10:00:00',
    '2026-11-22 10:00:00 x': '2026-11-22 10:00:00',
    'update-alternatives 2026-11-22 10:00:00: x': '2026-11-22 10:00:00',
    '10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] "GET /"': '22/Nov/2026:10:00:00',
    'x at 2026-11-22 10:00:00': undefined,
  }
  for (const [line, expected] of Object.entries(rows)) assert.equal(timeOf(line), expected, line)
})

test('messages that differ in numbers, names of files and addresses are one', () => {
  const one = templateOf('10:00:01 worker 17 read "/srv/a b" from 10.0.0.1:443 in 12ms, 0xdeadbeef')
  assert.equal(templateOf('23:59:59 worker 3 read "/srv/c" from 192.168.100.7:80 in 1ms, 0x1'), one)
  assert.notEqual(templateOf('23:59:59 worker 3 wrote "/srv/c" from 192.168.100.7:80 in 1ms, 0x1'), one)
})

test('a log says how many lines of what, from when to when, and what repeats', async () => {
  const lines = Array.from(
    { length: 50 },
    (_, i) => `2026-11-22 10:00:${`${i}`.padStart(2, '0')} INFO request ${i} done`,
  )
  const text = `${lines.join('\n')}\n2026-11-22 10:01:00 ERROR disk full\n2026-11-22 10:02:00 last, without a line end`
  const regions = await regionsOf({ path, bytes: text, content })
  const whole = regions.find((region) => region.class === 'log')
  assert.equal(whole?.name, '52 lines, 2026-11-22 10:00:00 to 2026-11-22 10:02:00, 1 errors')
  assert.deepEqual(whole?.attributes?.['levels'], { error: 1, info: 50 })
  const templates = whole?.attributes?.['templates'] as readonly { text: string; count: number }[]
  assert.deepEqual(templates[0], { text: '* * INFO request * done', count: 50 })
  const error = regions.find((region) => region.class === 'log-error')
  assert.equal(
    text.slice(error?.offset, (error?.offset ?? 0) + (error?.length ?? 0)),
    '2026-11-22 10:01:00 ERROR disk full',
  )
  const repeat = regions.find((region) => region.class === 'log-repeat')
  assert.deepEqual([repeat?.offset, repeat?.length], [0, lines.join('\n').length])
})

test('a minute with far more lines than usual is a burst', async () => {
  const minute = (m: number, count: number): string =>
    Array.from({ length: count }, (_, i) => `2026-11-22 10:${`${m}`.padStart(2, '0')}:00 line ${i}\n`).join('')
  const calm = Array.from({ length: 10 }, (_, m) => minute(m, 5)).join('')
  const regions = await regionsOf({ path, bytes: `${calm}${minute(30, 300)}${minute(40, 5)}`, content })
  const bursts = regions.filter((region) => region.class === 'log-burst')
  assert.deepEqual(
    bursts.map(({ name, offset }) => ({ name, offset })),
    [{ name: '300 lines in the minute 2026-11-22 10:30', offset: calm.length }],
  )
})

const failed = (ip: string): string =>
  `Nov 22 10:00:00 host sshd[1]: Failed password for invalid user admin from ${ip} port 1 ssh2\n`
const accepted = (ip: string): string =>
  `Nov 22 10:00:01 host sshd[1]: Accepted password for root from ${ip} port 1 ssh2\n`

test('passwords that are guessed are told, and whether one was right', async () => {
  const many = failed('203.0.113.9').repeat(12)
  assert.deepEqual(await findingsOf({ path, bytes: many, content }), ['low log-password-guessing'])
  const broken = `${many}${accepted('203.0.113.9')}`
  const expected = ['high log-guessed-password', 'low log-password-guessing']
  assert.deepEqual(await findingsOf({ path, bytes: broken, content }), expected)
  const typing = `${failed('203.0.113.9').repeat(2)}${accepted('203.0.113.9')}`
  assert.deepEqual(await findingsOf({ path, bytes: typing, content }), [])
  assert.deepEqual(await findingsOf({ path, bytes: `${many}${accepted('198.51.100.1')}`, content }), [
    'low log-password-guessing',
  ])
})

test('the check of guessed passwords counts what the evidence counts', async () => {
  const bytes = `${failed('203.0.113.9').repeat(12)}${failed('2001:db8::1').repeat(11)}${failed('198.51.100.1').repeat(9)}`
  const regions = await regionsOf({ path, bytes, content })
  const { check = '', evidence } = regions.find(({ finding }) => finding !== undefined)?.finding ?? {}
  assert.deepEqual(evidence, ['12 failed attempts from 203.0.113.9', '2 addresses with 10 or more'])
  const shown = spawnSync('sh', ['-c', check.replace('FILE', '-')], { input: bytes, encoding: 'utf8' }).stdout
  const rows = shown.trim().split('\n')
  assert.deepEqual(
    rows.map((row) => row.trim()),
    ['12 203.0.113.9', '11 2001:db8::1'],
  )
})

test('what is frequent is found among any number of texts, in bounded room', () => {
  const templates = new Templates()
  for (let i = 0; i < 100_000; i++) {
    templates.add(`rare ${i}`, i)
    if (i % 4 === 0) templates.add('frequent', i)
  }
  const [first] = templates.top(1)
  assert.equal(first?.text, 'frequent')
  assert.ok(Math.abs((first?.count ?? 0) + templates.missed - 25_000) <= templates.missed)
})

test('lines across windows are whole, and a line longer than a window does not stop the reading', async () => {
  const line = `${'x'.repeat(99)}\n`
  const bytes = Buffer.from(`${line.repeat(60_000)}${'y'.repeat(5 * 2 ** 20)}\nlast\n`)
  const whole = (await regionsOf({ path, bytes, content })).find((region) => region.class === 'log')
  const lines = Number(whole?.attributes?.['lines'])
  assert.ok(lines >= 60_002 && lines <= 60_004, `${lines} lines`)
})
