/** A process that a task wants to be held still stands still from look to commit, and runs again whatever happens. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { hold, letGo, Subject, waitFor, withCompiler } from './subject.ts'
import { Watching } from './watching.ts'

test('SIGSTOP holds it from the look until the look is settled, unsettled, or fails', withCompiler, async (t) => {
  const subject = await Subject.start(t)
  const watching = new Watching(t, subject.pid, { freeze: 'stop' })
  await watching.look()
  assert.equal(stateOf(subject.pid), 'T')
  watching.fold()
  waitFor(() => stateOf(subject.pid) === 'S')
  await subject.tell('write 1 1')
  await watching.look()
  assert.equal(stateOf(subject.pid), 'T')
  watching.artifact.unsettled?.()
  waitFor(() => stateOf(subject.pid) === 'S')
  const stop = new AbortController()
  stop.abort()
  await assert.rejects(async () => watching.artifact.look?.(stop.signal), { code: 'CANCELLED' })
  waitFor(() => stateOf(subject.pid) === 'S')
})

test('one that somebody else had stopped stays stopped', withCompiler, async (t) => {
  const subject = await Subject.start(t)
  hold(t, subject.pid)
  const watching = new Watching(t, subject.pid, { freeze: 'stop' })
  await watching.look()
  watching.fold()
  assert.equal(stateOf(subject.pid), 'T')
  letGo(subject.pid)
})

test('a program that dies while it holds a process lets it go', withCompiler, async (t) => {
  const subject = await Subject.start(t)
  const url = (path: string): string => JSON.stringify(new URL(`../../src/source/${path}`, import.meta.url).href)
  const program = `
    const { Freezer } = await import(${url('process/freeze.ts')})
    const { identityOf, openProcess } = await import(${url('process/open-process.ts')})
    new Freezer(identityOf(openProcess('${subject.pid}')), 'stop').freeze()
    console.log('held')
    setInterval(() => undefined, 1e6)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  await new Promise((resolve) => child.stdout.once('data', resolve))
  assert.equal(stateOf(subject.pid), 'T')
  const goesOn = subject.tell('write 1 1')
  child.kill('SIGKILL')
  assert.notEqual(await goesOn, '')
})

test('this program is never held', async (t) => {
  const watching = new Watching(t, process.pid, { freeze: 'stop' })
  await assert.rejects(watching.look(), { code: 'SOURCE_UNREADABLE' })
})

const unified = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) => existsSync(`${path}/cgroup.procs`))
const ownCgroup = `${unified}/sfd-test-${process.pid}`
const canMakeCgroup = ((): boolean => {
  try {
    if (unified === undefined) return false
    mkdirSync(ownCgroup)
    const isThere = existsSync(`${ownCgroup}/cgroup.freeze`)
    rmdirSync(ownCgroup)
    return isThere
  } catch {
    return false
  }
})()
const withCgroup = canMakeCgroup ? withCompiler : { skip: 'no cgroup of version 2 can be made here' }

test('a cgroup holds it without its programs noticing', withCgroup, async (t) => {
  const subject = await Subject.start(t)
  mkdirSync(ownCgroup)
  t.after(() => {
    writeFileSync(`${unified}/cgroup.procs`, String(subject.pid))
    rmdirSync(ownCgroup)
  })
  writeFileSync(`${ownCgroup}/cgroup.procs`, String(subject.pid))
  const watching = new Watching(t, subject.pid, { freeze: 'cgroup' })
  await watching.look()
  assert.match(readFileSync(`${ownCgroup}/cgroup.events`, 'latin1'), /^frozen 1$/m)
  watching.fold()
  await subject.tell('write 1 1')
  assert.match(readFileSync(`${ownCgroup}/cgroup.events`, 'latin1'), /^frozen 0$/m)
})

function stateOf(pid: number): string {
  return /\) (.) /.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1] ?? ''
}
