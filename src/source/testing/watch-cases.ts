/** What every backend of the watcher has to do: run by the test file of each. Long because each case is a tree of its own. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { utf8 } from '../../base/bytes.ts'
import { ExcludeMatcher } from '../exclude.ts'
import { isTold, type WatcherLab } from './watching.ts'

type Backend = 'inotify' | 'fanotify'
type Case = (lab: WatcherLab & { readonly backend: Backend }) => Promise<void>

const cases = new Map<string, Case>()

export function watchCases(backend: Backend, lab: WatcherLab): void {
  for (const [name, run] of cases) test(`${backend}: ${name}`, () => run({ ...lab, backend }))
}

function define(name: string, run: Case): void {
  cases.set(name, run)
}

/** Directories with a watch of their own. */
function watches(backend: Backend, count: number): number {
  return backend === 'inotify' ? count : 0
}

define(
  'creation, writing, truncation, mode, rename and removal of a file are hinted, with its directory',
  ({ watching }) =>
    watching(async ({ at, told, overflows }) => {
      fs.writeFileSync(at('file'), 'x')
      assert.deepEqual(await told(), ['', 'file'])
      fs.appendFileSync(at('file'), 'y')
      assert.deepEqual(await told(), ['file'])
      fs.truncateSync(at('file'), 1)
      assert.deepEqual(await told(), ['file'])
      fs.chmodSync(at('file'), 0o600)
      assert.deepEqual(await told(), ['file'])
      fs.renameSync(at('file'), at('other'))
      assert.deepEqual(await told(), ['', 'file', 'other'])
      fs.rmSync(at('other'))
      assert.deepEqual(await told(), ['', 'other'])
      fs.chmodSync(at(''), 0o711)
      assert.deepEqual(await told(), [''])
      assert.equal(overflows(), 0)
    }),
)

define('reading, opening and listing are not hinted', ({ watching }) =>
  watching(async ({ at, told }) => {
    fs.writeFileSync(at('file'), 'x')
    fs.mkdirSync(at('sub'))
    await told()
    fs.readFileSync(at('file'))
    fs.readdirSync(at('sub'))
    assert.deepEqual(await told(), [])
  }),
)

define('directories that are there at the start are watched, one watch each', ({ backend, watching }) =>
  watching(async ({ at, told, add, remove }) => {
    for (let i = 0; i < 20; i++) {
      fs.mkdirSync(at(`d${i}/e`), { recursive: true })
      for (let k = 0; k < 5; k++) fs.writeFileSync(at(`d${i}/f${k}`), '')
    }
    remove(0)
    assert.equal(await add({ index: 0, path: utf8(at('')) }), watches(backend, 41))
    await told()
    fs.writeFileSync(at('d7/e/new'), '')
    fs.appendFileSync(at('d3/f1'), 'x')
    assert.deepEqual(await told(), ['d3/f1', 'd7/e', 'd7/e/new'])
  }),
)

define('a new directory is hinted as a subtree and watched from then on', ({ watching }) =>
  watching(async ({ at, told }) => {
    fs.mkdirSync(at('a'))
    assert.deepEqual(await told(), ['', 'a/...'])
    fs.mkdirSync(at('a/b/c'), { recursive: true })
    fs.writeFileSync(at('a/b/c/file'), '')
    assert.ok(isTold(await told(), 'a/b/c/file'))
    fs.appendFileSync(at('a/b/c/file'), 'x')
    assert.deepEqual(await told(), ['a/b/c/file'])
  }),
)

define('[fault 3] 300 bursts of mkdir -p and write miss nothing, then or later', ({ watching }) =>
  watching(async ({ at, told, overflows }) => {
    const files: string[] = []
    for (let i = 0; i < 300; i++) {
      fs.mkdirSync(at(`d${i}/a/b/c`), { recursive: true })
      for (const name of [`d${i}/1`, `d${i}/a/2`, `d${i}/a/b/3`, `d${i}/a/b/c/4`]) {
        fs.writeFileSync(at(name), 'x')
        files.push(name)
      }
    }
    const first = await told()
    assert.deepEqual(
      files.filter((name) => !isTold(first, name)),
      [],
    )
    for (const name of files) fs.appendFileSync(at(name), 'y')
    const second = await told()
    assert.deepEqual(
      files.filter((name) => !second.includes(name)),
      [],
    )
    assert.equal(overflows(), 0)
  }),
)

define('[fault 4] a directory renamed inside the root takes its watches along under its new name', ({ watching }) =>
  watching(async ({ at, told }) => {
    fs.mkdirSync(at('a/b'), { recursive: true })
    fs.mkdirSync(at('target'))
    fs.writeFileSync(at('a/b/file'), '')
    await told()
    fs.renameSync(at('a'), at('target/moved'))
    assert.deepEqual(await told(), ['', 'a/...', 'target', 'target/moved/...'])
    fs.appendFileSync(at('target/moved/b/file'), 'x')
    assert.deepEqual(await told(), ['target/moved/b/file'])
    fs.mkdirSync(at('a'))
    fs.writeFileSync(at('a/file'), '')
    assert.ok(isTold(await told(), 'a/file'))
  }),
)

define('[fault 4] a directory renamed over an empty one, and back, is told under the right names', ({ watching }) =>
  watching(async ({ at, told }) => {
    fs.mkdirSync(at('a/deep'), { recursive: true })
    fs.mkdirSync(at('b'))
    await told()
    fs.renameSync(at('a'), at('b'))
    fs.renameSync(at('b'), at('c'))
    await told()
    fs.writeFileSync(at('c/deep/file'), '')
    assert.deepEqual(await told(), ['c/deep', 'c/deep/file'])
  }),
)

define('[fault 4] a directory moved in over a watched empty one is watched in its place', ({ scratch, watching }) =>
  watching(async ({ at, told }) => {
    const outside = path.join(scratch, 'comes-in')
    fs.mkdirSync(path.join(outside, 'deep'), { recursive: true })
    fs.mkdirSync(at('a/b'), { recursive: true })
    await told()
    fs.renameSync(outside, at('a/b'))
    assert.deepEqual(await told(), ['a', 'a/b/...'])
    fs.mkdirSync(at('a/b/new'))
    fs.writeFileSync(at('a/b/deep/file'), '')
    assert.deepEqual(await told(), ['a/b', 'a/b/deep', 'a/b/deep/file', 'a/b/new/...'])
  }),
)

define('[faults 4, 5] a directory moved out is let go, one moved in is watched to its depth', ({ scratch, watching }) =>
  watching(async ({ at, told }) => {
    const outside = path.join(scratch, 'outside')
    fs.mkdirSync(at('a/b'), { recursive: true })
    await told()
    fs.renameSync(at('a'), outside)
    assert.deepEqual(await told(), ['', 'a/...'])
    fs.writeFileSync(path.join(outside, 'b/file'), '')
    assert.deepEqual(await told(), [])
    fs.renameSync(outside, at('in'))
    assert.deepEqual(await told(), ['', 'in/...'])
    fs.appendFileSync(at('in/b/file'), 'x')
    assert.deepEqual(await told(), ['in/b/file'])
  }),
)

define('a removed tree is hinted, and the same names work again', ({ watching }) =>
  watching(async ({ at, told }) => {
    for (let i = 0; i < 3; i++) {
      fs.mkdirSync(at('a/b/c'), { recursive: true })
      fs.writeFileSync(at('a/b/c/file'), '')
      assert.ok(isTold(await told(), 'a/b/c/file'))
      fs.rmSync(at('a'), { recursive: true })
      assert.ok((await told()).includes('a/...'))
    }
  }),
)

define('names of any bytes come through', ({ watching }) =>
  watching(async ({ root, told }) => {
    const odd = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x61, 0xff, 0x0a])])
    fs.mkdirSync(odd)
    await told()
    fs.writeFileSync(Buffer.concat([odd, Buffer.from([0x2f, 0xfe])]), '')
    assert.deepEqual(await told(), ['a\\xff\\x0a', 'a\\xff\\x0a/\\xfe'])
  }),
)

define('[fault 25] what is excluded is neither watched nor hinted', ({ scratch, watching }) => {
  const state = path.join(scratch, 'state-inode')
  fs.mkdirSync(state)
  const { dev, ino } = fs.statSync(state, { bigint: true })
  const exclude = new ExcludeMatcher({ patterns: ['*.o', 'cache/', '/top/only'], inodes: [{ dev, ino }] })
  return watching(
    async ({ at, told }) => {
      fs.mkdirSync(at('cache/deep'), { recursive: true })
      fs.mkdirSync(at('top/only'), { recursive: true })
      fs.renameSync(state, at('state'))
      await told()
      for (const name of ['x.o', 'cache/f', 'cache/deep/f', 'top/only/f', 'state/f']) fs.writeFileSync(at(name), '')
      assert.deepEqual(await told(), [''])
      fs.writeFileSync(at('top/seen'), '')
      assert.deepEqual(await told(), ['top', 'top/seen'])
    },
    { exclude },
  )
})

define('a file source hints its own name only, through replacement and removal', ({ backend, watching }) =>
  watching(
    async ({ at, told, add }) => {
      fs.writeFileSync(at('log'), '1')
      assert.equal(await add({ path: utf8(at('log')), kind: 'file' }), watches(backend, 1))
      fs.writeFileSync(at('neighbour'), '')
      assert.deepEqual(await told(), [])
      fs.appendFileSync(at('log'), '2')
      assert.deepEqual(await told(), ['1:log'])
      fs.writeFileSync(at('log.new'), '3')
      fs.renameSync(at('log.new'), at('log'))
      assert.deepEqual(await told(), ['1:log'])
      fs.rmSync(at('log'))
      assert.deepEqual(await told(), ['1:log'])
    },
    { kind: 'file' },
  ),
)

define('a root inside a root hints both, and removing one leaves the other', ({ backend, watching }) =>
  watching(async ({ at, told, add, remove }) => {
    fs.mkdirSync(at('a/b'), { recursive: true })
    await told()
    assert.equal(await add({ path: utf8(at('a')) }), watches(backend, 2))
    fs.writeFileSync(at('a/b/file'), '')
    assert.deepEqual(await told(), ['1:b', '1:b/file', 'a/b', 'a/b/file'])
    remove(1)
    fs.appendFileSync(at('a/b/file'), 'x')
    assert.deepEqual(await told(), ['a/b/file'])
  }),
)

define(
  '[fault 8] a root that is removed or renamed is a problem, and is watched again once it is back',
  ({ watching }) =>
    watching(async ({ root, at, told, problems, reported, add }) => {
      for (const [round, lose] of [remove, moveAway, remove].entries()) {
        lose(root)
        await reported()
        assert.match(problems().join(), new RegExp(`^0 ROOT_GONE  .*${path.basename(root)}`))
        await told()
        await assert.rejects(add({ index: 9, path: utf8(root) }), { code: 'SOURCE_MISSING' })
        fs.mkdirSync(at(`d${round}`), { recursive: true })
        await reported()
        assert.deepEqual(problems(), ['0 recovered ROOT_GONE '])
        assert.ok(isTold(await told(), `d${round}`))
        fs.writeFileSync(at(`d${round}/file`), '')
        assert.deepEqual(await told(), [`d${round}`, `d${round}/file`])
      }
    }),
)

define('a root that was lost can be added again instead', ({ watching }) =>
  watching(async ({ root, at, told, problems, reported, add }) => {
    remove(root)
    await reported()
    problems()
    fs.mkdirSync(root)
    await add({ index: 0, path: utf8(root) })
    problems()
    await told()
    fs.writeFileSync(at('file'), '')
    assert.deepEqual(await told(), ['', 'file'])
  }),
)

define('[fault 8] a root that another directory is renamed over is replaced, and watched at once', ({ watching }) =>
  watching(async ({ root, at, told, problems, reported }) => {
    fs.mkdirSync(`${root}-new/deep`, { recursive: true })
    fs.renameSync(`${root}-new`, root)
    await reported()
    while (problems().at(-1) !== '0 recovered ROOT_REPLACED ') await reported()
    await told()
    fs.writeFileSync(at('deep/file'), '')
    assert.deepEqual(await told(), ['deep', 'deep/file'])
  }),
)

define('[fault 8] a root whose parent is renamed is gone, and is back with it', ({ watching }) =>
  watching(async ({ at, told, problems, reported, add }) => {
    fs.mkdirSync(at('parent/root'), { recursive: true })
    await add({ path: utf8(at('parent/root')) })
    fs.renameSync(at('parent'), at('away'))
    await reported()
    assert.match(problems().join(), /^1 ROOT_GONE/)
    fs.renameSync(at('away'), at('parent'))
    await reported()
    assert.deepEqual(problems(), ['1 recovered ROOT_GONE '])
    await told()
    fs.writeFileSync(at('parent/root/file'), '')
    assert.deepEqual(await told(), ['1:', '1:file', 'parent/root', 'parent/root/file'])
  }),
)

define('[fault 12] a filesystem without events is said to be one', ({ watching }) =>
  watching(async ({ problems, add }) => {
    assert.equal(await add({ index: 5, path: utf8('/proc/sys') }), 0)
    assert.equal(await add({ index: 6, path: utf8('/sys/kernel') }), 0)
    assert.deepEqual(
      problems().map((text) => text.slice(0, 20)),
      ['5 SILENT  proc gives', '6 SILENT  sysfs give'],
    )
  }),
)

define('many flushes at once all end and leave no cookie behind', ({ cookies, watcher, watching }) =>
  watching(async ({ at, told }) => {
    fs.writeFileSync(at('file'), '')
    await Promise.all(Array.from({ length: 20 }, () => watcher.flush()))
    assert.deepEqual(await told(), ['', 'file'])
    assert.deepEqual(fs.readdirSync(cookies), [])
  }),
)

define('an owner that is busy during a burst gets merged hints, and gets all of them', ({ watching }) =>
  watching(async ({ at, told, overflows }) => {
    for (let i = 0; i < 40; i++) fs.mkdirSync(at(`d${i}`))
    await told()
    const files: string[] = []
    for (let i = 0; i < 6000; i++) {
      files.push(`d${i % 40}/f${i}`)
      fs.writeFileSync(at(files.at(-1) ?? ''), 'x')
    }
    const after = await told()
    const missed = files.filter((name) => !isTold(after, name))
    assert.deepEqual(overflows() > 0 ? [] : missed, [])
  }),
)

function remove(root: string): void {
  fs.rmSync(root, { recursive: true })
}

function moveAway(root: string): void {
  fs.renameSync(root, `${root}-away`)
}
