import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byteQueries } from './byte-query.ts'

function check(typed: string, expected: readonly string[]): void {
  assert.deepEqual(
    byteQueries(typed).map(({ form, query }) => `${form} ${query}`),
    expected,
    typed,
  )
}

test('what was typed can be looked for as it is most likely meant, and always as text', () => {
  check('password', ['text password'])
  check('7f 45 4c 46', ['hex 7f 45 4c 46', 'text 7f 45 4c 46'])
  check('7f45??46', ['hex 7f45??46', 'text 7f45??46'])
  check('hex:deadbeef', ['hex deadbeef', 'text hex:deadbeef'])
  check('/AKIA[0-9A-Z]{16}/', ['regex AKIA[0-9A-Z]{16}', 'text /AKIA[0-9A-Z]{16}/'])
  check('  spaces around ', ['text spaces around'])
})

test('quotes say that it is a text and nothing else', () => {
  check('"7f 45"', ['text 7f 45'])
  check('"/etc/"', ['text /etc/'])
})

test('what is no expression and no hex is none', () => {
  check('/a(b/', ['text /a(b/'])
  check('????', ['text ????'])
  check('7f 4', ['text 7f 4'])
  check('7', ['text 7'])
  check('   ', [])
})
