/** Real disks that are full, read-only or failing: the feed goes on, and what it told is written when they recover. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isRoot } from '../fold/lab.ts'

/** A mount that nobody else sees. Others than root need user namespaces, which some systems forbid. */
const unshare = ['--mount', ...(isRoot ? [] : ['--map-root-user'])]
const canMount = spawnSync('unshare', [...unshare, 'true']).status === 0
const mountWhy = !canMount && 'mounting is not allowed here'
const remountWhy = !isRoot && 'only root may make a mounted disk read-only'
const loopScript = 'truncate -s 4M "$1" && device=$(losetup -f --show "$1") && losetup -d "$device"'
const canLoop = isRoot && spawnSync('sh', ['-c', loopScript, 'sh', join(tmpdir(), 'sfd-loop-try')]).status === 0
const loopWhy = !canLoop && 'loop devices are not allowed here'
rmSync(join(tmpdir(), 'sfd-loop-try'), { force: true })

function runChild(t: TestContext, what: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-disk-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const child = join(import.meta.dirname, 'disk-faults-child.ts')
  const flags = ['--disable-warning=ExperimentalWarning']
  const args = [...unshare, process.execPath, ...flags, child, what, folder]
  const { status, stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
}

test('on a full disk messages wait in memory and are written when there is room', { skip: mountWhy }, (t) => {
  runChild(t, 'full')
})

test('under a disk that became read-only, too; when it is unmounted nothing is written beneath', {
  skip: loopWhy,
}, (t) => {
  runChild(t, 'became-read-only')
})

test('on a disk that is read-only at the start the kept feed is read, and goes on', { skip: remountWhy }, (t) => {
  runChild(t, 'read-only-at-start')
})

test('what could not even be read at the start is taken over when it can', { skip: remountWhy }, (t) => {
  runChild(t, 'unreadable-at-start')
})

test('after the disk failed to take a write, the file is written anew', { skip: loopWhy }, (t) => {
  runChild(t, 'failing')
})
