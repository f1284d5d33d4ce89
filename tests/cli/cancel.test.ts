/** Ctrl-C: what was under way leaves nothing behind. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  watch,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bareEnv, makePlace, sfd, sfdPath } from './sfd.ts'

/** Enough to be busy for a second or more. */
function makeLarge(path: string): void {
  const fd = openSync(path, 'w')
  const block = Uint8Array.from({ length: 2 ** 20 }, (_, i) => (i * i) >> 5)
  for (let i = 0; i < 192; i++) {
    block[0] = i
    writeSync(fd, block)
  }
  ftruncateSync(fd, 192 * 2 ** 20)
  closeSync(fd)
}

/** Starts sfd, sends SIGINT as soon as something appears in `folder`, and gives its end. */
async function interrupted(args: readonly string[], folder: string) {
  const watcher = watch(folder)
  const child = spawn(sfdPath, args, { env: bareEnv(), stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  await Promise.race([once(watcher, 'change'), exited])
  child.kill('SIGINT')
  const [status] = await exited
  watcher.close()
  return { status, stderr }
}

test('a fold that is stopped leaves no file behind, and an existing brick at its last commit', async (t) => {
  const { folder, source, brick } = makePlace(t)
  makeLarge(join(source, 'large'))
  const first = await interrupted(['fold', source, '-o', brick], folder)
  assert.deepEqual([first.status, /^sfd: CANCELLED: /.test(first.stderr)], [1, true])
  assert.deepEqual(readdirSync(folder), ['source'])

  mkdirSync(join(folder, 'tiny'))
  writeFileSync(join(folder, 'tiny/x'), 'x')
  assert.equal(sfd(['fold', join(folder, 'tiny'), '-o', brick]).status, 0)
  const before = readFileSync(brick)
  makeLarge(join(folder, 'tiny/large'))
  const second = await interrupted(['fold', join(folder, 'tiny'), '-o', brick], folder)
  assert.equal(second.status, 1)
  assert.deepEqual(readFileSync(brick).subarray(0, before.length), before)
  assert.equal(sfd(['verify', brick]).status, 0)
})

test('an extraction that is stopped says so', async (t) => {
  const { folder, source, brick } = makePlace(t)
  makeLarge(join(source, 'large'))
  for (let i = 0; i < 3000; i++) writeFileSync(join(source, `${i}`), `${i}`)
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  // The signal may come before sfd listens for it, or after it has ended: then it is tried again.
  for (let attempt = 1; ; attempt++) {
    const out = join(folder, `out${attempt}`)
    mkdirSync(out)
    const { status, stderr } = await interrupted(['extract', brick, '-o', out], out)
    if ((status === 0 || status === null) && attempt < 8) continue
    assert.deepEqual([status, /^sfd: CANCELLED: /.test(stderr)], [1, true])
    assert.ok(existsSync(out))
    return
  }
})

test('a daemon that is asked to stop while it starts does stop', async (t) => {
  const { folder, source } = makePlace(t)
  const state = join(folder, 'state')
  mkdirSync(state, { mode: 0o700 })
  const { status, stderr } = await interrupted(['up', source, '--state', state, '--port', '0'], state)
  assert.equal(status, 0, stderr)
  assert.ok(!existsSync(join(state, 'daemon.json')))
})
