/** Trees that change in awkward ways, followed for real (faults 13 to 18). */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { utf8 } from '../../src/base/bytes.ts'
import type { Clock } from '../../src/base/ports.ts'
import { assertConsistent, assertSaysTheTree } from '../fold/check-session.ts'
import { clock, entryScope, isLong, makeLab, Session } from '../fold/lab.ts'
import { stateOf, type WriterMode, writeVersion } from '../fold/writer-child.ts'
import { Follower } from './follower.ts'

/** A file stays doubtful for 20 ms after it changed. */
const doubtMs = 25

test('[13] other bytes of the same size under the old mtime are found by the ctime', async (t) => {
  const lab = makeLab(t)
  const [touched, copied] = [join(lab.source, 'touched'), join(lab.source, 'copied')]
  for (const path of [touched, copied]) fs.writeFileSync(path, 'before')
  await sleep(doubtMs)
  const session = new Session(t, lab)
  await session.reconcileAll()
  for (const path of [touched, copied]) {
    const { atime, mtime } = fs.statSync(path)
    const written = path === copied ? `${path}.new` : path
    fs.writeFileSync(written, 'behind')
    fs.utimesSync(written, atime, mtime)
    if (written !== path) fs.renameSync(written, path)
    assert.equal(fs.statSync(path).size, 6)
  }
  const result = await session.reconcile([entryScope('touched'), entryScope('copied')])
  assert.equal(result.kind, 'committed')
  assertSaysTheTree(session)
})

test('[14] a clock that steps by an hour and files from the future delay nothing and undo nothing', async (t) => {
  const lab = makeLab(t)
  let stepNs = 0n
  const stepping: Clock = { nowNs: () => clock.nowNs() + stepNs, monotonicMs: clock.monotonicMs }
  fs.writeFileSync(join(lab.source, 'a'), 'start')
  const follower = await Follower.start(t, lab, { clock: stepping })
  const generations = [follower.session.view.record.generation]
  const hourNs = 3_600_000_000_000n
  for (const [i, step] of [hourNs, -hourNs, -30n * 24n * hourNs, 0n].entries()) {
    stepNs = step
    fs.writeFileSync(join(lab.source, 'a'), `after step ${i}`)
    fs.writeFileSync(join(lab.source, `new-${i}`), `${i}`)
    fs.utimesSync(join(lab.source, `new-${i}`), 4e9, 4e9)
    await follower.synced()
    assert.equal(follower.bytesOf('a')?.toString(), `after step ${i}`)
    generations.push(follower.session.view.record.generation)
  }
  assertSaysTheTree(follower.session)
  assert.deepEqual(
    generations,
    [...new Set(generations)].sort((x, y) => x - y),
    'generations only grow',
  )
  assert.ok(
    follower.results.length < 40,
    `${follower.results.length} looks: files of the future are not looked at forever`,
  )
})

test('[15] a file that is appended to without end is neither torn into a mix nor in the way of others', async (t) => {
  const lab = makeLab(t)
  const log = join(lab.source, 'log')
  fs.writeFileSync(log, '')
  const follower = await Follower.start(t, lab)
  const stop = startAppender(t, log)
  const sizes: number[] = []
  for (let i = 0; i < (isLong ? 40 : 8); i++) {
    fs.writeFileSync(join(lab.source, 'other'), `state ${i}`)
    await follower.synced()
    assert.equal(follower.bytesOf('other')?.toString(), `state ${i}`)
    const bytes = follower.bytesOf('log') as Buffer
    sizes.push(bytes.length)
    assert.ok(isCounted(bytes), 'the log is not what it was at any time')
  }
  assert.ok((sizes.at(-1) as number) > (sizes[0] as number), `the log stands still: ${sizes}`)
  // Without anybody waiting it goes on as well.
  const grown = sizes.at(-1) as number
  await follower.until(() => (follower.bytesOf('log')?.length ?? 0) > grown)
  await stop()
  await sleep(doubtMs)
  await follower.synced()
  assertSaysTheTree(follower.session)
  assertConsistent(follower.session)
})

/** How editors save `a`: all of it happens before the first look. */
const editors: Readonly<Record<string, (path: string) => void>> = {
  'truncate and write': (path) => {
    fs.truncateSync(path)
    fs.writeFileSync(path, 'after')
  },
  'write new and rename over': (path) => {
    fs.writeFileSync(`${path}.tmp`, 'after')
    fs.renameSync(`${path}.tmp`, path)
  },
  'backup by rename': (path) => {
    fs.renameSync(path, `${path}~`)
    fs.writeFileSync(path, 'after')
    fs.unlinkSync(`${path}~`)
  },
  'backup by copy': (path) => {
    fs.copyFileSync(path, `${path}~`)
    fs.writeFileSync(path, 'after')
    fs.unlinkSync(`${path}~`)
  },
  'delete and create': (path) => {
    fs.unlinkSync(path)
    fs.writeFileSync(path, 'after')
  },
  'probe with 4913': (path) => {
    fs.writeFileSync(join(path, '../4913'), '')
    fs.unlinkSync(join(path, '../4913'))
    fs.writeFileSync(path, 'after')
  },
}

for (const [name, save] of Object.entries(editors)) {
  test(`[16] an editor that saves by "${name}" is one update`, async (t) => {
    const lab = makeLab(t)
    const path = join(lab.source, 'a')
    fs.writeFileSync(path, 'before')
    await sleep(doubtMs)
    const follower = await Follower.start(t, lab, { policy: { settleMs: 200 } })
    const { commits } = follower
    save(path)
    await follower.until(() => follower.commits > commits)
    assert.equal(follower.commits, commits + 1)
    assert.equal(follower.bytesOf('a')?.toString(), 'after')
    await follower.synced()
    assertSaysTheTree(follower.session)
    assert.equal(follower.commits, commits + 1, 'one update')
  })
}

test('[16] a file that is deleted and comes back within the grace is never gone', async (t) => {
  const lab = makeLab(t)
  const path = join(lab.source, 'a')
  fs.writeFileSync(path, 'before')
  await sleep(doubtMs)
  const follower = await Follower.start(t, lab, { goneGraceMs: 400 })
  const { commits } = follower
  fs.unlinkSync(path)
  await sleep(100)
  fs.writeFileSync(path, 'after')
  await follower.until(() => follower.commits > commits)
  assert.equal(follower.bytesOf('a')?.toString(), 'after')
  fs.unlinkSync(path)
  await follower.until(() => follower.bytesOf('a') === undefined)
  fs.writeFileSync(path, 'again')
  await follower.synced()
  fs.unlinkSync(path)
  await follower.synced()
  assert.equal(follower.bytesOf('a'), undefined, 'who waits for a sync is told the truth at once')
})

const modes: readonly WriterMode[] = isLong
  ? ['rewrite', 'shrink', 'replace', 'come and go']
  : ['rewrite', 'come and go']

for (const mode of modes) {
  test(`[17, 18] a file that changes while it is read (${mode}) is one state, or marked, and is read again by itself`, async (t) => {
    const lab = makeLab(t)
    const path = join(lab.source, 'file')
    writeVersion(path, 1)
    const follower = await Follower.start(t, lab, { events: 'none', policy: { rescanMs: 300, maxWaitMs: 1_000 } })
    const stop = startWriter(t, path, mode)
    const looks = follower.results.length
    await follower.until(() => follower.results.length >= looks + (isLong ? 20 : 3))
    assertOneState(follower.session, mode)
    await stop()
    writeVersion(path, 99)
    for (const extra of ['new', 'away']) fs.rmSync(`${path}.${extra}`, { force: true })
    await follower.until(() => isClean(follower.session, 99, mode))
    await follower.synced()
    assertSaysTheTree(follower.session)
    assertConsistent(follower.session)
  })
}

function assertOneState({ view }: Session, mode: WriterMode): void {
  const entry = view.entry(utf8('file'))
  if (entry === undefined || entry.flags.torn || entry.flags.racy || entry.unreadable !== undefined) return
  assert.ok(entry.slot && entry.contentId)
  // Stretched again, the second half of a shrunken file is a hole.
  const length = mode === 'shrink' && entry.extents !== undefined ? entry.size / 2 : entry.size
  const isOne = stateOf(view.bytes({ start: entry.slot.start, length }), mode) !== undefined
  assert.ok(isOne, `${entry.size} bytes of several states passed for one`)
}

function isClean({ view }: Session, version: number, mode: WriterMode): boolean {
  const entry = view.entry(utf8('file'))
  if (entry?.slot === undefined || entry.flags.torn || entry.contentId === undefined) return false
  return stateOf(view.bytes({ start: entry.slot.start, length: entry.size }), mode) === version
}

/** Whether the bytes are the numbers from 0 on, 8 bytes each, the last one maybe cut. */
function isCounted(bytes: Buffer): boolean {
  for (let at = 0; at + 8 <= bytes.length; at += 8) if (bytes.readBigUInt64LE(at) !== BigInt(at / 8)) return false
  return true
}

/** About 1,000 times a second; ends with its parent. */
const appender = `
const fs = require('node:fs')
const fd = fs.openSync(process.argv[1], 'a')
const parent = process.ppid
const pause = new Int32Array(new SharedArrayBuffer(4))
const word = Buffer.alloc(8)
for (let i = 0n; process.ppid === parent && i < 1_000_000n; i++) {
  word.writeBigUInt64LE(i)
  fs.writeSync(fd, word)
  Atomics.wait(pause, 0, 0, 1)
}
`

function startAppender(t: TestContext, path: string): () => Promise<void> {
  return ended(t, spawn(process.execPath, ['-e', appender, path], { stdio: 'ignore' }))
}

function startWriter(t: TestContext, path: string, mode: WriterMode): () => Promise<void> {
  const script = join(import.meta.dirname, '../fold/writer-child.ts')
  return ended(t, spawn(process.execPath, [script, path, mode], { stdio: 'ignore' }))
}

function ended(t: TestContext, child: ReturnType<typeof spawn>): () => Promise<void> {
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await closed
  }
  t.after(stop)
  return stop
}
