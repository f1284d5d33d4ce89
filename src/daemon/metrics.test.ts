import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Metrics } from './metrics.ts'

const brick = {
  name: 'etc',
  state: 'live',
  generation: 7,
  entries: 3,
  contentBytes: 100,
  fileBytes: 4096,
  liveBytes: 2048,
  lagSeconds: 0.5,
  verifiedAtSeconds: undefined,
  writtenBytes: 512,
}
const figures = {
  bricks: [brick],
  hooks: [{ task: 'a "quoted"\nid', runs: 2, failures: 1, waiting: 0 }],
  watches: 4,
  events: 9,
  overflows: 1,
  feedSequence: 12,
  freeBytes: 10,
  openFiles: 20,
  storeFull: 0,
}

test('every figure is a line with its labels, totals are counters, and what is not known is left out', async () => {
  const text = await new Metrics(() => figures).text()
  for (const line of [
    'sfd_brick_generation{brick="etc"} 7',
    'sfd_brick_state{brick="etc",state="live"} 1',
    'sfd_brick_written_bytes_total{brick="etc"} 512',
    '# TYPE sfd_overflows_total counter',
    '# TYPE sfd_watches gauge',
    'sfd_overflows_total 1',
    'sfd_hook_failures_total{task="a \\"quoted\\"\\nid"} 1',
  ]) {
    assert.ok(text.split('\n').includes(line), `${line} in\n${text}`)
  }
  assert.doesNotMatch(text, /sfd_brick_verified_timestamp_seconds\{/)
})

test('asked again, counters do not add up', async () => {
  const metrics = new Metrics(() => figures)
  await metrics.text()
  assert.match(await metrics.text(), /^sfd_overflows_total 1$/m)
})
