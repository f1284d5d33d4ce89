import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LineHead, lineHead } from './line-head.ts'

const written = Date.UTC(2026, 0, 3, 12)

function check(line: string, expected: LineHead): void {
  assert.deepEqual(lineHead(line, written), expected, line)
}

test('times of the usual logs are recognised', () => {
  check('Jan  2 03:04:05 host app[7]: hello', { time: '2026-01-02T03:04:05', message: 'host app[7]: hello' })
  check('2026-01-02T03:04:05.123456+01:00 host app: hello', {
    time: '2026-01-02T03:04:05.123456+01:00',
    message: 'host app: hello',
  })
  check('2026-01-02 03:04:05 status installed libc6:amd64', {
    time: '2026-01-02T03:04:05',
    message: 'status installed libc6:amd64',
  })
  check('[2026-01-02 03:04:05,678] started', { time: '2026-01-02T03:04:05.678', message: 'started' })
  check('[    2.718284] usb 1-1: new device', { sinceBoot: 2.718284, message: 'usb 1-1: new device' })
  check('<30>1 2026-01-02T03:04:05Z host app 7 - - hello', {
    time: '2026-01-02T03:04:05Z',
    priority: 'info',
    message: 'host app 7 - - hello',
  })
  check('<11>Jan  2 03:04:05 host app: bad', { time: '2026-01-02T03:04:05', priority: 'err', message: 'host app: bad' })
})

test('a day that is still to come this year was one of last year', () => {
  check('Dec 31 23:59:59 host app: hello', { time: '2025-12-31T23:59:59', message: 'host app: hello' })
})

test('levels that stand by themselves near the beginning are priorities, words in a sentence are none', () => {
  check('2026-01-02T03:04:05Z ERROR no space', {
    time: '2026-01-02T03:04:05Z',
    priority: 'err',
    message: 'ERROR no space',
  })
  check('[warn] late', { priority: 'warning', message: '[warn] late' })
  check('level=debug msg=x', { priority: 'debug', message: 'level=debug msg=x' })
  check('the last error was long ago', { message: 'the last error was long ago' })
})

test('a line that says nothing has neither', () => {
  check('', { message: '' })
  check('2026-13-45T99:99:99Z nonsense', { message: '2026-13-45T99:99:99Z nonsense' })
  check('   at Object.run (app.js:1:2)', { message: '   at Object.run (app.js:1:2)' })
})
