import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../base/bytes.ts'
import { hiddenTextAnalyzer } from './hidden-text.ts'
import { regionsOf } from './testing/contents.ts'

async function rulesOf(content: string | Uint8Array, path?: string): Promise<string[]> {
  const { regions } = await regionsOf(hiddenTextAnalyzer, content, path)
  return regions.map(({ finding, offset, length }) => `${finding?.rule} ${offset}+${length}`)
}

test('a direction control that its line does not close is found, one that is closed is not', async () => {
  const script = '#!/usr/bin/python3\n'
  const open = utf8(`${script}# \u202e hidden\n`)
  assert.deepEqual(await rulesOf(open), ['text-open-direction 21+3'])
  assert.deepEqual(await rulesOf(utf8(`${script}x = "\u2067 שלום \u2069"\n`)), [])
  assert.deepEqual(await rulesOf(utf8(`${script}x = "\u2066 a \u202c"\n`)), ['text-open-direction 24+3'])
})

test('prose may be written in any direction', async () => {
  assert.deepEqual(await rulesOf(utf8('a letter \u202e in prose\n')), [])
  assert.deepEqual(await rulesOf(utf8('int a; // \u202e\n'), '/srv/a.c'), ['text-open-direction 10+3'])
})

test('sequences that move up, erase or conceal are found in scripts, those that colour are not', async () => {
  assert.deepEqual(await rulesOf('#!/bin/sh\nevil #\x1b[1A\x1b[2K\n'), [
    'text-terminal-hiding 16+4',
    'text-terminal-hiding 20+4',
  ])
  assert.deepEqual(await rulesOf('#!/bin/sh\necho "\x1b[1;31mred\x1b[0m"\n'), [])
})

test('an interpreter in a folder that anyone can write is found', async () => {
  assert.deepEqual(await rulesOf('#!/tmp/x -e\n'), ['script-open-interpreter 0+11'])
  assert.deepEqual(await rulesOf('#!/usr/bin/env python3\n'), [])
})

test('findings are bounded, whatever a text holds', async () => {
  assert.equal((await rulesOf(`#!/bin/sh\n${'\x1b[2K\n'.repeat(5_000)}`)).length, 16)
})
