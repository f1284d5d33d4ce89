import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NameHit } from '../../wire/search.ts'
import { parseOffset, tellingFirst } from './search.ts'

function named(name: string, kind: string): NameHit {
  return { uuid: 'u', kind: 'label', name, class: kind, start: 0, length: 1, offset: 0, path: 'bin/cat' }
}

test('segments, which every binary has, stand behind other names, whose order stays', () => {
  const finding: NameHit = { ...named('GNU key', 'finding'), severity: 'high' }
  const hits = [named('GNU_RELRO', 'segment'), named('.gnu.hash', 'section'), named('gnu', 'string'), finding]
  assert.deepEqual(
    tellingFirst(hits).map(({ name }) => name),
    ['GNU key', '.gnu.hash', 'gnu', 'GNU_RELRO'],
  )
})

test('an offset is hex with its sign before it, or decimal behind an @; nothing else is one', () => {
  assert.equal(parseOffset('0x1a2f0'), 0x1a2f0)
  assert.equal(parseOffset('@1234'), 1234)
  for (const text of ['1234', '0x', 'x1', '0x1g']) assert.equal(parseOffset(text), undefined)
})
