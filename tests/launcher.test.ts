/** bin/sfd by itself, in made-up installations whose program only reports how it was started. */

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'

const root = join(import.meta.dirname, '..')
const work = mkdtempSync(join(tmpdir(), 'sfd launcher '))
after(() => rmSync(work, { recursive: true, force: true }))

const report = `console.log(JSON.stringify({
  args: process.argv.slice(2), pid: process.pid, main: process.argv[1],
  version: process.version, cache: process.env.NODE_COMPILE_CACHE ?? null,
}))
if (process.argv[2] === 'wait') setInterval(() => {}, 1000)`

/** A folder with bin/sfd and a program; the pinned Node.js is where `modules` lies, from the folder. */
function installation(name: string, { main, modules }: { main: string; modules: string | null }): string {
  const folder = join(work, name)
  mkdirSync(join(folder, 'bin'), { recursive: true })
  copyFileSync(join(root, 'bin/sfd'), join(folder, 'bin/sfd'))
  mkdirSync(dirname(join(folder, main)), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, main), report)
  if (modules !== null) symlinkSync(join(root, 'node_modules'), join(folder, modules))
  return join(folder, 'bin/sfd')
}

/** Only these programs are found, so the system's Node.js is not. */
const tools = join(work, 'tools')
mkdirSync(tools)
for (const tool of ['dirname', 'readlink', 'uname', 'mkdir']) symlinkSync(`/usr/bin/${tool}`, join(tools, tool))
const home = join(work, 'home')
mkdirSync(home)

function start(sfd: string, args: readonly string[] = [], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync('/bin/sh', [sfd, ...args], {
    env: { PATH: tools, HOME: home, ...env },
    encoding: 'utf8',
    cwd: '/',
  })
  return { status, stderr, report: stdout === '' ? null : JSON.parse(stdout) }
}

const checkout = installation('a checkout', { main: 'src/cli/main.ts', modules: 'node_modules' })

test('a checkout runs src under the pinned Node.js, with its arguments untouched and nothing on stderr', () => {
  const args = ['a  b', '*', '', '--x=$HOME', "it's\n"]
  const { status, stderr, report } = start(checkout, args)
  assert.deepEqual([status, stderr, report.args], [0, '', args])
  assert.equal(report.version, process.version)
  assert.ok(report.main.endsWith('/src/cli/main.ts'))
})

test('a package without src runs dist, and finds the pinned Node.js in a folder above', () => {
  mkdirSync(join(work, 'project/lib'), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(work, 'project/node_modules'))
  const { report } = start(installation('project/lib/sfd', { main: 'dist/cli/main.js', modules: null }))
  assert.equal(report.version, process.version)
  assert.ok(report.main.endsWith('/dist/cli/main.js'))
})

test('links to sfd are followed, relative ones and links to links too', () => {
  symlinkSync('a checkout/bin/sfd', join(work, 'first link'))
  symlinkSync(join(work, 'first link'), join(work, 'second'))
  assert.equal(start(join(work, 'second')).status, 0)
})

test('without a Node.js, or with an old one, it says what to do', () => {
  const bare = installation('bare', { main: 'dist/cli/main.js', modules: null })
  const none = start(bare)
  assert.equal(none.status, 1)
  assert.match(none.stderr, /^sfd: no Node\.js found\. Run 'npm ci'/)

  const old = join(work, 'old')
  mkdirSync(old)
  writeFileSync(join(old, 'node'), '#!/bin/sh\necho v22.1.0\n')
  chmodSync(join(old, 'node'), 0o755)
  const refused = start(bare, [], { PATH: `${old}:${tools}` })
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /Node\.js 24 or newer is needed; .* is v22\.1\.0/)
})

test('the compile cache lies in a private folder of the user, or nowhere', () => {
  const cache = join(home, '.cache/system-foundry')
  assert.equal(start(checkout).report.cache, cache)
  assert.equal(statSync(cache).mode & 0o777, 0o700)
  const elsewhere = join(work, 'x d g')
  assert.equal(start(checkout, [], { XDG_CACHE_HOME: elsewhere }).report.cache, join(elsewhere, 'system-foundry'))
  assert.equal(start(checkout, [], { HOME: '' }).report.cache, null)
  assert.equal(start(checkout, [], { HOME: '/proc/none' }).report.cache, null)
})

test('it becomes the program: one process, which gets the signals', async () => {
  const child = spawn(checkout, ['wait'], { env: { PATH: tools, HOME: home }, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  assert.equal(JSON.parse(String(line)).pid, child.pid)
  child.kill('SIGTERM')
  const [, signal] = await once(child, 'exit')
  assert.equal(signal, 'SIGTERM')
})
