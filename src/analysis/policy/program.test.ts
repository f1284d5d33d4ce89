import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { knownPrograms } from './known-programs.ts'
import { program } from './program.ts'
import { programMarks } from './program-marks.ts'
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

const renamed = 'perl python3.11 node find env gawk mawk vim.basic less tar sed xargs make cp tee'.split(' ')

test('interpreters and tools of this machine are known also with a byte more', async () => {
  let count = 0
  for (const name of renamed) {
    const path = `/usr/bin/${name}`
    // What runs the tests has a size of its own.
    if (!existsSync(path) || statSync(path).size > 8 * 2 ** 20) continue
    const found = await namesIn(Buffer.concat([readFileSync(path), Buffer.from('Z')]))
    assert.deepEqual(found, [name.replace(/[\d.]+$|\.basic$/, '')])
    count++
  }
  assert.ok(count > 3, `${count} of them are installed`)
})

test('a powerful program is known by all of its texts', async () => {
  for (const { name, all } of programMarks) {
    assert.deepEqual(await namesIn(elfOf(`${filler}${all.join('\0')}\0`)), [name])
    assert.deepEqual(await namesIn(elfOf(`${filler}${all.slice(1).join('\0')}\0`)), [])
    assert.ok(knownPrograms.has(name), `${name} has a power`)
  }
})
