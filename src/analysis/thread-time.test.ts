import assert from 'node:assert/strict'
import { readlinkSync } from 'node:fs'
import { test } from 'node:test'
import { workedMs } from './thread-time.ts'

test('the time that a thread worked grows while it works, and nobody has one of what is no thread', () => {
  const task = readlinkSync('/proc/thread-self')
  const before = workedMs(task)
  assert.ok(before !== undefined && before >= 0)
  const { user, system } = process.cpuUsage()
  for (let usedUs = 0; usedUs < 60_000; ) {
    const now = process.cpuUsage()
    usedUs = now.user + now.system - user - system
  }
  assert.ok((workedMs(task) ?? 0) > before)
  for (const none of ['', '1', '../../etc/passwd', `${process.pid}/task/999999999`]) {
    assert.equal(workedMs(none), undefined, none)
  }
})
