/** Exit, exec, fork, a number given again, mappings that move: whose bytes they are is never confused, and never silent. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { FoundryError } from '../../src/base/errors.ts'
import { openSource } from '../../src/source/open.ts'
import { openMemory } from '../../src/source/process/memory-reader.ts'
import { openProcess, processBrickName, processDetails } from '../../src/source/process/open-process.ts'
import { processName, processRoot } from '../../src/source/process/process-name.ts'
import { hold, Subject, start, withCompiler } from './subject.ts'
import { Watching } from './watching.ts'

const page = 4_096

test(
  'a process that ended is SOURCE_ENDED for a look, for a listing, and changed for a reader',
  withCompiler,
  async (t) => {
    const subject = await Subject.start(t)
    const watching = new Watching(t, subject.pid)
    await watching.look()
    const { meta } = watching.at(subject.areas.large)
    const opened = openMemory(watching.source.root, meta)
    assert.equal(opened.kind, 'open')
    if (opened.kind !== 'open') return
    t.after(() => opened.close())
    assert.equal(opened.read(new Uint8Array(page), meta.extents?.[0]?.start ?? 0).bytesRead, page)
    assert.ok(opened.isSame())
    await subject.end()
    assert.equal(opened.read(new Uint8Array(page), meta.extents?.[0]?.start ?? 0).bytesRead, 0, 'no blanks')
    assert.equal(opened.isSame(), false)
    assert.equal(openMemory(watching.source.root, meta).kind, 'changed')
    assert.throws(() => watching.artifact.lister.stat(meta.path), { code: 'SOURCE_ENDED' })
    await assert.rejects(watching.look(), { code: 'SOURCE_ENDED' })
    assert.throws(() => openProcess(String(subject.pid)), { code: 'SOURCE_MISSING' })
    assert.throws(() => openSource(watching.source.name as Uint8Array), { code: 'SOURCE_ENDED' })
  },
)

test(
  'after an exec nothing of the old program is read, and the next look lists the new one',
  withCompiler,
  async (t) => {
    const subject = await Subject.start(t)
    const watching = new Watching(t, subject.pid)
    await watching.look()
    const { meta } = watching.at(subject.areas.large)
    const opened = openMemory(watching.source.root, meta)
    assert.equal(opened.kind, 'open')
    if (opened.kind !== 'open') return
    t.after(() => opened.close())
    await subject.exec()
    const { bytesRead } = opened.read(new Uint8Array(page), meta.extents?.[0]?.start ?? 0)
    assert.ok(bytesRead === 0 || !opened.isSame(), 'bytes of the new program were taken for the old one')
    assert.equal(opened.isSame(), false)
    assert.equal(await watching.look(), 'looked')
    const found = watching.at(subject.areas.large)
    assert.deepEqual(found.changed, [{ start: 0, length: found.meta.size }])
    watching.fold()
  },
)

test('a fork does not lead a reader to the child, whatever the child writes', withCompiler, async (t) => {
  const subject = await Subject.start(t)
  const watching = new Watching(t, subject.pid)
  await watching.look()
  watching.fold()
  await subject.tell('fork')
  hold(t, subject.pid)
  await watching.look()
  const { meta, changed } = watching.at(subject.areas.large)
  const at = subject.areas.large - Number(meta.mapping?.address)
  assert.deepEqual(
    changed?.filter(({ start, length }) => start < at + 512 * page && start + length > at),
    [],
  )
})

test('another process with the same number is never taken for the one that was named', withCompiler, async (t) => {
  const subject = await Subject.start(t)
  const real = openProcess(String(subject.pid))
  const { startTicks, boot, pid } = processDetails(real)
  for (const other of [
    { pid, startTicks: startTicks - 1n, boot },
    { pid, startTicks, boot: '00000001' },
  ]) {
    assert.throws(() => openSource(processName(other)), { code: 'SOURCE_ENDED' })
  }
  const stale = { ...real, name: processName({ pid, startTicks: startTicks + 1n, boot }) }
  await assert.rejects(new Watching(t, stale).look(), { code: 'SOURCE_ENDED' })
  const watching = new Watching(t, subject.pid)
  await watching.look()
  const { meta } = watching.at(subject.areas.large)
  const reused = { ...meta, ino: meta.ino + (1n << 24n) }
  assert.equal(openMemory(processRoot(pid), reused).kind, 'changed')
  assert.equal(processDetails(stale).comm, '', 'nothing is said of the other process')
})

/** In a pid namespace of its own the next number can be chosen. */
const canChoosePid = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0

test('a number that the kernel gives again belongs to another process', {
  skip: canChoosePid ? false : 'no pid namespace can be made here',
}, async (t) => {
  const script = `
      sleep 1000 & first=$!
      sfd_said() { "$NODE" --input-type=module -e "$PROGRAM" "$1" "$2"; }
      name=$(sfd_said open $first)
      kill -9 $first; wait $first 2>/dev/null
      sleep 0.02
      while :; do
        echo $((first - 1)) > /proc/sys/kernel/ns_last_pid
        sleep 1000 & again=$!
        [ $again = $first ] && break
        kill -9 $again; wait $again 2>/dev/null
      done
      sfd_said reopen "$name"
      kill -9 $again`
  const program = `
      const { openSource } = await import(${JSON.stringify(new URL('../../src/source/open.ts', import.meta.url).href)})
      const [how, what] = process.argv.slice(1)
      try {
        const { name } = openSource(Buffer.from(how === 'open' ? 'proc:' + what : what))
        console.log(Buffer.from(name).toString())
      } catch (error) { console.log(error.code) }`
  const child = spawn('unshare', ['--pid', '--fork', '--mount-proc', '--kill-child', 'sh', '-c', script], {
    env: { ...process.env, NODE: process.execPath, PROGRAM: program },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  for await (const chunk of child.stdout) said += String(chunk)
  assert.equal(said.trim(), 'SOURCE_ENDED')
})

test(
  'a mapping that was unmapped is gone when it is asked for again, and never read as blanks',
  withCompiler,
  async (t) => {
    const subject = await Subject.start(t)
    const watching = new Watching(t, subject.pid)
    await watching.look()
    const { meta } = watching.at(subject.areas.large)
    const opened = openMemory(watching.source.root, meta)
    assert.equal(opened.kind, 'open')
    if (opened.kind !== 'open') return
    t.after(() => opened.close())
    await subject.tell('unmap')
    opened.read(new Uint8Array(page), subject.areas.large - Number(meta.mapping?.address))
    assert.equal(opened.isSame(), false)
    const again = watching.artifact.lister.stat(meta.path)
    const end = Number(again?.meta.mapping?.address ?? 0) + (again?.meta.size ?? 0)
    assert.ok(
      again === undefined || end <= subject.areas.large || Number(again.meta.mapping?.address) > subject.areas.large,
    )
  },
)

test(
  'a page that went between look and reading makes the reading void, and is not mapped again',
  withCompiler,
  async (t) => {
    const subject = await Subject.start(t)
    const watching = new Watching(t, subject.pid)
    await watching.look()
    const { meta } = watching.at(subject.areas.large)
    const before = readFileSync(`/proc/${subject.pid}/smaps_rollup`, 'latin1')
    await subject.tell('drop')
    const opened = openMemory(watching.source.root, meta)
    assert.equal(opened.kind, 'open')
    if (opened.kind !== 'open') return
    t.after(() => opened.close())
    const start = subject.areas.large - Number(meta.mapping?.address)
    opened.read(new Uint8Array(8 * page), start)
    assert.equal(opened.isSame(), false)
    assert.notEqual(before, readFileSync(`/proc/${subject.pid}/smaps_rollup`, 'latin1'))
    const again = watching.artifact.lister.stat(meta.path)
    assert.ok(again)
    assert.ok(!(again.meta.extents ?? []).some((run) => run.start <= start && start < run.start + run.length))
  },
)

test(
  'another file mapped over a mapping is another entry, and its bytes are never taken for the first',
  withCompiler,
  async (t) => {
    const subject = await Subject.start(t)
    const watching = new Watching(t, subject.pid)
    await watching.look()
    watching.fold()
    const { sparse } = subject.areas
    const { meta } = watching.at(sparse)
    await subject.tell('replace')
    const opened = openMemory(watching.source.root, meta)
    if (opened.kind === 'open') {
      opened.read(new Uint8Array(page), sparse - Number(meta.mapping?.address))
      assert.equal(opened.isSame(), false)
      opened.close()
    }
    await watching.look()
    const now = watching.at(sparse)
    assert.notEqual(now.meta.ino, meta.ino)
    assert.match(Buffer.from(now.meta.mapping?.name ?? []).toString(), /subject$/)
    assert.deepEqual(now.changed, [{ start: 0, length: now.meta.size }])
  },
)

test(
  'the larger part of a mapping that is split keeps its key, its known pages, and its place',
  withCompiler,
  async (t) => {
    const subject = await Subject.start(t)
    const watching = new Watching(t, subject.pid)
    const { large } = subject.areas
    await watching.look()
    watching.fold()
    const before = watching.at(large + 100 * page)
    await subject.tell('split')
    await watching.look()
    const [small, rest] = [watching.at(large), watching.at(large + 100 * page)]
    assert.deepEqual(rest.meta.path, before.meta.path)
    assert.deepEqual(rest.changed, [])
    assert.notDeepEqual(small.meta.path, rest.meta.path)
    assert.equal(small.meta.mapping?.permissions, 'r--p')
    watching.fold()
  },
)

test('a mapping that grows down gets room below, so that it does not move the next time', withCompiler, async (t) => {
  const subject = await Subject.start(t)
  const watching = new Watching(t, subject.pid)
  const { moving } = subject.areas
  await watching.look()
  watching.fold()
  const before = watching.at(moving).meta
  await subject.tell('down')
  await watching.look()
  const moved = watching.at(moving).meta
  assert.notDeepEqual(moved.path, before.path)
  assert.ok((moved.mapping?.lead ?? 0) >= 2 ** 20)
  watching.fold()
  await subject.tell('down')
  await watching.look()
  const after = watching.at(moving)
  assert.deepEqual(after.meta.path, moved.path)
  assert.equal(after.meta.mapping?.lead, (moved.mapping?.lead ?? 0) - 16 * page)
  const address = Number(after.meta.mapping?.address)
  const fresh = [{ start: moving - 32 * page - address, length: 16 * page }]
  const known = after.changed?.filter(({ start }) => start < moving - 16 * page - address)
  assert.deepEqual(known, fresh, 'only the pages that came are changed')
})

test('the heap keeps its key while it grows, and the stack has room below', withCompiler, async (t) => {
  const subject = await Subject.start(t)
  const watching = new Watching(t, subject.pid)
  await watching.look()
  watching.fold()
  const heap = watching.at(subject.areas.heap).meta
  const stack = watching.at(subject.areas.stack).meta
  assert.ok((stack.mapping?.lead ?? 0) > 0)
  await subject.tell('brk 64')
  await watching.look()
  const now = watching.at(subject.areas.heap)
  assert.deepEqual(now.meta.path, heap.path)
  assert.equal(now.meta.size, heap.size + 64 * page)
})

test('a name that fits several processes is refused with all of them, one that fits none too', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-process-name-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const name = `sfd-test-${process.pid}`
  copyFileSync('/bin/sleep', join(folder, name))
  const children = [1, 2].map(() => start(t, join(folder, name), ['1000']))
  await Promise.all(children.map((child) => new Promise((resolve) => child.once('spawn', resolve))))
  assert.throws(
    () => openProcess(name),
    (error: FoundryError) => {
      assert.equal(error.code, 'USAGE')
      for (const { pid } of children) assert.match(error.message, new RegExp(`proc:${pid} `))
      return true
    },
  )
  const one = openProcess(String(children[0]?.pid))
  assert.equal(processBrickName(one), `proc-${children[0]?.pid}-${name.slice(0, 15)}`)
  assert.match(processBrickName(openProcess('self')), /^proc-[0-9]+-node/)
  assert.throws(() => openProcess(`${name}x`), { code: 'SOURCE_MISSING' })
  assert.throws(() => openProcess(''), { code: 'SOURCE_MISSING' })
  assert.throws(() => openProcess('2'), { code: 'SOURCE_KIND' })
  assert.deepEqual(openProcess('self').root, processRoot(process.pid))
  assert.deepEqual(openSource(Buffer.from('/proc/self')), openProcess('self'))
})
