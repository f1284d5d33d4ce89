import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sfd, startDaemon, temporaryFolder, until } from './harness.ts'
import { TreeEditor } from './random-edits.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'
const seeds = isLong ? Array.from({ length: 10 }, (_, i) => i + 1) : [1, 2]
const edits = isLong ? 1_000 : 250

/** Names, kinds, modes, owners, sizes, ns times and targets, as find tells them. */
function listing(folder: string): string {
  const format = '%P\\0%y\\0%m\\0%U\\0%G\\0%s\\0%T@\\0%n\\0%l\\n'
  const text = execFileSync('find', ['.', '!', '-type', 'd', '-printf', format], {
    cwd: folder,
    maxBuffer: 1 << 28,
  }).toString('latin1')
  const folders = execFileSync('find', ['.', '-type', 'd', '-printf', '%P\\0%m\\0%T@\\n'], { cwd: folder }).toString(
    'latin1',
  )
  return (text + folders).split('\n').sort().join('\n')
}

for (const seed of seeds) {
  test(`after ${edits} random edits and a sync the brick equals the tree, seed ${seed}`, async (t) => {
    const folder = temporaryFolder(t)
    const tree = join(folder, 'tree')
    fs.mkdirSync(tree)
    const state = join(folder, 'state')
    await startDaemon(t, { state, sources: [tree] })
    const editor = new TreeEditor(tree, seed)
    const log: string[] = []
    for (let i = 0; i < edits; i++) {
      log.push(editor.edit())
      if (i % 50 === 25) await new Promise((resolve) => setTimeout(resolve, 30))
    }
    const synced = await sfd(['sync', '--state', state])
    assert.equal(synced.code, 0, synced.stderr)
    const [brick] = fs.readdirSync(join(state, 'bricks'))
    const path = join(state, 'bricks', brick as string)
    const verified = await sfd(['verify', path, '--against', tree, '--json'])
    assert.equal(verified.code, 0, `${verified.stdout}\n${verified.stderr}\n${log.slice(-30).join('\n')}`)
    const out = join(folder, 'out')
    const extracted = await sfd(['extract', path, '-o', out])
    assert.equal(extracted.code, 0, extracted.stderr)
    execFileSync('diff', ['-r', '--no-dereference', tree, out])
    assert.equal(listing(out), listing(tree))
  })
}

test('a change is committed without a sync', async (t) => {
  const folder = temporaryFolder(t)
  const tree = join(folder, 'tree')
  fs.mkdirSync(tree)
  fs.writeFileSync(join(tree, 'a'), 'one')
  const state = join(folder, 'state')
  await startDaemon(t, { state, sources: [tree] })
  await until('the first fold', async () =>
    (await sfd(['status', '--state', state, '--json'])).stdout.includes('"live"'),
  )
  const [brick] = fs.readdirSync(join(state, 'bricks'))
  fs.writeFileSync(join(tree, 'a'), 'two')
  await until('the commit', async () => {
    const shown = await sfd(['extract', join(state, 'bricks', brick as string), 'a', '--range', '0:3', '-o', '-'])
    return shown.stdout === 'two'
  })
})

test('a killed daemon starts again where it was and goes on', async (t) => {
  const folder = temporaryFolder(t)
  const tree = join(folder, 'tree')
  fs.mkdirSync(tree)
  const state = join(folder, 'state')
  const editor = new TreeEditor(tree, 7)
  for (let round = 0; round < (isLong ? 40 : 4); round++) {
    const daemon = await startDaemon(t, { state, sources: [tree] })
    for (let i = 0; i < 20; i++) editor.edit()
    await new Promise((resolve) => setTimeout(resolve, 40 * (round % 5)))
    await daemon.kill('SIGKILL')
  }
  await startDaemon(t, { state, sources: [tree] })
  assert.equal((await sfd(['sync', '--state', state])).code, 0)
  const names = fs.readdirSync(join(state, 'bricks')).filter((name) => name.endsWith('.brick'))
  assert.equal(names.length, 1)
  const verified = await sfd(['verify', join(state, 'bricks', names[0] as string), '--against', tree, '--json'])
  assert.equal(verified.code, 0, verified.stdout)
})

test('one daemon a state folder: the second is refused and says which one runs', async (t) => {
  const folder = temporaryFolder(t)
  const state = join(folder, 'state')
  fs.mkdirSync(join(folder, 'tree'))
  const daemon = await startDaemon(t, { state, sources: [join(folder, 'tree')] })
  const second = await sfd(['up', join(folder, 'tree'), '--state', state])
  assert.equal(second.code, 1)
  assert.match(second.stderr, new RegExp(`STATE_BUSY.*${daemon.process.pid}`))
  assert.equal((await sfd(['stop', '--state', state])).code, 0)
  assert.equal((await sfd(['sync', '--state', state])).code, 1)
})
