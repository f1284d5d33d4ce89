/** Long because each case builds and describes a tree of its own. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { compareBytes, displayPath, utf8 } from '../base/bytes.ts'
import type { EntryMeta } from '../base/entry.ts'
import { LibcError } from '../linux/libc.ts'
import { setXattr } from '../linux/xattr.ts'
import { ExcludeMatcher } from './exclude.ts'
import { type Listed, type ListOptions, listTree, openDirectoriesMax, statEntry } from './list.ts'

const scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'sfd-list-')))
after(() => fs.rmSync(scratch, { recursive: true, force: true }))
const clock = { monotonicMs: (): number => 0 }
const isRoot = process.geteuid?.() === 0
const nobody = 65_534

/** A fresh folder of this name under the scratch folder. */
function fresh(name: string): string {
  const folder = path.join(scratch, name)
  fs.mkdirSync(folder)
  return folder
}

function list(root: string, options: Partial<ListOptions> = {}): Listed[] {
  return [...listTree({ root: utf8(root), clock, ...options })]
}

function shown(listed: readonly Listed[]): string[] {
  return listed.map(({ meta }) => {
    const slash = meta.kind === 'dir' ? '/' : ''
    return displayPath(meta.path) + slash + (meta.unreadable === undefined ? '' : ` ${meta.unreadable}`)
  })
}

function metaOf(root: string, name: string, options: Partial<ListOptions> = {}): EntryMeta {
  const found = statEntry({ root: utf8(root), clock, path: utf8(name), ...options })
  return (found ?? assert.fail(`${name} is not listed`)).meta
}

function openCount(): number {
  return fs.readdirSync('/proc/self/fd').length
}

test('the root comes first, each directory before its children, children in byte order', () => {
  const root = fresh('order')
  for (const directory of ['b', 'a-b', 'a', 'a/z']) fs.mkdirSync(path.join(root, directory))
  for (const file of ['a/y', 'a/z/1', 'a.txt', 'B', 'é', 'z']) fs.writeFileSync(path.join(root, file), '')
  const odd = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])])
  fs.writeFileSync(odd, '')
  assert.deepEqual(shown(list(root)), [
    '/',
    'B',
    'a/',
    'a/y',
    'a/z/',
    'a/z/1',
    'a-b/',
    'a.txt',
    'b/',
    'z',
    'é',
    '\\xff\\xfe',
  ])
})

test('the same entries and fields come out as readdir and lstat give, for random trees', () => {
  const part = fc.string({ unit: fc.constantFrom('a', 'b', '.', ' ', '\n', 'é'), minLength: 1, maxLength: 3 })
  const names = part.filter((name) => name !== '.' && name !== '..')
  let round = 0
  fc.assert(
    fc.property(fc.array(fc.array(names, { minLength: 1, maxLength: 4 }), { maxLength: 12 }), (paths) => {
      const root = fresh(`random-${round++}`)
      for (const parts of paths) {
        try {
          fs.mkdirSync(path.join(root, ...parts.slice(0, -1)), { recursive: true })
          fs.writeFileSync(path.join(root, ...parts), parts.join())
        } catch (failed) {
          assert.ok(['EEXIST', 'ENOTDIR', 'EISDIR'].includes((failed as NodeJS.ErrnoException).code ?? ''), `${failed}`)
        }
      }
      const found = list(root)
      const expected = fs.readdirSync(root, { recursive: true, encoding: 'utf8' })
      const byText = (a: string, b: string): number => compareBytes(utf8(a), utf8(b))
      const paths8 = found.slice(1).map(({ meta }) => Buffer.from(meta.path).toString())
      assert.deepEqual([...paths8].sort(byText), expected.sort(byText))
      for (const { meta } of found) {
        const stat = fs.lstatSync(path.join(root, Buffer.from(meta.path).toString()), { bigint: true })
        assert.deepEqual([meta.ino, meta.dev, BigInt(meta.nlink)], [stat.ino, stat.dev, stat.nlink])
        assert.equal(BigInt(meta.size), stat.isFile() ? stat.size : 0n)
      }
    }),
    { numRuns: 40 },
  )
})

test('every kind of entry has its fields; special files are not opened', () => {
  const root = fresh('kinds')
  fs.writeFileSync(path.join(root, 'file'), 'hello', { mode: 0o640 })
  fs.chmodSync(path.join(root, 'file'), 0o4750)
  fs.utimesSync(path.join(root, 'file'), 0, new Date(-1500))
  fs.linkSync(path.join(root, 'file'), path.join(root, 'hard'))
  fs.symlinkSync(Buffer.from([0x2f, 0xff]), path.join(root, 'link'))
  assert.equal(spawnSync('mkfifo', ['-m', '600', path.join(root, 'fifo')]).status, 0)
  const file = metaOf(root, 'file')
  assert.deepEqual(
    { ...file, ctime: 0, ino: 0n, dev: 0n, userName: '', groupName: '', uid: 0, gid: 0 },
    {
      path: utf8('file'),
      kind: 'file',
      mode: 0o4750,
      uid: 0,
      gid: 0,
      userName: '',
      groupName: '',
      size: 5,
      mtime: { seconds: -2, nanoseconds: 500_000_000 },
      ctime: 0,
      ino: 0n,
      dev: 0n,
      rdev: 0n,
      nlink: 2,
      xattrs: [],
    },
  )
  assert.equal(file.userName, os.userInfo().username)
  assert.equal(metaOf(root, 'hard').ino, file.ino)
  assert.deepEqual([metaOf(root, 'link').kind, metaOf(root, 'link').target], ['symlink', new Uint8Array([0x2f, 0xff])])
  assert.deepEqual([metaOf(root, 'fifo').kind, metaOf(root, 'fifo').size], ['fifo', 0])
  const device = metaOf('/dev', 'null')
  assert.deepEqual([device.kind, device.rdev], ['char', fs.statSync('/dev/null', { bigint: true }).rdev])
})

test('a sparse file gives its data runs, a dense one none', () => {
  const root = fresh('sparse')
  fs.writeFileSync(path.join(root, 'dense'), Buffer.alloc(100_000, 1))
  const fd = fs.openSync(path.join(root, 'holes'), 'w')
  fs.ftruncateSync(fd, 2 ** 40)
  fs.writeSync(fd, Buffer.alloc(65_536, 1), 0, 65_536, 2 ** 30)
  fs.closeSync(fd)
  fs.closeSync(fs.openSync(path.join(root, 'empty'), 'w'))
  assert.equal('extents' in metaOf(root, 'dense'), false)
  assert.equal('extents' in metaOf(root, 'empty'), false)
  assert.deepEqual(metaOf(root, 'holes').extents, [{ start: 2 ** 30, length: 65_536 }])
})

test('links are listed and never followed, also on the way to a subtree', () => {
  const root = fresh('links')
  const outside = fresh('links-outside')
  fs.mkdirSync(path.join(outside, 'deep'))
  fs.writeFileSync(path.join(outside, 'deep/secret'), 'x')
  fs.symlinkSync(outside, path.join(root, 'out'))
  fs.symlinkSync('.', path.join(root, 'loop'))
  assert.deepEqual(shown(list(root)), ['/', 'loop', 'out'])
  assert.deepEqual(list(root, { subtree: utf8('out/deep') }), [])
  assert.equal(statEntry({ root: utf8(root), clock, path: utf8('out/deep/secret') }), undefined)
  assert.equal(statEntry({ root: utf8(root), clock, path: utf8('loop/out') }), undefined)
})

test('a subtree lists itself and what is beneath, as the whole listing has it', () => {
  const root = fresh('subtree')
  fs.mkdirSync(path.join(root, 'a/b/c'), { recursive: true })
  for (const file of ['a/1', 'a/b/2', 'a/b/c/3', 'd']) fs.writeFileSync(path.join(root, file), file)
  assert.deepEqual(shown(list(root, { subtree: utf8('a/b') })), ['a/b/', 'a/b/2', 'a/b/c/', 'a/b/c/3'])
  assert.deepEqual(shown(list(root, { subtree: utf8('d') })), ['d'])
  assert.deepEqual(list(root, { subtree: utf8('gone/x') }), [])
  for (const listed of list(root)) {
    assert.deepEqual(statEntry({ root: utf8(root), clock, path: listed.meta.path }), listed)
  }
})

test('what is excluded is neither listed nor descended, by pattern and by inode', () => {
  const root = fresh('exclude')
  fs.mkdirSync(path.join(root, 'cache/deep'), { recursive: true })
  fs.mkdirSync(path.join(root, 'state/bricks'), { recursive: true })
  for (const file of ['a.o', 'a.c', 'cache/deep/x', 'state/bricks/y']) fs.writeFileSync(path.join(root, file), '')
  const { dev, ino } = fs.statSync(path.join(root, 'state'), { bigint: true })
  const exclude = new ExcludeMatcher({ patterns: ['*.o', 'cache/'], inodes: [{ dev, ino }] })
  assert.deepEqual(shown(list(root, { exclude })), ['/', 'a.c'])
  for (const subtree of ['cache', 'cache/deep', 'state', 'state/bricks/y', 'a.o']) {
    assert.deepEqual(list(root, { exclude, subtree: utf8(subtree) }), [])
    assert.equal(statEntry({ root: utf8(root), clock, exclude, path: utf8(subtree) }), undefined)
  }
})

test('a tree 2,000 directories deep is listed with a bounded number of open files', () => {
  const root = fresh('deep')
  const depth = 2000
  fs.mkdirSync(path.join(root, ...Array.from({ length: depth }, () => 'd')), { recursive: true })
  for (const level of [0, 10, 1000]) {
    fs.writeFileSync(path.join(root, ...Array.from({ length: level }, () => 'd'), 'z'), '')
  }
  const before = openCount()
  let count = 0
  let openMost = 0
  const files: number[] = []
  for (const { meta } of listTree({ root: utf8(root), clock })) {
    count++
    if (count % 500 === 0) openMost = Math.max(openMost, openCount() - before)
    if (meta.kind === 'file') files.push(meta.path.length)
  }
  assert.equal(count, depth + 1 + 3)
  assert.deepEqual(files, [2001, 21, 1])
  assert.ok(openMost <= openDirectoriesMax + 3, `${openMost} files open`)
  assert.equal(openCount(), before)
})

test('names whose path is beyond 4,096 bytes are left out and their directory says so', () => {
  const root = fresh('long')
  const part = 'd'.repeat(255)
  const start = process.cwd()
  try {
    process.chdir(root)
    for (let i = 0; i < 15; i++) {
      fs.mkdirSync(part)
      process.chdir(part)
    }
    const last = 'e'.repeat(254)
    fs.mkdirSync(last)
    process.chdir(last)
    for (const name of ['f', 'ff', 'g']) fs.writeFileSync(name, '')
  } finally {
    process.chdir(start)
  }
  const longest = list(root).filter(({ meta }) => meta.path.length > 4000)
  assert.deepEqual(
    longest.map(({ meta }) => [meta.path.length, meta.path.at(-1), meta.unreadable]),
    [
      [4094, 0x65, 'ENAMETOOLONG'],
      [4096, 0x66, undefined],
      [4096, 0x67, undefined],
    ],
  )
  const directory = longest[0]?.meta ?? assert.fail('not listed')
  assert.deepEqual(statEntry({ root: utf8(root), clock, path: directory.path })?.meta, directory)
})

test('a listing that is left early or cancelled closes its files', () => {
  const root = fresh('early')
  for (let i = 0; i < 20; i++) fs.mkdirSync(path.join(root, `d${i}/e/f`), { recursive: true })
  const before = openCount()
  for (const { meta } of listTree({ root: utf8(root), clock })) if (meta.path.length > 4) break
  let asked = 0
  assert.equal(list(root, { cancelled: () => ++asked > 5 }).length, 6)
  assert.equal(openCount(), before)
})

test('what vanishes during the walk is left out, the rest is listed', () => {
  const root = fresh('vanish')
  for (const name of ['a', 'b', 'c']) {
    fs.mkdirSync(path.join(root, name))
    fs.writeFileSync(path.join(root, name, 'file'), '')
  }
  const found: string[] = []
  for (const { meta } of listTree({ root: utf8(root), clock })) {
    found.push(displayPath(meta.path))
    if (found.at(-1) === 'a') fs.rmSync(path.join(root, 'a/file'))
    if (found.at(-1) === 'b') fs.renameSync(path.join(root, 'c'), path.join(root, 'd'))
  }
  assert.deepEqual(found, ['', 'a', 'b', 'b/file'])
})

test('a directory swapped for a link during the walk does not lead out of the root', () => {
  const root = fresh('swap')
  const outside = fresh('swap-outside')
  fs.mkdirSync(path.join(root, 'a'))
  for (const name of ['1', '2']) {
    fs.writeFileSync(path.join(root, 'a', name), 'own')
    fs.writeFileSync(path.join(outside, name), 'secret')
  }
  const sizes: number[] = []
  for (const { meta } of listTree({ root: utf8(root), clock })) {
    if (meta.kind === 'file') sizes.push(meta.size)
    if (displayPath(meta.path) !== 'a') continue
    fs.renameSync(path.join(root, 'a'), path.join(root, 'b'))
    fs.symlinkSync(outside, path.join(root, 'a'))
  }
  assert.deepEqual(sizes, [3, 3])
})

test('a root that is missing or no directory is an error, not an empty tree', () => {
  const root = fresh('root')
  fs.writeFileSync(path.join(root, 'file'), '')
  for (const name of ['gone', 'file']) {
    assert.throws(() => list(path.join(root, name)), { code: 'SOURCE_MISSING' })
    assert.throws(() => statEntry({ root: utf8(path.join(root, name)), clock, path: utf8('x') }), {
      code: 'SOURCE_MISSING',
    })
  }
})

test('extended attributes are listed', (t) => {
  const root = fresh('xattrs')
  fs.writeFileSync(path.join(root, 'file'), '')
  const note = { name: utf8('user.note'), value: utf8('hello') }
  try {
    setXattr(utf8(path.join(root, 'file')), note)
  } catch (failed) {
    if (failed instanceof LibcError && failed.errnoName === 'ENOTSUP') return t.skip('no user xattrs on this tmpdir')
    throw failed
  }
  assert.deepEqual(metaOf(root, 'file').xattrs, [note])
})

test('directories that may not be listed or searched are marked, files are left to their reader', (t) => {
  if (!isRoot) return t.skip('needs root to become another user')
  const root = fresh('closed')
  fs.chmodSync(scratch, 0o755)
  for (const [name, mode] of [
    ['no-list', 0o111],
    ['no-search', 0o444],
    ['none', 0],
  ] as const) {
    fs.mkdirSync(path.join(root, name))
    fs.writeFileSync(path.join(root, name, 'file'), '')
    fs.chmodSync(path.join(root, name), mode)
  }
  fs.writeFileSync(path.join(root, 'secret'), 'x', { mode: 0 })
  const script = `
    import { listTree } from ${JSON.stringify(new URL('./list.ts', import.meta.url).href)}
    process.setegid(${nobody}); process.seteuid(${nobody})
    const clock = { monotonicMs: () => 0 }
    for (const { meta } of listTree({ root: Buffer.from(${JSON.stringify(root)}), clock }))
      console.log(Buffer.from(meta.path).toString(), meta.unreadable ?? '-')`
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.equal(child.stderr, '')
  assert.deepEqual(child.stdout.split('\n'), [
    ' -',
    'no-list EACCES',
    'no-search EACCES',
    'none EACCES',
    'secret -',
    '',
  ])
})

test('another filesystem is one marked directory, unless crossing is asked for', (t) => {
  if (!isRoot || !fs.existsSync('/dev/shm')) return t.skip('needs /dev and /dev/shm')
  const shm = (crossFilesystems: 'no' | 'yes'): string[] =>
    shown(list('/dev', { crossFilesystems, subtree: utf8('shm') }))
  const own = path.join('/dev/shm', `sfd-list-${process.pid}`)
  fs.writeFileSync(own, '')
  try {
    if (fs.statSync('/dev/shm').dev === fs.statSync('/dev').dev) return t.skip('/dev/shm is no filesystem of its own')
    assert.deepEqual(shm('no'), ['shm/ EXDEV'])
    assert.deepEqual(list('/dev', { subtree: utf8(`shm/${path.basename(own)}`) }), [])
    assert.ok(shm('yes').includes(`shm/${path.basename(own)}`))
  } finally {
    fs.rmSync(own)
  }
})
