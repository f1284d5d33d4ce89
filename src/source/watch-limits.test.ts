/** Limits of the system and loss of events, in processes with limits of their own: nothing of the machine is changed. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { spawnChild, type WatchChild } from './testing/watch-child.ts'
import { fanotifyRefusal, isTold } from './testing/watching.ts'

const scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'sfd-watch-limits-')))
const cookies = path.join(scratch, 'cookies')
fs.mkdirSync(cookies)
after(() => fs.rmSync(scratch, { recursive: true, force: true }))
const noFanotify = await fanotifyRefusal()

function fresh(name: string, directories: readonly string[]): string {
  const root = path.join(scratch, name)
  for (const directory of ['', ...directories]) fs.mkdirSync(path.join(root, directory), { recursive: true })
  return root
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `d${i}`)

for (const backend of ['inotify', 'fanotify'] as const) {
  const options = backend === 'fanotify' ? { skip: noFanotify } : {}
  test(
    `[faults 1, 2] ${backend}: a process stopped while 40,000 files are made is told of the loss, or of every file`,
    options,
    async (t) => {
      const memory = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir()
      const root = fs.mkdtempSync(path.join(memory, 'sfd-stopped-'))
      t.after(() => fs.rmSync(root, { recursive: true, force: true }))
      for (const name of numbered(40)) fs.mkdirSync(path.join(root, name))
      const child = spawnChild({ root, cookies, backend })
      const added = await child.answer()
      assert.equal(added?.stats.roots[0]?.backend, backend)
      child.process.kill('SIGSTOP')
      await stopped(child.process.pid ?? 0)
      for (let i = 0; i < 40_000; i++) fs.closeSync(fs.openSync(path.join(root, `d${i % 40}`, `f${i}`), 'w'))
      fs.mkdirSync(path.join(root, 'while/stopped'), { recursive: true })
      child.process.kill('SIGCONT')
      const first = await child.run('')
      const setting = backend === 'inotify' ? '/proc/sys/fs/inotify' : '/proc/sys/fs/fanotify'
      const limit = Number(fs.readFileSync(`${setting}/max_queued_events`, 'utf8'))
      if (limit < 40_000) assert.ok(first.overflows >= 1, 'the loss was not told')
      fs.appendFileSync(path.join(root, 'd7/f7'), 'x')
      fs.writeFileSync(path.join(root, 'while/stopped/new'), '')
      const second = await child.run('')
      assert.equal(second.overflows, first.overflows)
      assert.ok(isTold(second.hints, 'd7/f7'), 'an old directory is blind after the loss')
      assert.ok(isTold(second.hints, 'while/stopped/new'), 'a directory made meanwhile is blind')
      assert.equal(await child.end(), 0)
    },
  )
}

test('a process that exits without closing its watcher does exit', async () => {
  const child = spawnChild({ root: fresh('exits', []), cookies, backend: 'auto' })
  await child.answer()
  child.process.stdin?.write('{"shell":"exit"}\n')
  assert.equal(await child.answer(), undefined)
  assert.equal(await child.end(), 7)
})

/** In a user namespace with that many inotify watches or instances; undefined where there can be none. */
async function limited(root: string, setting: 'watches' | 'instances', count: number): Promise<WatchChild | undefined> {
  const prepare = `echo ${count} > /proc/sys/user/max_inotify_${setting}`
  const child = spawnChild({ root, cookies, backend: 'auto', within: { flags: '-Ur', prepare } })
  const wasStarted = await child.answer()
  if (wasStarted === undefined) return undefined
  return { ...child, answer: async () => wasStarted }
}

const noNamespace = 'no user namespace with a limit of its own'

test('[fault 6] at the limit of watches only the subtrees without one are problems, and the setting is named', async (t) => {
  const root = fresh('watches', ['a/deep', 'b/deep', ...numbered(40)])
  const child = await limited(root, 'watches', 30)
  if (child === undefined) return t.skip(noNamespace)
  const added = await child.answer()
  assert.equal(added?.stats.watches, 29)
  const unwatched = (added?.reports ?? []).map((report) => report.replace(/^WATCH_LIMIT /, ''))
  const beneath = unwatched.filter((name) => name === 'a' || name === 'b')
  assert.equal(unwatched.length + beneath.length, 45 - 29, 'each directory without a watch is told, in its subtree')
  assert.ok(added?.messages.every((text) => /fs\.inotify\.max_user_watches=[0-9]{6,}/.test(text)))
  const all = ['a', 'b', ...numbered(40)]
  const touched = await child.run(`for d in ${all.join(' ')}; do touch ${root}/$d/file; done`)
  const blind = all.filter((name) => !isTold(touched.hints, `${name}/file`))
  assert.deepEqual(blind.sort(), unwatched.filter((name) => all.includes(name)).sort())
  await child.end()
})

test('[fault 6] what a limit left out is watched again, hinted and told once the limit is higher', async (t) => {
  const root = fresh('raised', numbered(8))
  const child = await limited(root, 'watches', 6)
  if (child === undefined) return t.skip(noNamespace)
  const added = await child.answer()
  const unwatched = (added?.reports ?? []).map((report) => report.replace(/^WATCH_LIMIT /, ''))
  assert.equal(unwatched.length, 4)
  // The last to be told, for they are tried one after the other.
  const last = `recovered WATCH_LIMIT ${unwatched.at(-1)}`
  const raised = await child.runUntil(last, 'echo 100 > /proc/sys/user/max_inotify_watches')
  assert.deepEqual(
    raised.reports,
    unwatched.map((name) => `recovered WATCH_LIMIT ${name}`),
  )
  assert.deepEqual(raised.hints, unwatched.map((name) => `${name}/...`).sort())
  assert.equal(raised.stats.watches, 9)
  const touched = await child.run(`touch ${root}/${unwatched[0]}/file`)
  assert.deepEqual(touched.hints, [unwatched[0], `${unwatched[0]}/file`])
  await child.end()
})

test('[fault 7] without an inotify instance the roots are problems until one is free', async (t) => {
  const root = fresh('instances', ['d'])
  const child = await limited(root, 'instances', 0)
  if (child === undefined) return t.skip(noNamespace)
  const added = await child.answer()
  assert.deepEqual(added?.reports, ['WATCH_LIMIT '])
  assert.match(added?.messages.join() ?? '', /fs\.inotify\.max_user_instances=[0-9]{4,}/)
  const raised = await child.runUntil('recovered WATCH_LIMIT ', 'echo 10 > /proc/sys/user/max_inotify_instances')
  assert.deepEqual(raised.hints, ['/...'])
  assert.deepEqual((await child.run(`touch ${root}/d/file`)).hints, ['d', 'd/file'])
  await child.end()
})

test('[fault 7] a process without a free file descriptor says so, and goes on when there is one', async () => {
  const root = fresh('descriptors', ['d/e'])
  const child = spawnChild({ root, cookies, backend: 'inotify' })
  await child.answer()
  const limitTo = (count: number): void => {
    execFileSync('prlimit', ['--pid', String(child.process.pid), `--nofile=${count}:`])
  }
  limitTo(8)
  fs.mkdirSync(path.join(root, 'f/g'), { recursive: true })
  const none = await child.until('WATCH_LIMIT f')
  assert.match(none.messages.join(), /LimitNOFILE/)
  limitTo(1024)
  const again = await child.runUntil('recovered WATCH_LIMIT f', '')
  assert.ok(again.hints.includes('f/...'))
  assert.ok((await child.run(`touch ${root}/f/g/file`)).hints.includes('f/g/file'))
  await child.end()
})

/** Resolves when the kernel says that the process is stopped. */
async function stopped(pid: number): Promise<void> {
  while (!/^State:\tT/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}
