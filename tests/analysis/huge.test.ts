/** Contents that are large, or say very much: bounded reports, and what was left out is said. Long lane. */
import assert from 'node:assert/strict'
import { closeSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { lookBytesMax } from '../../src/analysis/content-job.ts'
import { isLong, makeLab } from '../fold/lab.ts'
import { analysedLive } from './lab.ts'

const long = { skip: !isLong && 'only with SFD_TEST_LONG' }

test('10 million strings are looked at, and the report stays small', long, async (t) => {
  const path = join(makeLab(t).source, 'strings')
  const fd = openSync(path, 'w')
  for (let part = 0; part < 100; part++) {
    const texts = Array.from({ length: 100_000 }, (_, index) => `string${part * 100_000 + index}`)
    writeSync(fd, `${texts.join('\0')}\0`)
  }
  closeSync(fd)
  const { labels, summary } = await analysedLive(path)
  const [report] = labels.values()
  assert.deepEqual(
    [summary.analysed, summary.unread, report?.problems.filter(({ text }) => text.includes('ended'))],
    [1, 0, []],
  )
  assert.ok((report?.regions.length ?? 0) < 10_000)
})

test('of a file of 20 GB the beginning is looked at, and said so', long, async (t) => {
  const path = join(makeLab(t).source, 'sparse')
  writeFileSync(path, 'begins with words\n')
  truncateSync(path, 20e9)
  const { labels } = await analysedLive(path)
  const [report] = labels.values()
  assert.ok(report?.problems.some(({ text }) => text === `looked at the first ${lookBytesMax} of 20000000000 bytes`))
  assert.ok(report?.regions.every(({ offset, length }) => offset + length <= lookBytesMax))
})
