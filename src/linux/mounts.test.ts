import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { readMounts } from './mounts.ts'

test('the root and /proc are among the mounts, each with a number of its own', () => {
  const mounts = readMounts()
  assert.ok(mounts.some(({ at }) => at === '/'))
  assert.equal(mounts.find(({ at }) => at === '/proc')?.filesystem, 'proc')
  assert.equal(new Set(mounts.map(({ id }) => id)).size, mounts.length)
})

test('a mount point with blanks and backslashes is told as it is', (t) => {
  const script = `
    import { readMounts } from ${JSON.stringify(new URL('./mounts.ts', import.meta.url).href)}
    console.log(JSON.stringify(readMounts().map(({ at }) => at)))`
  const prepare = `mount -t tmpfs none /mnt && mkdir '/mnt/a b\\c' && mount -t tmpfs none '/mnt/a b\\c' && exec "$@"`
  const command = ['-Urm', 'sh', '-c', prepare, 'sh', process.execPath, '--input-type=module', '-e', script]
  let answer: string
  try {
    answer = execFileSync('unshare', command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return t.skip('no user namespace with mounts of its own')
  }
  assert.ok(JSON.parse(answer).includes('/mnt/a b\\c'))
})
