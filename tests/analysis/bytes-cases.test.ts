/** What is known of files that every Debian has: what lies in them, where, and what it is not. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { bytesAnalyzers } from '../../src/analysis/bytes/analyzers.ts'
import { entropyOf } from '../../src/analysis/bytes/entropy.ts'
import { openBytes } from '../../src/analysis/live-content.ts'
import { analyzeContent } from '../../src/analysis/run-content.ts'
import { plainMeta } from '../../src/analysis/testing/plain-meta.ts'
import { utf8 } from '../../src/base/bytes.ts'
import type { Region } from '../../src/base/region.ts'
import { debianTool } from './debian-tool.ts'

/** Undefined, and said, where there is no such file. */
async function regionsOf(t: TestContext, path: string): Promise<readonly Region[] | undefined> {
  const [file] = globSync(path)
  if (file === undefined || !existsSync(file)) {
    t.skip(`no ${path} here`)
    return undefined
  }
  const bytes = new Uint8Array(readFileSync(file))
  const meta = plainMeta(file, { size: bytes.length })
  const raw = openBytes(bytes)
  const { regions } = await analyzeContent({ path: utf8(file), meta, raw, analyzers: bytesAnalyzers })
  return regions
}

function namesOf(regions: readonly Region[], kind: string): Set<string> {
  return new Set(regions.flatMap(({ class: each, name }) => (each === kind ? [name] : [])))
}

test('libcrypto holds the AES S-box and the constants of SHA-256', async (t) => {
  const regions = await regionsOf(t, '/usr/lib/*-linux-gnu/libcrypto.so.3')
  if (regions === undefined) return
  const constants = namesOf(regions, 'constant')
  for (const name of ['AES S-box', 'AES inverse S-box', 'SHA-256 round constants']) assert.ok(constants.has(name), name)
})

test('libz holds the table of CRC-32', async (t) => {
  const regions = await regionsOf(t, '/{usr/,}lib/*-linux-gnu/libz.so.1')
  if (regions !== undefined) assert.ok(namesOf(regions, 'constant').has('CRC-32 table'))
})

test('the PEM words in ssh-keygen are format text where strings(1) shows them, and nothing is a finding', async (t) => {
  const regions = await regionsOf(t, '/usr/bin/ssh-keygen')
  const strings = debianTool({ program: 'strings', packages: [], folder: undefined })
  if (regions === undefined || strings === undefined) return
  const lines = strings(['-a', '-t', 'd', '/usr/bin/ssh-keygen']).split('\n')
  const expected = lines.flatMap((line) => {
    const [, offset, text = ''] = /^ *(\d+) (.*)$/.exec(line) ?? []
    const at = text.indexOf('-----BEGIN OPENSSH PRIVATE KEY-----')
    return at < 0 ? [] : [Number(offset) + at]
  })
  assert.ok(expected.length > 0)
  const markers = regions.filter(({ name }) => name === 'PEM marker OPENSSH PRIVATE KEY (format text)')
  assert.deepEqual(
    markers.map(({ offset }) => offset),
    expected,
  )
  assert.deepEqual(
    regions.filter(({ finding }) => finding !== undefined),
    [],
  )
})

test('an ordinary program has an entropy between text and packed bytes, and no run that is packed', async (t) => {
  const regions = await regionsOf(t, '/usr/bin/ls')
  if (regions === undefined) return
  const entropy = entropyOf(readFileSync('/usr/bin/ls'))
  assert.ok(entropy > 4.5 && entropy < 7, `${entropy}`)
  assert.deepEqual([...namesOf(regions, 'entropy')], [])
})

test('a shell names the files that it reads at its start, each where it stands', async (t) => {
  const regions = await regionsOf(t, '/usr/bin/bash')
  if (regions === undefined) return
  const bytes = readFileSync('/usr/bin/bash')
  const strings = regions.filter(({ class: kind }) => kind === 'string')
  assert.ok(strings.some(({ name }) => name === '/etc/profile'))
  assert.ok(strings.length <= 86)
  for (const { offset, length, name } of strings) {
    assert.equal(bytes.toString('latin1', offset, offset + length).slice(0, 20), name.slice(0, 20))
  }
})
