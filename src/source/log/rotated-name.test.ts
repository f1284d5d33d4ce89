import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareAge, rotatedName } from './rotated-name.ts'

function check(base: string, name: string, expected: string | undefined): void {
  const found = rotatedName(base, name)
  const shown = found && `${found.packing} ${Object.values(found.mark).join(' ')}`
  assert.equal(shown, expected, `${name} of ${base}`)
}

test('names that rotation gives are known, with what they say of age and packing', () => {
  check('syslog', 'syslog.1', 'plain counted 1')
  check('syslog', 'syslog.12.gz', 'gz counted 12')
  check('app.log', 'app.log-20260102', 'plain dated 20260102')
  check('app.log', 'app.log.2026-01-02T03.zst', 'zst dated 2026010203')
  check('app.log', 'app.log-1767322800', 'plain dated 1767322800')
  check('app.log', 'app.1.log', 'plain counted 1')
  check('app.log', 'app-20260102.log.xz', 'xz dated 20260102')
  check('app.log', 'app.log.old', 'plain word')
  check('app.log', 'app.log.gz', 'gz word')
})

test('other names are none of the log', () => {
  for (const name of [
    'syslog',
    'syslog2',
    'syslog.conf',
    'syslog.gz.tmp',
    'auth.log.1',
    'syslog.',
    'syslog.swp',
    'xsyslog.1',
  ]) {
    check('syslog', name, undefined)
  }
  check('app.log', 'app.log', undefined)
  check('app.log', 'apple.log', undefined)
  check('app.log', 'app-debug.log', undefined)
})

test('a higher count and an earlier date are older', () => {
  const age = (a: string, b: string): number => {
    const [one, other] = [rotatedName('x.log', a), rotatedName('x.log', b)]
    return one && other ? Math.sign(compareAge(one.mark, other.mark)) : Number.NaN
  }
  assert.equal(age('x.log.10.gz', 'x.log.9'), -1)
  assert.equal(age('x.log-20260102', 'x.log-20260101'), 1)
  assert.equal(age('x.log.old', 'x.log.1'), 0)
})
