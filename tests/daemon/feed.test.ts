/** `sfd feed` against the real daemon, across kills and restarts, and without one. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { type Outcome, sfd, sfdPath, startDaemon, temporaryFolder, until } from './harness.ts'

interface Message {
  readonly kind: string
  readonly sequence: number
  readonly epoch: string
  readonly oldest: number
  readonly fresh: boolean
  readonly brick: { readonly generation: number }
  readonly fromGeneration: number
}

function messages({ code, stdout, stderr }: Outcome): Message[] {
  assert.equal(code, 0, stderr)
  return stdout
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** A hello, then numbers that follow each other from `first` on; commits that follow each other, too. */
function check([hello, ...rest]: Message[], first: number): { epoch: string; last: number; generation: number } {
  assert.ok(hello?.kind === 'hello' && !hello.fresh)
  let generation = 0
  for (const [index, message] of rest.entries()) {
    assert.equal(message.sequence, first + index)
    if (message.kind !== 'commit') continue
    if (generation > 0) assert.equal(message.fromGeneration, generation)
    generation = message.brick.generation
  }
  assert.equal(hello.sequence, first + rest.length - 1)
  return { epoch: hello.epoch, last: hello.sequence, generation }
}

function stage(t: TestContext): { tree: string; state: string; edit: (text: string) => Promise<void> } {
  const folder = temporaryFolder(t)
  const [tree, state] = [join(folder, 'tree'), join(folder, 'state')]
  fs.mkdirSync(tree)
  fs.writeFileSync(join(tree, 'a'), 'one')
  return {
    tree,
    state,
    edit: async (text) => {
      assert.equal((await sfd(['sync', '--state', state])).code, 0)
      fs.writeFileSync(join(tree, 'a'), text)
      assert.equal((await sfd(['sync', '--state', state])).code, 0)
    },
  }
}

test('the feed goes on over a kill with the same epoch, the next numbers and every generation', async (t) => {
  const { tree, state, edit } = stage(t)
  const feed = (...args: string[]) => sfd(['feed', '--json', '--state', state, ...args])
  const first = await startDaemon(t, { state, sources: [tree] })
  await edit('two')
  const before = check(messages(await feed()), 1)
  assert.ok(before.generation >= 2)
  await first.kill('SIGKILL')
  const alone = messages(await feed())
  assert.deepEqual(check(alone, 1), before, 'without a daemon it is read from the state database')
  const second = await startDaemon(t, { state, sources: [tree] })
  await edit('three')
  const after = check(messages(await feed('--since', `${before.last}`, '--epoch', before.epoch)), before.last + 1)
  assert.equal(after.epoch, before.epoch)
  assert.ok(after.generation > before.generation)
  await second.kill('SIGTERM')
  check(messages(await feed()), 1)
  fs.rmSync(join(state, 'state.db'))
  const none = await feed()
  assert.deepEqual([none.code, none.stdout], [0, ''])
  await startDaemon(t, { state, sources: [tree] })
  await edit('four')
  const lost = await feed('--since', `${after.last}`, '--epoch', after.epoch)
  const hello = JSON.parse(lost.stdout.split('\n')[0] ?? '') as Message
  assert.equal(lost.code, 3)
  assert.ok(hello.fresh && hello.epoch !== after.epoch)
})

test('a reader that follows hears of everything once, and outlives a restart of the daemon', async (t) => {
  const { tree, state, edit } = stage(t)
  const daemon = await startDaemon(t, { state, sources: [tree] })
  await edit('two')
  const follower = spawn(sfdPath, ['feed', '--json', '--follow', '--state', state], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => follower.kill('SIGKILL'))
  const heard: Message[] = []
  createInterface({ input: follower.stdout }).on('line', (line) => heard.push(JSON.parse(line)))
  const generation = () => Math.max(0, ...heard.map(({ brick }) => brick?.generation ?? 0))
  await until('the second generation', () => generation() >= 2)
  await daemon.kill('SIGKILL')
  await startDaemon(t, { state, sources: [tree] })
  const known = generation()
  await edit('three')
  await until('a later generation', () => generation() > known)
  const numbers = heard.filter(({ sequence, kind }) => sequence !== undefined && kind !== 'hello')
  assert.deepEqual(
    numbers.map(({ sequence }) => sequence),
    Array.from({ length: numbers.length }, (_, i) => i + 1),
  )
  const exited = new Promise((resolve) => follower.once('exit', resolve))
  follower.kill('SIGINT')
  assert.equal(await exited, 0)
})

test('for a person a message is a line, and following needs a daemon', async (t) => {
  const { tree, state, edit } = stage(t)
  const daemon = await startDaemon(t, { state, sources: [tree] })
  await edit('two')
  const { stdout } = await sfd(['feed', '--state', state])
  assert.match(stdout, /^epoch [0-9a-f]{16}: messages 1 to \d+ are kept\n/)
  assert.match(
    stdout,
    /\n +\d+ {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}commit {3}\S+ is at generation 2 \(from 1, 1 tile\)\n/,
  )
  assert.equal((await sfd(['feed', '--since', 'x', '--state', state])).code, 2)
  assert.match((await sfd(['feed', '--since', 'now', '--state', state])).stdout, /^epoch .*\n$/)
  await daemon.kill('SIGTERM')
  assert.match((await sfd(['feed', '--follow', '--state', state])).stderr, /DAEMON_ABSENT/)
})
