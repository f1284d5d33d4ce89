/**
 * Runs in a mount namespace of its own: what a full, a read-only and a failing disk do to the state database. The first
 * argument says which, the second is an empty folder. Fails by throwing.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { basename, join } from 'node:path'
import { type Opened, openAt, shown } from './lab.ts'

const [what, folder] = process.argv.slice(2) as [string, string]
const said: string[] = []
let nowMs = 0

function open(path: string): Opened {
  return openAt(path, { report: (text) => said.push(text), monotonicMs: () => nowMs })
}

function mounted(name: string, ...options: string[]): string {
  const at = join(folder, name)
  fs.mkdirSync(at)
  execFileSync('mount', [...options, at])
  return at
}

/** Leaves nothing free. */
function fill(disk: string): void {
  const fd = fs.openSync(join(disk, 'filler'), 'w')
  try {
    for (let size = 1 << 20; size >= 512; size /= 2) {
      try {
        while (fs.writeSync(fd, Buffer.alloc(size, 1)) === size);
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
      }
    }
  } finally {
    fs.closeSync(fd)
  }
}

/** Numbers that follow each other, with these texts; the file agrees after all is closed. */
function check({ db, after }: Opened, expected: string): void {
  assert.equal(shown(after(0)), expected)
  const { path, epoch } = db
  db.close()
  const again = open(path)
  assert.deepEqual([again.db.found, again.db.epoch], ['kept', epoch])
  assert.equal(shown(again.after(0)), expected)
  again.db.close()
}

const long = 'l'.repeat(30_000)

function fullDisk(): void {
  const disk = mounted('disk', '-t', 'tmpfs', '-o', 'size=2m', 'none')
  const state = open(join(disk, 'state.db'))
  assert.equal(state.say('a'), 'durable')
  const { epoch } = state.db
  fill(disk)
  assert.equal(state.say(long), 'pending')
  assert.equal(state.db.trouble?.code, 'DISK_FULL')
  assert.notEqual(state.db.epoch, epoch)
  for (let n = 0; n < 30; n++) state.say('b')
  nowMs += 100_000
  assert.equal(state.say('c'), 'pending')
  fs.rmSync(join(disk, 'filler'))
  nowMs += 100_000
  assert.equal(state.say('d'), 'durable')
  const middle = Array.from({ length: 30 }, (_, i) => `${i + 3} b`).join(', ')
  check(state, `1 a, 2 ${long}, ${middle}, 33 c, 34 d`)
  fill(disk)
  const onFull = open(join(disk, 'state.db'))
  assert.equal(shown(onFull.after(32)), '33 c, 34 d', 'it can be opened and read on a full disk')
  onFull.db.close()
  fs.rmSync(join(disk, 'filler'))
}

/** As a file system makes itself read-only after an error, under those who have files open. */
function becameReadOnly(): void {
  const image = join(folder, 'image')
  const disk = imageMounted(image, { size: 16 << 20, options: 'loop,errors=remount-ro' })
  const state = open(join(disk, 'state.db'))
  state.say('a', { uuid: 't', generation: 1 })
  const device = execFileSync('findmnt', ['-n', '-o', 'SOURCE', disk], { encoding: 'utf8' }).trim()
  fs.writeFileSync(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, '1')
  assert.equal(state.say('b', { uuid: 'u', generation: 2 }), 'pending')
  assert.equal(state.db.trouble?.code, 'DISK_FAILED', said.join())
  nowMs += 100_000
  assert.equal(state.say('c'), 'pending')
  assert.equal(shown(state.after(0)), '1 a, 2 b, 3 c')
  execFileSync('umount', ['-l', disk])
  nowMs += 100_000
  assert.equal(state.say('d'), 'pending')
  assert.equal(state.db.trouble?.code, 'GONE', said.join())
  assert.deepEqual(fs.readdirSync(disk), [], 'nothing is written into the folder beneath')
}

function readOnlyAtStart(): void {
  const disk = mounted('disk', '-t', 'tmpfs', '-o', 'size=8m', 'none')
  const path = join(disk, 'state.db')
  const first = open(path)
  first.say('a', { uuid: 'u', generation: 2 })
  const { epoch } = first.db
  first.db.close()
  execFileSync('mount', ['-o', 'remount,ro', disk])
  const state = open(path)
  assert.deepEqual([state.db.found, state.journal.lastGeneration('u')], ['kept', 2])
  assert.equal(state.say('b'), 'pending')
  assert.equal(state.db.trouble?.code, 'READ_ONLY', said.join())
  assert.notEqual(state.db.epoch, epoch)
  assert.equal(shown(state.after(0)), '1 a, 2 b')
  execFileSync('mount', ['-o', 'remount,rw', disk])
  nowMs += 100_000
  assert.equal(state.say('c', { uuid: 'u', generation: 3 }), 'durable')
  check(state, '1 a, 2 b, 3 c')
}

/** It was killed and the disk became read-only: its log cannot be read without writing. */
function unreadableAtStart(): void {
  const disk = mounted('disk', '-t', 'tmpfs', '-o', 'size=8m', 'none')
  const path = join(disk, 'state.db')
  const copy = join(folder, 'copy')
  const first = open(path)
  first.say('a', { uuid: 'u', generation: 2 })
  fs.cpSync(disk, copy, { recursive: true })
  first.db.close()
  for (const name of fs.readdirSync(copy)) fs.copyFileSync(join(copy, name), join(disk, name))
  fs.rmSync(`${path}-shm`)
  execFileSync('mount', ['-o', 'remount,ro', disk])
  const state = open(path)
  assert.equal(state.db.found, 'unreadable')
  assert.equal(state.say('x', { uuid: 'v', generation: 1 }), 'pending')
  assert.equal(shown(state.after(0)), '1 x')
  execFileSync('mount', ['-o', 'remount,rw', disk])
  nowMs += 100_000
  assert.equal(state.say('y'), 'durable')
  assert.equal(state.journal.lastGeneration('u'), 2, 'what the file held is taken over')
  assert.equal(state.journal.lastGeneration('v'), 1)
  check(state, '1 x, 2 y')
}

function imageMounted(image: string, { size, options }: { size: number; options: string }): string {
  fs.closeSync(fs.openSync(image, 'w'))
  fs.truncateSync(image, size)
  execFileSync('mkfs.ext4', ['-q', '-E', 'lazy_itable_init=1,nodiscard', '-O', '^has_journal', image])
  return mounted('disk', '-o', options, image)
}

/** A file system in a file on a memory disk that is full: writing into it fails, and so does flushing. */
function failing(): void {
  const under = mounted('under', '-t', 'tmpfs', '-o', 'size=12m', 'none')
  const image = join(under, 'image')
  const disk = imageMounted(image, { size: 64 << 20, options: 'loop,errors=continue' })
  const path = join(disk, 'state.db')
  const state = open(path)
  assert.equal(state.say('a'), 'durable')
  const inode = fs.statSync(path).ino
  execFileSync('sync')
  fill(under)
  let expected = '1 a'
  for (let n = 2; n < 400 && state.db.trouble === undefined; n++) {
    state.say(`${n} ${long}`)
    expected += `, ${n} ${n} ${long}`
  }
  assert.equal(state.db.trouble?.code, 'DISK_FAILED', said.join('\n'))
  fs.rmSync(join(under, 'filler'))
  nowMs += 100_000
  const last = state.journal.sequence + 1
  for (let tries = 0; state.db.trouble !== undefined && tries < 5; tries++) {
    nowMs += 100_000
    state.db.retry()
  }
  assert.equal(state.say('z'), 'durable', said.join('\n'))
  assert.notEqual(fs.statSync(path).ino, inode, 'what the system said it wrote is not believed')
  check(state, `${expected}, ${last} z`)
}

const work = {
  full: fullDisk,
  'became-read-only': becameReadOnly,
  'read-only-at-start': readOnlyAtStart,
  'unreadable-at-start': unreadableAtStart,
  failing,
}[what]
assert.ok(work, what)
try {
  work()
} finally {
  spawnSync('umount', ['-l', join(folder, 'disk')])
}
