import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { sfd, startDaemon, temporaryFolder, until } from './harness.ts'
import { seededRandom, TreeEditor } from './random-edits.ts'

const kills = process.env['SFD_TEST_LONG'] === '1' ? 200 : 8
const seed = 20_261_122
/** Readers look at the brick this often while it is written. */
const lookEveryMs = 3

/** The newest commit that a reader sees: generation and commit id. */
function seenBy(path: string): { generation: number; id: string } | undefined {
  if (!fs.existsSync(path)) return undefined
  const file = BrickFile.open(utf8(path))
  try {
    const { record } = file.readHeadOnce()
    return { generation: record.generation, id: Buffer.from(record.id).toString('hex') }
  } finally {
    file.close()
  }
}

test(`killed at ${kills} random moments of an update, the brick is at an old or new commit and no commit that a reader saw is undone (seed ${seed})`, async (t) => {
  const folder = temporaryFolder(t)
  const [tree, state] = [join(folder, 'tree'), join(folder, 'state')]
  fs.mkdirSync(tree)
  const random = seededRandom(seed)
  const editor = new TreeEditor(tree, seed)
  for (let i = 0; i < 60; i++) editor.edit()
  const first = await startDaemon(t, { state, sources: [tree] })
  assert.equal((await sfd(['sync', '--state', state])).code, 0)
  await first.kill('SIGTERM')
  const [name] = fs.readdirSync(join(state, 'bricks'))
  const path = join(state, 'bricks', name as string)
  const ids = new Map<number, string>()
  for (let round = 0; round < kills; round++) {
    const daemon = await startDaemon(t, { state, sources: [tree] })
    const dieAtMs = performance.now() + 20 + random() * 900
    let highest = 0
    while (performance.now() < dieAtMs) {
      editor.edit()
      const seen = seenBy(path)
      assert.ok(seen !== undefined)
      highest = Math.max(highest, seen.generation)
      const known = ids.get(seen.generation)
      assert.ok(known === undefined || known === seen.id, `commit ${seen.generation} became another one`)
      ids.set(seen.generation, seen.id)
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
    }
    await daemon.kill('SIGKILL')
    const after = seenBy(path)
    assert.ok(
      after !== undefined && after.generation >= highest,
      `round ${round}: ${after?.generation} after ${highest}`,
    )
    const verified = await sfd(['verify', path, '--json'])
    assert.equal(verified.code, 0, `round ${round}: ${verified.stdout}${verified.stderr}`)
  }
  await startDaemon(t, { state, sources: [tree] })
  assert.equal((await sfd(['sync', '--state', state])).code, 0)
  assert.equal((await sfd(['verify', path, '--against', tree])).code, 0)
})

test('killed during the first fold nothing is left that looks like a brick, and the next start folds anew', async (t) => {
  const folder = temporaryFolder(t)
  const [tree, state] = [join(folder, 'tree'), join(folder, 'state')]
  fs.mkdirSync(tree)
  for (let i = 0; i < 12; i++) fs.writeFileSync(join(tree, `f${i}`), Buffer.alloc(8_000_000, i + 1))
  const daemon = await startDaemon(t, { state, sources: [tree] })
  await until('the fold', () => fs.readdirSync(join(state, 'bricks')).some((name) => name.endsWith('.partial')))
  await daemon.kill('SIGKILL')
  assert.deepEqual(
    fs.readdirSync(join(state, 'bricks')).filter((name) => name.endsWith('.brick')),
    [],
  )
  await startDaemon(t, { state, sources: [tree] })
  assert.equal((await sfd(['sync', '--state', state])).code, 0)
  const left = fs.readdirSync(join(state, 'bricks'))
  assert.equal(left.length, 1, `left: ${left.join(', ')}`)
  assert.equal((await sfd(['verify', join(state, 'bricks', left[0] as string), '--against', tree])).code, 0)
})
