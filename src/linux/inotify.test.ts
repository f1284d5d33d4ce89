import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import {
  addWatch,
  type InotifyEvent,
  inotifyMask,
  openInotify,
  parseEvents,
  readEvents,
  removeWatch,
} from './inotify.ts'
import { pollReadable } from './poll.ts'

const mask = inotifyMask.create | inotifyMask.delete | inotifyMask.movedFrom | inotifyMask.movedTo

function withInotify(use: (watching: { fd: number; folder: string; read: () => InotifyEvent[] }) => void): void {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sfd-inotify-'))
  const fd = openInotify()
  const buffer = new Uint8Array(65_536)
  try {
    use({ fd, folder, read: () => parseEvents(buffer, readEvents(fd, buffer)) })
  } finally {
    fs.closeSync(fd)
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

test('creation, rename and removal come as events in order, names as bytes', () =>
  withInotify(({ fd, folder, read }) => {
    const watched = addWatch(fd, utf8(folder), mask)
    assert.ok(watched.kind === 'watched')
    assert.deepEqual(read(), [])
    const odd = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x61, 0xff, 0xfe])])
    fs.writeFileSync(odd, '')
    fs.renameSync(odd, path.join(folder, 'plain'))
    fs.mkdirSync(path.join(folder, 'sub'))
    fs.rmSync(path.join(folder, 'plain'))
    assert.deepEqual(pollReadable([fd], -1), [true])
    const events = read()
    assert.deepEqual(
      events.map((event) => [event.mask, event.name]),
      [
        [inotifyMask.create, 'a\xff\xfe'],
        [inotifyMask.movedFrom, 'a\xff\xfe'],
        [inotifyMask.movedTo, 'plain'],
        [(inotifyMask.create | inotifyMask.isDirectory) >>> 0, 'sub'],
        [inotifyMask.delete, 'plain'],
      ],
    )
    assert.equal(
      events.every((event) => event.wd === watched.wd),
      true,
    )
    assert.notEqual(events[1]?.cookie, 0)
    assert.equal(events[1]?.cookie, events[2]?.cookie)
  }))

test('a removed watch ends with one ignored event, and removing it twice is harmless', () =>
  withInotify(({ fd, folder, read }) => {
    const watched = addWatch(fd, utf8(folder), mask)
    assert.ok(watched.kind === 'watched')
    assert.deepEqual(addWatch(fd, utf8(folder), mask), watched)
    removeWatch(fd, watched.wd)
    removeWatch(fd, watched.wd)
    assert.deepEqual(read(), [{ wd: watched.wd, mask: inotifyMask.ignored, cookie: 0, name: '' }])
  }))

test('what is missing, or no directory where only one is asked for, is a value and not an exception', () =>
  withInotify(({ fd, folder }) => {
    fs.writeFileSync(path.join(folder, 'file'), '')
    const only = mask | inotifyMask.onlyDirectory
    assert.deepEqual(addWatch(fd, utf8(`${folder}/gone`), only), { kind: 'failed', errnoName: 'ENOENT' })
    assert.deepEqual(addWatch(fd, utf8(`${folder}/file`), only), { kind: 'failed', errnoName: 'ENOTDIR' })
  }))

test('more events than the queue holds end in one overflow event', () =>
  withInotify(({ fd, folder }) => {
    addWatch(fd, utf8(folder), mask)
    const queued = Number(fs.readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'))
    const [one, two] = [path.join(folder, 'one'), path.join(folder, 'two')]
    fs.writeFileSync(one, '')
    for (let i = 0; i < queued / 4 + 10; i++) {
      fs.renameSync(one, two)
      fs.renameSync(two, one)
    }
    const buffer = new Uint8Array(65_536)
    let last: InotifyEvent | undefined
    let count = 0
    for (let filled = readEvents(fd, buffer); filled > 0; filled = readEvents(fd, buffer)) {
      const events = parseEvents(buffer, filled)
      count += events.length
      last = events.at(-1)
    }
    assert.equal(count, queued + 1)
    assert.deepEqual(last, { wd: -1, mask: inotifyMask.overflow, cookie: 0, name: '' })
  }))
