/** A full disk ends a fold with its name; the brick stays at its last commit, and goes on when there is room again. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isRoot, makeLab } from '../fold/lab.ts'

/** A mount that nobody else sees. Others than root need user namespaces, which some systems forbid. */
const unshare = ['--mount', ...(isRoot ? [] : ['--map-root-user'])]
const canMount = spawnSync('unshare', [...unshare, 'true']).status === 0
const diskBytes = 2 * 2 ** 20

test('on a full disk, or one that is read-only for a while, nothing is lost and nothing is left over', {
  skip: !canMount && 'mounting is not allowed here',
}, (t) => {
  const lab = makeLab(t)
  const [disk, small] = [join(lab.folder, 'disk'), join(lab.folder, 'small')]
  for (const folder of [disk, small]) mkdirSync(folder)
  for (let i = 0; i < 40; i++) writeFileSync(join(lab.source, `${i}`), randomBytes(100_000))
  const mounted = 'mount -t tmpfs -o "size=$1" none "$2" && exec "$3" "$4" "$2" "$5" "$6" "$7"'
  // Only root may make a mounted disk read-only.
  const remounts = isRoot ? 'may-remount' : 'may-not-remount'
  const child = join(import.meta.dirname, 'full-disk-child.ts')
  const args = [`${diskBytes}`, disk, process.execPath, child, lab.source, small, remounts]
  const { status, stderr } = spawnSync('unshare', [...unshare, 'sh', '-c', mounted, 'sh', ...args], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
})
