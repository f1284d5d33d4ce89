/** Long because each case builds and describes a tree of its own. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { displayPath, utf8 } from '../base/bytes.ts'
import { ExcludeMatcher } from './exclude.ts'
import { type Hint, startWatcher, type WatchRoot } from './watch.ts'

const scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'sfd-watch-')))
const cookies = path.join(scratch, 'cookies')
fs.mkdirSync(cookies)

/** One watcher serves all tests: each uses root indices of its own, from `base` on. */
const indexesPerTest = 16
let nextBase = 0
const seen: Hint[] = []
const reported: { readonly root: number; readonly text: string }[] = []
let overflowCount = 0
const sink = {
  hints: (batch: readonly Hint[]) => void seen.push(...batch),
  overflow: () => void overflowCount++,
  problem: (root: number, code: string, message: string) => void reported.push({ root, text: `${code} ${message}` }),
}
const shared = await startWatcher(sink, { cookieFolder: utf8(cookies) })
after(async () => {
  await shared.close()
  fs.rmSync(scratch, { recursive: true, force: true })
})

interface Watching {
  /** A fresh folder, watched as root 0. */
  readonly root: string
  readonly at: (name: string) => string
  /** Flushes and gives what was hinted since the last call: `path`, or `path/...` for a subtree; sorted. */
  readonly told: () => Promise<string[]>
  /** Takes what was reported since the last call. */
  readonly problems: () => string[]
  readonly overflows: () => number
  /** Watches; index 1 where none is given. */
  readonly add: (root: Partial<WatchRoot> & { path: Uint8Array }) => Promise<number>
  readonly remove: (index: number) => void
}

async function watching(use: (watching: Watching) => Promise<void>, root: Partial<WatchRoot> = {}): Promise<void> {
  const base = nextBase
  nextBase += indexesPerTest
  const folder = path.join(scratch, `root-${base}`)
  fs.mkdirSync(folder)
  const overflowsBefore = overflowCount
  const add = async (more: Partial<WatchRoot> & { path: Uint8Array }): Promise<number> =>
    (await shared.addRoot({ kind: 'tree', ...more, index: base + (more.index ?? 1) })).watches
  const told = async (): Promise<string[]> => {
    await shared.flush()
    const own = seen.splice(0).map((hint) => shown({ ...hint, root: hint.root - base }))
    return [...new Set(own)].sort()
  }
  const problems = (): string[] => reported.splice(0).map(({ root: index, text }) => `${index - base} ${text}`)
  if (root.kind !== 'file') await add({ index: 0, path: utf8(folder), ...root })
  const at = (name: string): string => path.join(folder, name)
  const remove = (index: number): void => shared.removeRoot(base + index)
  await use({ root: folder, at, told, problems, overflows: () => overflowCount - overflowsBefore, add, remove })
  for (let index = 0; index < indexesPerTest; index++) remove(index)
  await told()
  assert.deepEqual(problems(), [])
}

function shown(hint: Hint): string {
  const index = hint.root === 0 ? '' : `${hint.root}:`
  return index + displayPath(hint.path) + (hint.scope === 'subtree' ? '/...' : '')
}

/** Whether a file is among the hints itself or beneath a hinted subtree. */
function isTold(told: readonly string[], name: string): boolean {
  if (told.includes(name) || told.includes('/...')) return true
  const parts = name.split('/')
  return parts.some((_, i) => told.includes(`${parts.slice(0, i + 1).join('/')}/...`))
}

test('creation, writing, truncation, mode, rename and removal of a file are hinted, with its directory', () =>
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
  }))

test('reading, opening and listing are not hinted', () =>
  watching(async ({ at, told }) => {
    fs.writeFileSync(at('file'), 'x')
    fs.mkdirSync(at('sub'))
    await told()
    fs.readFileSync(at('file'))
    fs.readdirSync(at('sub'))
    assert.deepEqual(await told(), [])
  }))

test('directories that are there at the start are watched, one watch each', () =>
  watching(async ({ at, told, add, remove }) => {
    for (let i = 0; i < 20; i++) {
      fs.mkdirSync(at(`d${i}/e`), { recursive: true })
      for (let k = 0; k < 5; k++) fs.writeFileSync(at(`d${i}/f${k}`), '')
    }
    remove(0)
    assert.equal(await add({ index: 0, path: utf8(at('')) }), 41)
    await told()
    fs.writeFileSync(at('d7/e/new'), '')
    fs.appendFileSync(at('d3/f1'), 'x')
    assert.deepEqual(await told(), ['d3/f1', 'd7/e', 'd7/e/new'])
  }))

test('a new directory is hinted as a subtree and watched from then on', () =>
  watching(async ({ at, told }) => {
    fs.mkdirSync(at('a'))
    assert.deepEqual(await told(), ['', 'a/...'])
    fs.mkdirSync(at('a/b/c'), { recursive: true })
    fs.writeFileSync(at('a/b/c/file'), '')
    assert.ok(isTold(await told(), 'a/b/c/file'))
    fs.appendFileSync(at('a/b/c/file'), 'x')
    assert.deepEqual(await told(), ['a/b/c/file'])
  }))

test('300 bursts of mkdir -p and write miss nothing, then or later', () =>
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
  }))

test('a directory renamed inside the root takes its watches along under its new name', () =>
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
  }))

test('a directory renamed over an empty one, and back, is told under the right names', () =>
  watching(async ({ at, told }) => {
    fs.mkdirSync(at('a/deep'), { recursive: true })
    fs.mkdirSync(at('b'))
    await told()
    fs.renameSync(at('a'), at('b'))
    fs.renameSync(at('b'), at('c'))
    await told()
    fs.writeFileSync(at('c/deep/file'), '')
    assert.deepEqual(await told(), ['c/deep', 'c/deep/file'])
  }))

test('a directory moved in over a watched empty one is watched in its place', () =>
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
  }))

test('a directory moved out is let go, one moved in is watched to its depth', () =>
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
  }))

test('a removed tree is hinted, and the same names work again', () =>
  watching(async ({ at, told }) => {
    for (let i = 0; i < 3; i++) {
      fs.mkdirSync(at('a/b/c'), { recursive: true })
      fs.writeFileSync(at('a/b/c/file'), '')
      assert.ok(isTold(await told(), 'a/b/c/file'))
      fs.rmSync(at('a'), { recursive: true })
      assert.ok((await told()).includes('a/...'))
    }
  }))

test('names of any bytes come through', () =>
  watching(async ({ root, told }) => {
    const odd = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x61, 0xff, 0x0a])])
    fs.mkdirSync(odd)
    await told()
    fs.writeFileSync(Buffer.concat([odd, Buffer.from([0x2f, 0xfe])]), '')
    assert.deepEqual(await told(), ['a\\xff\\x0a', 'a\\xff\\x0a/\\xfe'])
  }))

test('what is excluded is neither watched nor hinted', () => {
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

test('a file source hints its own name only, through replacement and removal', () =>
  watching(
    async ({ at, told, add }) => {
      fs.writeFileSync(at('log'), '1')
      assert.equal(await add({ path: utf8(at('log')), kind: 'file' }), 1)
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
  ))

test('a root inside a root hints both, and removing one leaves the other', () =>
  watching(async ({ at, told, add, remove }) => {
    fs.mkdirSync(at('a/b'), { recursive: true })
    await told()
    assert.equal(await add({ path: utf8(at('a')) }), 2)
    fs.writeFileSync(at('a/b/file'), '')
    assert.deepEqual(await told(), ['1:b', '1:b/file', 'a/b', 'a/b/file'])
    remove(1)
    fs.appendFileSync(at('a/b/file'), 'x')
    assert.deepEqual(await told(), ['a/b/file'])
  }))

test('a root that is removed or renamed is a problem, and can be added again when it is back', () =>
  watching(async ({ root, at, told, problems, add }) => {
    for (const index of [0, 1, 2]) {
      if (index > 0) assert.equal(await add({ index, path: utf8(root) }), 1)
      if (index === 1) fs.renameSync(root, `${root}-away`)
      else fs.rmSync(root, { recursive: true })
      await told()
      assert.match(problems().join(), new RegExp(`^${index} ROOT_GONE .*${path.basename(root)}`))
      await assert.rejects(add({ index: 9, path: utf8(root) }), { code: 'SOURCE_MISSING' })
      fs.mkdirSync(root)
    }
    assert.equal(await add({ index: 3, path: utf8(root) }), 1)
    await told()
    fs.writeFileSync(at('file'), '')
    assert.deepEqual(await told(), ['3:', '3:file'])
  }))

test('a filesystem without events is said to be one', () =>
  watching(async ({ problems, add }) => {
    assert.equal(await add({ index: 5, path: utf8('/proc/sys') }), 0)
    assert.equal(await add({ index: 6, path: utf8('/sys/kernel') }), 0)
    assert.deepEqual(
      problems().map((text) => text.slice(0, 20)),
      ['5 UNSUPPORTED proc g', '6 UNSUPPORTED sysfs '],
    )
  }))

test('many flushes at once all end and leave no cookie behind', () =>
  watching(async ({ at, told }) => {
    fs.writeFileSync(at('file'), '')
    await Promise.all(Array.from({ length: 20 }, () => shared.flush()))
    assert.deepEqual(await told(), ['', 'file'])
    assert.deepEqual(fs.readdirSync(cookies), [])
  }))

test('a closed watcher refuses to flush and to add, and closes again', async () => {
  const watcher = await startWatcher(sink, { cookieFolder: utf8(cookies) })
  const interrupted = assert.rejects(watcher.addRoot({ index: 1e6, path: utf8('/usr'), kind: 'tree' }), {
    code: 'CANCELLED',
  })
  await watcher.close()
  await interrupted
  await assert.rejects(watcher.flush(), { code: 'CANCELLED' })
  await assert.rejects(watcher.addRoot({ index: 1e6, path: utf8('/'), kind: 'tree' }), { code: 'CANCELLED' })
  await watcher.close()
})

test('a cookie folder that is not there is an error with words', async () => {
  const missing = utf8(path.join(scratch, 'no-cookies'))
  await assert.rejects(startWatcher(sink, { cookieFolder: missing }), /no-cookies.*ENOENT/)
})

test('an owner that is busy during a burst gets merged hints, and gets all of them', () =>
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
  }))

/** A process of its own that watches `root`, and answers each line on stdin with what it was told since the last. */
function childScript(root: string): string {
  return `
    import { execSync } from 'node:child_process'
    import { createInterface } from 'node:readline'
    import { startWatcher } from ${JSON.stringify(new URL('./watch.ts', import.meta.url).href)}
    let overflows = 0, problems = [], hints = []
    const sink = {
      hints: (batch) => { for (const h of batch) hints.push([Buffer.from(h.path).toString(), h.scope]) },
      overflow: () => { overflows++ },
      problem: (root, code, message) => { problems.push([code, message]) },
    }
    const watcher = await startWatcher(sink, { cookieFolder: Buffer.from(${JSON.stringify(cookies)}) })
    const path = Buffer.from(${JSON.stringify(root)})
    const { watches } = await watcher.addRoot({ index: 0, kind: 'tree', path, crossFilesystems: 'yes' })
    console.log(JSON.stringify({ watches, problems }))
    for await (const line of createInterface({ input: process.stdin })) {
      if (line === 'exit') process.exit(7)
      if (line.startsWith('run ')) execSync(line.slice(4))
      await watcher.flush()
      console.log(JSON.stringify({ overflows, hints, problems }))
      hints = []
      problems = []
    }
    await watcher.close()`
}

test('a process stopped while 40,000 files are made is told of the loss, or of every file', async (t) => {
  const memory = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir()
  const root = fs.mkdtempSync(path.join(memory, 'sfd-stopped-'))
  t.after(() => fs.rmSync(root, { recursive: true, force: true }))
  for (let i = 0; i < 40; i++) fs.mkdirSync(path.join(root, `d${i}`), { recursive: true })
  const child = spawn(process.execPath, ['--input-type=module', '-e', childScript(root)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = readLines(child.stdout)
  assert.equal(JSON.parse(await lines.next()).watches, 41)
  child.kill('SIGSTOP')
  await stopped(child.pid ?? 0)
  for (let i = 0; i < 40_000; i++) fs.closeSync(fs.openSync(path.join(root, `d${i % 40}`, `f${i}`), 'w'))
  fs.mkdirSync(path.join(root, 'while/stopped'), { recursive: true })
  child.kill('SIGCONT')
  child.stdin.write('tell\n')
  const first = JSON.parse(await lines.next())
  const limit = Number(fs.readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'))
  if (limit < 40_000) assert.ok(first.overflows >= 1, 'the loss was not told')
  fs.appendFileSync(path.join(root, 'd7/f7'), 'x')
  fs.writeFileSync(path.join(root, 'while/stopped/new'), '')
  child.stdin.write('tell\n')
  const second: { hints: [string, string][]; overflows: number } = JSON.parse(await lines.next())
  assert.equal(second.overflows, first.overflows)
  const told = second.hints.map(([name, scope]) => name + (scope === 'subtree' ? '/...' : ''))
  assert.ok(isTold(told, 'd7/f7'), 'an old directory is blind after the loss')
  assert.ok(isTold(told, 'while/stopped/new'), 'a directory made meanwhile is blind')
  child.stdin.end()
  assert.deepEqual(await once(child, 'exit'), [0, null])
})

test('a process that exits without closing its watcher does exit', async () => {
  const root = path.join(scratch, 'exits')
  fs.mkdirSync(root)
  const child = spawn(process.execPath, ['--input-type=module', '-e', childScript(root)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await readLines(child.stdout).next()
  child.stdin.write('exit\n')
  assert.deepEqual(await once(child, 'exit'), [7, null])
})

test('when the limit of watches is reached, the problem names the setting and a value, and the rest goes on', (t) => {
  const root = path.join(scratch, 'limited')
  for (let i = 0; i < 40; i++) fs.mkdirSync(path.join(root, `d${i}`), { recursive: true })
  const limited = 'echo 20 > /proc/sys/user/max_inotify_watches && exec "$@"'
  const command = ['-Ur', 'sh', '-c', limited, 'sh', process.execPath, '--input-type=module', '-e', childScript(root)]
  const child = spawnSync('unshare', command, { encoding: 'utf8', input: '' })
  if (child.status !== 0) return t.skip(`no user namespace with a limit of its own: ${child.stderr}`)
  const { watches, problems } = JSON.parse(child.stdout)
  assert.equal(watches, 19)
  assert.equal(problems.length, 1)
  assert.equal(problems[0][0], 'WATCH_LIMIT')
  assert.match(problems[0][1], /fs\.inotify\.max_user_watches=[0-9]{6,}/)
})

test('when no instance is left, starting fails with the setting to raise', (t) => {
  const limited = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"'
  const command = ['-Ur', 'sh', '-c', limited, 'sh', process.execPath, '--input-type=module', '-e', childScript('/tmp')]
  const child = spawnSync('unshare', command, { encoding: 'utf8', input: '' })
  if (!child.stderr.includes('FoundryError'))
    return t.skip(`no user namespace with a limit of its own: ${child.stderr}`)
  assert.match(child.stderr, /WATCH_LIMIT/)
  assert.match(child.stderr, /fs\.inotify\.max_user_instances/)
})

test('an unmounted filesystem is hinted where it was, what it hid is watched; an unmounted root is gone', (t) => {
  const root = path.join(scratch, 'mounted')
  fs.mkdirSync(root)
  const mount = `mount -t tmpfs none ${root} && mkdir -p ${root}/inner/below && mount -t tmpfs none ${root}/inner && mkdir ${root}/inner/d`
  const command = ['-Urm', 'sh', '-c', `${mount} && exec "$@"`, 'sh', process.execPath, '--input-type=module']
  const input = [
    `run touch ${root}/inner/d/file`,
    `run umount ${root}/inner`,
    `run touch ${root}/inner/below/file`,
    `run umount ${root}`,
  ].join('\n')
  const child = spawnSync('unshare', [...command, '-e', childScript(root)], { encoding: 'utf8', input })
  if (child.status !== 0) return t.skip(`no user namespace with mounts of its own: ${child.stderr}`)
  const [added, ...answers] = child.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(added, { watches: 3, problems: [] })
  const [file = [], unmounted = [], below = []] = answers.map((answer) => [...new Set(answer.hints.map(String))])
  assert.deepEqual(file.sort(), ['inner/d,entry', 'inner/d/file,entry'])
  assert.ok(unmounted.includes('inner,subtree'), String(unmounted))
  assert.deepEqual(below.sort(), ['inner/below,entry', 'inner/below/file,entry'])
  assert.equal(answers[3].problems[0][0], 'ROOT_GONE')
})

/** Resolves when the kernel says that the process is stopped. */
async function stopped(pid: number): Promise<void> {
  while (!/^State:\tT/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function readLines(stream: NodeJS.ReadableStream): { next: () => Promise<string> } {
  let text = ''
  const chunks = stream[Symbol.asyncIterator]()
  return {
    async next() {
      while (!text.includes('\n')) {
        const { done, value } = await chunks.next()
        if (done === true) return assert.fail(`the process ended after "${text}"`)
        text += value
      }
      const line = text.slice(0, text.indexOf('\n'))
      text = text.slice(line.length + 1)
      return line
    },
  }
}
