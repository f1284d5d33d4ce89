import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { program } from './program.ts'
import { elfOf, regionsOf } from './testing/said.ts'

const content = [program]
const filler = '. '.repeat(4_096)

async function namesIn(bytes: Uint8Array): Promise<string[]> {
  return (await regionsOf({ path: '/srv/x', bytes, content })).map(({ name }) => name)
}

test('a shell is known by its texts, all of them, exactly', async () => {
  assert.deepEqual(await namesIn(elfOf(`${filler}BusyBox v1.35.0\0multi-call binary`)), ['busybox'])
  assert.deepEqual(await namesIn(elfOf(`${filler}BusyBox v1.35.0\0`)), [])
  assert.deepEqual(await namesIn(elfOf(`${filler}busybox v1.35.0\0multi-call binary`)), [])
})

test('the shells of this machine are known', {
  skip: !existsSync('/bin/bash') || !existsSync('/bin/dash'),
}, async () => {
  assert.deepEqual(await namesIn(readFileSync('/bin/bash')), ['bash'])
  assert.deepEqual(await namesIn(readFileSync('/bin/dash')), ['dash'])
  assert.deepEqual(await namesIn(readFileSync('/bin/ls')), [])
})
