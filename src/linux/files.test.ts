import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { openDirectoryAt, openForReadingAt, readDirectory, readLinkAt } from './directory.ts'
import { dataExtents, extentCountMax } from './extents.ts'
import { dropCache, readSequential } from './fadvise.ts'
import { tryLockExclusive, unlock } from './flock.ts'
import { type ByteText, bytesOf, byteText, cString, currentDirectory, LibcError, nameOfErrno } from './libc.ts'
import { clearWake, openWaker, pollReadable, wake } from './poll.ts'
import { statAt, statOpen } from './stat.ts'
import { filesystemOfFd, filesystemOfPath } from './statfs.ts'
import { listXattrs, listXattrsAt, setXattr, setXattrOfFd, xattrBytesMax } from './xattr.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sfd-linux-'))
after(() => fs.rmSync(folder, { recursive: true, force: true }))
const inFolder = (name: string): string => path.join(folder, name)
const name = (text: string): ByteText => byteText(utf8(text))
const isRoot = process.geteuid?.() === 0

function withFd<T>(file: string, use: (fd: number) => T, flags: string | number = 'r'): T {
  const fd = fs.openSync(file, flags)
  try {
    return use(fd)
  } finally {
    fs.closeSync(fd)
  }
}

function failsWith(errnoName: string): (thrown: unknown) => boolean {
  return (thrown) =>
    thrown instanceof LibcError &&
    thrown instanceof FoundryError &&
    thrown.code === 'LIBC_FAILED' &&
    thrown.errnoName === errnoName &&
    thrown.message.includes(errnoName)
}

test('a path with a NUL or of 4,096 bytes and more never reaches the kernel', () => {
  assert.throws(() => cString(utf8('a\0b')), failsWith('EINVAL'))
  assert.throws(() => cString('a\0b' as ByteText), failsWith('EINVAL'))
  assert.throws(() => cString(new Uint8Array(4096).fill(97)), failsWith('ENAMETOOLONG'))
  assert.equal(cString(new Uint8Array(4095).fill(97))[4095], 0)
})

test('bytes survive the way through ByteText', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => assert.deepEqual(bytesOf(byteText(bytes)), bytes)),
  )
})

test('errno numbers have their usual names, unknown ones a number', () => {
  assert.deepEqual([2, 11, 28, 40, 99999].map(nameOfErrno), ['ENOENT', 'EAGAIN', 'ENOSPC', 'ELOOP', 'ERRNO_99999'])
})

test('a second open file does not get the lock that the first one holds, and gets it after unlock', () => {
  const file = inFolder('lock')
  fs.writeFileSync(file, '')
  withFd(file, (first) =>
    withFd(file, (second) => {
      assert.equal(tryLockExclusive(first), true)
      assert.equal(tryLockExclusive(second), false)
      unlock(first)
      assert.equal(tryLockExclusive(second), true)
    }),
  )
  assert.throws(() => tryLockExclusive(99_999), failsWith('EBADF'))
})

test('cache advice is taken for files and refused for pipes with its errno', () => {
  const file = inFolder('cached')
  fs.writeFileSync(file, 'x'.repeat(10_000))
  withFd(file, (fd) => {
    readSequential(fd)
    dropCache(fd)
    assert.equal(fs.readFileSync(file).length, 10_000)
  })
  assert.throws(() => dropCache(99_999), failsWith('EBADF'))
})

test('statAt and statOpen agree with lstat on every kind of file', () => {
  fs.mkdirSync(inFolder('kinds'))
  fs.writeFileSync(inFolder('kinds/file'), 'hello', { mode: 0o640 })
  fs.symlinkSync('file', inFolder('kinds/link'))
  fs.utimesSync(inFolder('kinds/file'), new Date(-1500), new Date(-12_250))
  assert.equal(spawnSync('mkfifo', [inFolder('kinds/fifo')]).status, 0)
  const paths = ['kinds', 'kinds/file', 'kinds/link', 'kinds/fifo'].map(inFolder)
  for (const file of [...paths, '/dev/null', '/proc/self/status', '/']) {
    const expected = fs.lstatSync(file, { bigint: true })
    const found = statAt(currentDirectory, utf8(file))
    assert.ok(found, file)
    assert.equal(found.dev, expected.dev, file)
    assert.equal(found.ino, expected.ino)
    assert.equal(found.rdev, expected.rdev)
    assert.equal(BigInt(found.mode), expected.mode & 0o7777n)
    assert.equal(BigInt(found.size), expected.size)
    assert.equal(BigInt(found.allocatedBytes), expected.blocks * 512n)
    assert.equal(BigInt(found.mtime.seconds) * 1_000_000_000n + BigInt(found.mtime.nanoseconds), expected.mtimeNs)
    assert.deepEqual([found.uid, found.gid, found.nlink].map(BigInt), [expected.uid, expected.gid, expected.nlink])
    const kinds = { file: expected.isFile(), dir: expected.isDirectory(), symlink: expected.isSymbolicLink() }
    assert.equal(kinds[found.kind as keyof typeof kinds] ?? (found.kind === 'fifo' || found.kind === 'char'), true)
  }
  const file = inFolder('kinds/file')
  const { ctime: _, ...byPath } = statAt(currentDirectory, utf8(file)) ?? assert.fail('gone')
  withFd(file, (fd) => assert.deepEqual({ ...statOpen(fd), ctime: undefined }, { ...byPath, ctime: undefined }))
  assert.deepEqual(byPath.mtime, { seconds: -13, nanoseconds: 750_000_000 })
  assert.equal(statAt(currentDirectory, utf8(inFolder('nothing'))), undefined)
  assert.equal(statAt(currentDirectory, utf8(inFolder('kinds/file/beneath'))), undefined)
})

test('a directory gives every name, invalid UTF-8 among them, and is never opened through a link', () => {
  const directory = inFolder('names')
  fs.mkdirSync(directory)
  const expected = Array.from({ length: 2500 }, (_, i) => `file-${i}`)
  for (const each of expected) fs.writeFileSync(path.join(directory, each), '')
  const odd = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0x61, 0xff, 0xfe])])
  fs.mkdirSync(odd)
  fs.symlinkSync(directory, inFolder('names-link'))
  const opened = openDirectoryAt(currentDirectory, utf8(directory))
  assert.ok(opened.kind === 'open')
  const names: string[] = []
  const directories: string[] = []
  readDirectory(opened.fd, (each, kind) => {
    names.push(each)
    if (kind === 'dir') directories.push(each)
  })
  fs.closeSync(opened.fd)
  assert.deepEqual(names.sort(), [...expected, 'a\xff\xfe'].sort())
  assert.deepEqual(directories, ['a\xff\xfe'])
  const through = openDirectoryAt(currentDirectory, utf8(inFolder('names-link')))
  assert.deepEqual(through, { kind: 'failed', errnoName: 'ENOTDIR' })
  const read = openForReadingAt(currentDirectory, utf8(inFolder('names-link')))
  assert.deepEqual(read, { kind: 'failed', errnoName: 'ELOOP' })
  assert.deepEqual(readLinkAt(currentDirectory, utf8(inFolder('names-link'))), utf8(directory))
  assert.equal(readLinkAt(currentDirectory, utf8(directory)), 'EINVAL')
})

test('extended attributes come back exactly, by directory fd and by path, a link untouched', (t) => {
  const file = inFolder('attributes')
  fs.writeFileSync(file, '')
  const binary = { name: utf8('user.binary'), value: new Uint8Array([0, 255, 10, 0]) }
  const empty = { name: utf8('user.empty'), value: new Uint8Array(0) }
  assert.deepEqual(listXattrs(utf8(file)), { xattrs: [], truncated: false })
  try {
    setXattr(utf8(file), empty)
  } catch (failed) {
    if (failed instanceof LibcError && failed.errnoName === 'ENOTSUP') return t.skip('no user xattrs on this tmpdir')
    throw failed
  }
  withFd(file, (fd) => setXattrOfFd(fd, binary))
  fs.symlinkSync('attributes', inFolder('attributes-link'))
  const expected = { xattrs: [binary, empty], truncated: false }
  assert.deepEqual(listXattrs(utf8(file)), expected)
  withFd(folder, (fd) => {
    assert.deepEqual(listXattrsAt(fd, name('attributes')), expected)
    assert.deepEqual(listXattrsAt(fd, name('attributes-link')), { xattrs: [], truncated: false })
    assert.deepEqual(listXattrsAt(fd, name('gone')), { xattrs: [], truncated: false, failed: 'ENOENT' })
  })
  assert.throws(() => setXattr(utf8(inFolder('gone')), empty), failsWith('ENOENT'))
})

test('attributes beyond 64 KiB are left out and said to be', (t) => {
  const holder = '/dev/shm'
  if (!isRoot || !fs.existsSync(holder)) return t.skip('needs root and a tmpfs that takes large attributes')
  const file = path.join(holder, `sfd-xattr-${process.pid}`)
  fs.writeFileSync(file, '')
  try {
    const value = new Uint8Array(40_000).fill(7)
    setXattr(utf8(file), { name: utf8('trusted.one'), value })
    setXattr(utf8(file), { name: utf8('trusted.two'), value })
    const { xattrs, truncated } = listXattrs(utf8(file))
    assert.equal(truncated, true)
    assert.deepEqual(xattrs, [{ name: utf8('trusted.one'), value }])
    assert.ok(value.length * 2 > xattrBytesMax)
  } finally {
    fs.rmSync(file)
  }
})

test('a sparse file of 1 TiB gives its data runs', () => {
  const file = inFolder('sparse')
  const sizeBytes = 2 ** 40
  withFd(
    file,
    (fd) => {
      fs.ftruncateSync(fd, sizeBytes)
      assert.deepEqual(dataExtents(fd, sizeBytes), [])
      fs.writeSync(fd, Buffer.alloc(65_536, 1), 0, 65_536, 2 ** 39)
      fs.writeSync(fd, Buffer.alloc(65_536, 1), 0, 65_536, sizeBytes - 65_536)
      assert.deepEqual(dataExtents(fd, sizeBytes), [
        { start: 2 ** 39, length: 65_536 },
        { start: sizeBytes - 65_536, length: 65_536 },
      ])
      assert.deepEqual(dataExtents(fd, 2 ** 39 + 100), [{ start: 2 ** 39, length: 100 }])
    },
    'w+',
  )
})

test('a file without holes is one run, an empty one none, a pipe cannot tell', () => {
  const file = inFolder('dense')
  fs.writeFileSync(file, Buffer.alloc(10_000, 1))
  withFd(file, (fd) => {
    assert.deepEqual(dataExtents(fd, 10_000), [{ start: 0, length: 10_000 }])
    assert.deepEqual(dataExtents(fd, 0), [])
  })
  assert.throws(() => dataExtents(99_999, 1), failsWith('EBADF'))
})

test('more data runs than the cap end in one that covers the rest', () => {
  const file = inFolder('many-runs')
  const stepBytes = 8192
  const sizeBytes = stepBytes * (extentCountMax + 10)
  withFd(
    file,
    (fd) => {
      fs.ftruncateSync(fd, sizeBytes)
      const block = Buffer.alloc(1, 1)
      for (let i = 0; i < extentCountMax + 10; i++) fs.writeSync(fd, block, 0, 1, i * stepBytes)
      const runs = dataExtents(fd, sizeBytes) ?? assert.fail('unsupported')
      assert.equal(runs.length, extentCountMax)
      const lastStart = (extentCountMax - 1) * stepBytes
      assert.deepEqual(runs.at(-1), { start: lastStart, length: sizeBytes - lastStart })
      assert.equal((runs[0]?.length ?? 0) < stepBytes, true)
    },
    'w+',
  )
})

test('filesystems are told apart by kind', () => {
  assert.deepEqual(
    [filesystemOfPath(utf8('/proc'))].map((f) => [f.name, f.kind]),
    [['proc', 'pseudo']],
  )
  assert.equal(filesystemOfPath(utf8('/sys')).kind, 'pseudo')
  const here = filesystemOfPath(utf8(folder))
  const expected = fs.statfsSync(folder, { bigint: true })
  assert.equal(BigInt(here.magic), expected.type)
  assert.equal(Math.abs(here.freeBytes - Number(expected.bavail * expected.bsize)) < 2 ** 30, true)
  withFd(folder, (fd) => assert.equal(filesystemOfFd(fd).magic, here.magic))
  assert.throws(() => filesystemOfPath(utf8(inFolder('gone'))), failsWith('ENOENT'))
})

test('poll tells which fd is readable, and a waker stays readable until it is cleared', () => {
  const [first, second] = [openWaker(), openWaker()]
  try {
    assert.deepEqual(pollReadable([first, second], 0), [false, false])
    wake(second)
    wake(second)
    assert.deepEqual(pollReadable([first, second], -1), [false, true])
    clearWake(second)
    assert.deepEqual(pollReadable([first, second], 0), [false, false])
    clearWake(second)
  } finally {
    fs.closeSync(first)
    fs.closeSync(second)
  }
})
