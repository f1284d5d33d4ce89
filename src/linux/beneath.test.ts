import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { Beneath, openParentsMax } from './beneath.ts'
import { LibcError } from './libc.ts'
import { listXattrs } from './xattr.ts'

const isRoot = process.geteuid?.() === 0

/** A destination `dest` beside a folder `outside` that must stay as it is: one file `secret`. */
function withDestination(use: (place: { beneath: Beneath; dest: string; outside: string }) => void): void {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sfd-beneath-'))
  const [dest, outside] = [path.join(folder, 'dest'), path.join(folder, 'outside')]
  fs.mkdirSync(dest)
  fs.mkdirSync(outside)
  fs.writeFileSync(path.join(outside, 'secret'), 'secret', { mode: 0o600 })
  const beneath = Beneath.open(utf8(dest))
  try {
    use({ beneath, dest, outside })
    assert.deepEqual(fs.readdirSync(outside), ['secret'])
    assert.equal(fs.readFileSync(path.join(outside, 'secret'), 'utf8'), 'secret')
    assert.equal(fs.statSync(path.join(outside, 'secret')).mode & 0o7777, 0o600)
    assert.deepEqual(fs.readdirSync(folder).sort(), ['dest', 'outside'])
  } finally {
    beneath.close()
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

function unsafe(thrown: unknown): boolean {
  return thrown instanceof FoundryError && thrown.code === 'DEST_UNSAFE'
}

function failsWith(errnoName: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof LibcError && thrown.errnoName === errnoName
}

/** Every operation that takes a path, on `at`. */
function operations(beneath: Beneath, at: string): (() => unknown)[] {
  const target = utf8(at)
  const time = { seconds: 1, nanoseconds: 1 }
  return [
    () => beneath.makeDirectory(target, 0o700),
    () => beneath.createFile(target, 0o600),
    () => beneath.openFile(target, 'write'),
    () => beneath.openDirectory(target),
    () => beneath.makeSymlink({ path: target, target: utf8('x') }),
    () => beneath.makeHardLink({ path: utf8('stolen'), existing: target }),
    () => beneath.makeHardLink({ path: target, existing: utf8('own') }),
    () => beneath.makeNode({ path: target, kind: 'fifo', mode: 0o600, rdev: 0n }),
    () => beneath.setMode(target, 0o777),
    () => beneath.setOwner(target, { uid: 0, gid: 0 }),
    () => beneath.setTimes(target, { mtime: time }),
    () => beneath.setXattr(target, { name: utf8('user.x'), value: utf8('y') }),
    () => beneath.remove(target),
  ]
}

test('a tree of every kind is written with its modes, owners, times, links and attributes', () =>
  withDestination(({ beneath, dest }) => {
    const mtime = { seconds: 1_600_000_000, nanoseconds: 123_456_789 }
    beneath.makeDirectory(utf8('a'), 0o700)
    beneath.makeDirectory(utf8('a/b'), 0o700)
    const fd = beneath.createFile(utf8('a/b/file'), 0o600)
    fs.writeSync(fd, 'content')
    fs.closeSync(fd)
    beneath.makeSymlink({ path: utf8('a/link'), target: utf8('/etc/passwd') })
    beneath.makeHardLink({ path: utf8('hard'), existing: utf8('a/b/file') })
    beneath.makeNode({ path: utf8('fifo'), kind: 'fifo', mode: 0o640, rdev: 0n })
    beneath.makeNode({ path: utf8('socket'), kind: 'socket', mode: 0o600, rdev: 0n })
    beneath.setMode(utf8('a/b/file'), 0o4751)
    beneath.setTimes(utf8('a/b/file'), { mtime, atime: { seconds: -5, nanoseconds: 7 } })
    beneath.setTimes(utf8('a/link'), { mtime })
    beneath.setMode(utf8(''), 0o750)
    beneath.setTimes(utf8(''), { mtime })

    const file = fs.lstatSync(`${dest}/a/b/file`, { bigint: true })
    assert.equal(fs.readFileSync(`${dest}/hard`, 'utf8'), 'content')
    assert.equal(file.mode & 0o7777n, 0o4751n)
    assert.equal(file.mtimeNs, 1_600_000_000_123_456_789n)
    assert.equal(file.atimeNs, -4_999_999_993n)
    assert.equal(file.nlink, 2n)
    assert.equal(fs.readlinkSync(`${dest}/a/link`), '/etc/passwd')
    assert.equal(fs.lstatSync(`${dest}/a/link`, { bigint: true }).mtimeNs, 1_600_000_000_123_456_789n)
    assert.equal(fs.lstatSync(`${dest}/fifo`).isFIFO(), true)
    assert.equal(fs.lstatSync(`${dest}/socket`).isSocket(), true)
    assert.equal(fs.statSync(dest, { bigint: true }).mtimeNs, 1_600_000_000_123_456_789n)
    assert.equal(fs.statSync(dest).mode & 0o7777, 0o750)
    assert.equal(beneath.stat(utf8('a/link'))?.kind, 'symlink')
    assert.equal(beneath.stat(utf8('a/nothing')), undefined)

    const reopened = beneath.openFile(utf8('a/b/file'), 'read')
    assert.equal(fs.readFileSync(reopened, 'utf8'), 'content')
    fs.closeSync(reopened)
    assert.throws(() => beneath.createFile(utf8('a/link'), 0o600), failsWith('EEXIST'))
    assert.throws(() => beneath.setMode(utf8('a/link'), 0o777), failsWith('ENOTSUP'))
  }))

test('attributes are set on files whatever their mode', (t) =>
  withDestination(({ beneath, dest }) => {
    fs.closeSync(beneath.createFile(utf8('file'), 0))
    const xattr = { name: utf8('user.note'), value: new Uint8Array([1, 0, 255]) }
    try {
      if (!isRoot) beneath.setMode(utf8('file'), 0o200)
      beneath.setXattr(utf8('file'), xattr)
    } catch (failed) {
      if (failsWith('ENOTSUP')(failed)) return t.skip('no user xattrs on this tmpdir')
      throw failed
    }
    fs.chmodSync(`${dest}/file`, 0o600)
    assert.deepEqual(listXattrs(utf8(`${dest}/file`)).xattrs, [xattr])
  }))

test('owners and devices are set without following links', (t) => {
  if (!isRoot) return t.skip('needs root')
  withDestination(({ beneath, dest, outside }) => {
    beneath.makeSymlink({ path: utf8('link'), target: utf8(`${outside}/secret`) })
    beneath.setOwner(utf8('link'), { uid: 1234, gid: 4321 })
    assert.equal(fs.lstatSync(`${dest}/link`).uid, 1234)
    assert.equal(fs.statSync(`${outside}/secret`).uid, 0)
    beneath.makeNode({ path: utf8('null'), kind: 'char', mode: 0o666, rdev: 259n })
    assert.equal(fs.lstatSync(`${dest}/null`).rdev, 259)
    assert.equal(fs.lstatSync(`${dest}/null`).isCharacterDevice(), true)
  })
})

test('no operation takes a path that is absolute, empty in part, or has `.`, `..` or NUL', () =>
  withDestination(({ beneath, outside }) => {
    fs.closeSync(beneath.createFile(utf8('own'), 0o600))
    beneath.makeDirectory(utf8('a'), 0o700)
    const paths = [
      '..',
      '../outside/secret',
      'a/../../outside/new',
      `${outside}/secret`,
      '/etc',
      'a//b',
      'a/',
      '.',
      'a/./b',
    ]
    for (const at of [...paths, 'a\0b', 'a/b\0']) {
      for (const operation of operations(beneath, at)) assert.throws(operation, unsafe, at)
    }
    for (const [i, operation] of operations(beneath, '').entries()) {
      if (i < 7 || i === 12) assert.throws(operation, unsafe)
    }
  }))

test('a link to the outside on the way stops every operation', () =>
  withDestination(({ beneath, dest, outside }) => {
    fs.closeSync(beneath.createFile(utf8('own'), 0o600))
    fs.symlinkSync(outside, `${dest}/absolute`)
    fs.symlinkSync('../outside', `${dest}/relative`)
    fs.symlinkSync('/proc/self/root', `${dest}/magic`)
    for (const at of ['absolute/secret', 'relative/secret', `magic${outside}/secret`, 'absolute/new']) {
      for (const operation of operations(beneath, at)) assert.throws(operation, unsafe, at)
    }
  }))

test('a link as the last part is never followed', () =>
  withDestination(({ beneath, dest, outside }) => {
    fs.symlinkSync(`${outside}/secret`, `${dest}/file-link`)
    fs.symlinkSync(`${outside}/new`, `${dest}/dangling`)
    fs.symlinkSync(outside, `${dest}/folder-link`)
    assert.throws(() => beneath.openFile(utf8('file-link'), 'write'), unsafe)
    assert.throws(() => beneath.openDirectory(utf8('folder-link')), unsafe)
    assert.throws(() => beneath.createFile(utf8('dangling'), 0o600), failsWith('EEXIST'))
    assert.throws(() => beneath.setMode(utf8('file-link'), 0o777), failsWith('ENOTSUP'))
    beneath.setTimes(utf8('file-link'), { mtime: { seconds: 1, nanoseconds: 0 } })
    beneath.makeHardLink({ path: utf8('hard'), existing: utf8('file-link') })
    assert.equal(fs.lstatSync(`${dest}/hard`).isSymbolicLink(), true)
    beneath.remove(utf8('folder-link'))
  }))

test('a folder swapped for a link between two operations leads nowhere outside', () =>
  withDestination(({ beneath, dest, outside }) => {
    beneath.makeDirectory(utf8('a'), 0o700)
    fs.closeSync(beneath.createFile(utf8('a/first'), 0o600))
    fs.renameSync(`${dest}/a`, `${dest}/moved`)
    fs.symlinkSync(outside, `${dest}/a`)
    fs.closeSync(beneath.createFile(utf8('a/second'), 0o600))
    assert.deepEqual(fs.readdirSync(`${dest}/moved`).sort(), ['first', 'second'])
    const fresh = Beneath.open(utf8(dest))
    assert.throws(() => fresh.createFile(utf8('a/third'), 0o600), unsafe)
    fresh.close()
  }))

test('a removed folder is forgotten, and its name can be used again', () =>
  withDestination(({ beneath, dest }) => {
    for (const content of ['one', 'two']) {
      beneath.makeDirectory(utf8('a'), 0o700)
      beneath.makeDirectory(utf8('a/b'), 0o700)
      const fd = beneath.createFile(utf8('a/b/file'), 0o600)
      fs.writeSync(fd, content)
      fs.closeSync(fd)
      assert.equal(fs.readFileSync(`${dest}/a/b/file`, 'utf8'), content)
      beneath.remove(utf8('a/b/file'))
      beneath.remove(utf8('a/b'))
      beneath.remove(utf8('a'))
    }
    assert.deepEqual(fs.readdirSync(dest), [])
    assert.throws(() => beneath.remove(utf8('a')), failsWith('ENOENT'))
  }))

test('many folders keep only a bounded number of files open', () =>
  withDestination(({ beneath }) => {
    const openCount = (): number => fs.readdirSync('/proc/self/fd').length
    const before = openCount()
    for (let i = 0; i < openParentsMax * 3; i++) {
      beneath.makeDirectory(utf8(`d${i}`), 0o700)
      fs.closeSync(beneath.createFile(utf8(`d${i}/file`), 0o600))
    }
    assert.equal(openCount() - before, openParentsMax)
    assert.equal(beneath.stat(utf8('d0/file'))?.kind, 'file')
  }))

test('making room for a folder keeps the one that was used just before, also beneath the one that goes', () =>
  withDestination(({ beneath, dest }) => {
    const at = (name: string): Uint8Array => utf8(name)
    for (const name of ['a', 'a/b', ...Array.from({ length: openParentsMax }, (_, i) => `f${i}`), 'late']) {
      beneath.makeDirectory(at(name), 0o755)
    }
    fs.closeSync(beneath.createFile(at('a/b/old'), 0o600))
    fs.closeSync(beneath.createFile(at('a/first'), 0o600)) // `a` is used before all of the others
    for (let i = 0; i < openParentsMax - 2; i++) fs.closeSync(beneath.createFile(at(`f${i}/x`), 0o600))
    beneath.makeHardLink({ path: at('late/new'), existing: at('a/b/old') })
    assert.equal(fs.statSync(path.join(dest, 'late/new')).nlink, 2)
  }))
