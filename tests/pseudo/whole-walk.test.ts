/** No read of any pseudo file blocks or grows without bound: all of /proc and /sys, listed as a source lists them. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { pseudoListingBytesMax } from '../../src/source/pseudo.ts'
import { runWalk, type WalkOrder } from './run-walk.ts'
import type { Walked, WalkReport } from './walk.ts'

/** Many times what it takes on a machine that is busy. */
const deadlineMs = 180_000
const rssKibMax = 400 * 1024
/** Every process has the same files: here those of the first one stand for all. */
const exclude = process.env['SFD_TEST_LONG'] === '1' ? '' : '/[2-9]* /1[0-9]*'
const isRoot = process.getuid?.() === 0

test('all of /sys is walked to its end, in bounded memory, and makes no device', async () => {
  const before = devicesNow()
  const walked = await ended(['/sys'])
  const [sys] = walked.roots
  assert.ok(sys !== undefined && sys.entries > 1000)
  assert.deepEqual(devicesNow(), before)
  if (existsSync('/sys/class/zram-control/hot_add')) {
    const hotAdd = Object.entries(sys.unreadable).find(([path]) => path.endsWith('zram-control/hot_add'))
    assert.equal(hotAdd?.[1], 'SKIPPED')
  }
})

test('all of /proc is walked to its end, in bounded memory, whatever processes come and go', async () => {
  const [proc] = (await ended(['/proc'], { exclude })).roots
  assert.ok(proc !== undefined && proc.entries > 1000)
  assert.ok(proc.bytes <= pseudoListingBytesMax)
  assert.equal(proc.unreadable['kcore'] ?? 'SKIPPED', 'SKIPPED')
  assert.equal(proc.unreadable['kmsg'] ?? 'SKIPPED', 'SKIPPED')
})

test('so it is for a user without rights, who is told what may not be read', {
  skip: !isRoot && 'only root becomes another',
}, async () => {
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  const walked = await ended(['/proc/1', '/proc/sys/kernel', '/sys/class'], { before: nobody })
  const first = walked.roots[0] as Walked
  assert.equal(first.unreadable['environ'], 'EACCES')
  assert.equal(first.unreadable['map_files'], 'SKIPPED')
})

async function ended(roots: readonly string[], order: Partial<WalkOrder> = {}): Promise<WalkReport> {
  const { report, code, stderr } = await runWalk(roots, { deadlineMs, ...order })
  assert.ok(report !== undefined, `the walk of ${roots} ended with ${code}: ${stderr}`)
  for (const { tooLarge } of report.roots) assert.deepEqual(tooLarge, [])
  assert.ok(report.maxRssKib < rssKibMax, `it needed ${report.maxRssKib} KiB`)
  return report
}

/** Block devices that a read can make. */
function devicesNow(): string[] {
  return existsSync('/sys/class/block') ? readdirSync('/sys/class/block').filter((name) => name.startsWith('zram')) : []
}
