/** Where the disk is nearly full, older history goes before anything else does. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { sfd, startDaemon, temporaryFolder, until } from './harness.ts'

/** A filesystem of its own in memory; undefined where this user may not mount one. */
function smallDisk(t: TestContext, mebibytes: number): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-test-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0700`, 'sfd-test', folder])
  t.after(() => {
    if (mounted.status === 0) spawnSync('umount', ['--lazy', folder])
    rmSync(folder, { recursive: true, force: true })
  })
  return mounted.status === 0 ? folder : undefined
}

async function generations({ brick, state }: { brick: string; state: string }): Promise<number[]> {
  const { stdout } = await sfd(['log', brick, '--state', state, '--json'])
  return stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { generation: number }).generation)
}

test('below the share that has to stay free older history is given up, and then commits go on', async (t) => {
  const disk = smallDisk(t, 64)
  if (disk === undefined) return t.skip('only root may mount a small filesystem')
  const tree = join(temporaryFolder(t), 'tree')
  mkdirSync(tree)
  const kept = { brick: tree.slice(1).replaceAll('/', '-'), state: disk }
  const write = (): void => writeFileSync(join(tree, 'file'), randomBytes(8 * 2 ** 20))
  write()
  const first = await startDaemon(t, { state: disk, sources: [tree], args: ['--min-free', '0'] })
  for (let change = 0; change < 3; change++) {
    await sfd(['sync', '--state', disk])
    write()
  }
  await sfd(['sync', '--state', disk])
  const before = await generations(kept)
  assert.ok(before.length >= 4, `${before}`)
  await first.kill('SIGTERM')

  write()
  await startDaemon(t, { state: disk, sources: [tree], args: ['--min-free', '60'] })
  await until('history is given up', async () => (await generations(kept)).length < before.length, 60_000)
  await until('the change is committed', async () => (await sfd(['sync', '--state', disk])).code === 0, 60_000)
  const against = await sfd(['verify', kept.brick, '--against', tree, '--state', disk])
  assert.equal(against.code, 0, against.stdout + against.stderr)
})
