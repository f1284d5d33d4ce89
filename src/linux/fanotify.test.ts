import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { closeFd, openDirectoryAt } from './directory.ts'
import {
  addMark,
  fanotifyMask,
  fsidOfKey,
  handleOfKey,
  openFanotify,
  parseFanotify,
  readFanotify,
  removeFilesystemMark,
} from './fanotify.ts'
import { handleOfPath, openHandle, pathOfFd } from './file-handle.ts'
import { byteText, currentDirectory } from './libc.ts'
import { filesystemOfPath } from './statfs.ts'

const scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'sfd-fanotify-')))
after(() => fs.rmSync(scratch, { recursive: true, force: true }))
const { create, isDirectory, overflow } = fanotifyMask
const mark = { path: Buffer.from(scratch), mask: create | isDirectory }

/** Why marks of filesystems are not to be had here; false where they are. */
function refusal(): string | false {
  const group = openFanotify()
  if (group.kind === 'failed') return `no fanotify: ${group.errnoName}`
  const errnoName = addMark(group.fd, { ...mark, reach: 'filesystem' })
  closeFd(group.fd)
  return errnoName === undefined ? false : `no mark of a filesystem: ${errnoName}`
}

test('a creation anywhere on a marked filesystem names its directory by a handle that leads there', {
  skip: refusal(),
}, () => {
  const group = openFanotify()
  assert.ok(group.kind === 'open')
  assert.equal(addMark(group.fd, { ...mark, reach: 'filesystem' }), undefined)
  const folder = path.join(scratch, 'deep/er')
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(path.join(folder, 'name with \u00e9'), '')
  const buffer = new Uint8Array(65_536)
  const events = [...parseFanotify(buffer, readFanotify(group.fd, buffer))].filter(({ pid }) => pid === process.pid)
  const wanted = Buffer.from('name with \u00e9').toString('latin1')
  const event = events.find(({ name }) => name === wanted) ?? assert.fail('the creation was not told')
  assert.equal(event.mask, create)
  assert.equal(fsidOfKey(event.directory), filesystemOfPath(Buffer.from(folder)).fsid)
  assert.deepEqual(Buffer.from(handleOfKey(event.directory)), Buffer.from(handleOfPath(Buffer.from(folder)) ?? []))
  const mount = openDirectoryAt(currentDirectory, Buffer.from(scratch))
  assert.ok(mount.kind === 'open')
  const opened = openHandle(mount.fd, handleOfKey(event.directory))
  assert.ok(opened.kind === 'open')
  assert.equal(pathOfFd(opened.fd), byteText(Buffer.from(folder)))
  closeFd(opened.fd)
  fs.rmSync(path.join(scratch, 'deep'), { recursive: true })
  assert.deepEqual(openHandle(mount.fd, handleOfKey(event.directory)), { kind: 'failed', errnoName: 'ESTALE' })
  assert.equal(removeFilesystemMark(group.fd, mark), undefined)
  closeFd(mount.fd)
  closeFd(group.fd)
})

test('what cannot be marked is a value and not an exception', { skip: refusal() }, () => {
  const group = openFanotify()
  assert.ok(group.kind === 'open')
  const missing = { ...mark, path: Buffer.from(`${scratch}/missing`), reach: 'filesystem' } as const
  assert.equal(addMark(group.fd, missing), 'ENOENT')
  closeFd(group.fd)
})

test('events are read by their own lengths: unknown records are passed over, lost events have no place', () => {
  const handle = Buffer.concat([u32(8), u32(1), Buffer.from('HANDLE12')])
  const place = Buffer.concat([Buffer.from('FSID5678'), handle])
  const unknown = Buffer.concat([Buffer.from([99, 0, 12, 0]), Buffer.alloc(8)])
  const named = Buffer.concat([Buffer.from([2, 0, 36, 0]), place, Buffer.from('ab\0\0\0\0\0\0')])
  const bare = Buffer.concat([Buffer.from([3, 0, 28, 0]), place])
  const bytes = Buffer.concat([event(create, [unknown, named]), event(overflow, []), event(create, [bare])])
  const directory = byteText(place)
  assert.deepEqual(
    [...parseFanotify(bytes, bytes.length)],
    [
      { mask: create, pid: 7, directory, name: 'ab' },
      { mask: overflow, pid: 7, directory: '', name: '' },
      { mask: create, pid: 7, directory, name: '.' },
    ],
  )
})

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** struct fanotify_event_metadata and what follows. */
function event(mask: number, records: readonly Buffer[]): Buffer {
  const rest = Buffer.concat(records)
  const version = Buffer.from([3, 0, 24, 0])
  const noFd = u32(0xffff_ffff)
  return Buffer.concat([u32(24 + rest.length), version, u32(mask), u32(0), noFd, u32(7), rest])
}
