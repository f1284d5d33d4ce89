/** A file whose reader the kernel does not let go of: a real one, of a filesystem that never answers. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runWalk } from './run-walk.ts'

const program = fileURLToPath(new URL('./programs/stuck-files.c', import.meta.url))
const deadlineMs = 60_000
const lacking =
  process.getuid?.() !== 0
    ? 'only root mounts'
    : !existsSync('/dev/fuse')
      ? 'no /dev/fuse'
      : spawnSync('cc', ['--version']).status !== 0 && 'no C compiler'

test('a file that never answers is given up, and named; what answers is read; the reader ends in time', {
  skip: lacking,
}, async (t) => {
  const mounted = await mountStuck(t)
  if (mounted === undefined) return t.skip('FUSE may not be mounted here')
  const { report, code, stderr } = await runWalk([mounted], { deadlineMs })
  // The file is still stuck: that the walk ended says that it did not wait.
  assert.ok(report !== undefined, `it ended with ${code}: ${stderr}`)
  const [walked] = report.roots
  assert.deepEqual(walked?.unreadable, { stuck: 'ETIMEDOUT', stuck2: 'ETIMEDOUT' })
  assert.deepEqual([walked?.entries, walked?.bytes], [4, 'fine\n'.length])
})

/** The mount point; undefined where this machine refuses. */
async function mountStuck(t: TestContext): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-stuck-'))
  const [binary, mount] = [join(folder, 'stuck-files'), join(folder, 'mount')]
  mkdirSync(mount)
  const compiled = spawnSync('cc', ['-Wall', '-O1', '-o', binary, program], { encoding: 'utf8' })
  assert.equal(compiled.status, 0, compiled.stderr)
  const server = spawn(binary, [mount], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(async () => {
    await endOf(server)
    rmSync(folder, { recursive: true, force: true })
  })
  const line = await new Promise<string>((resolve) => {
    createInterface({ input: server.stdout }).once('line', resolve)
    server.once('exit', () => resolve(''))
  })
  return line === 'ready' ? mount : undefined
}

/** It unmounts when its input ends; that lets go of everyone who waits. */
async function endOf(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return
  const ended = new Promise((resolve) => server.once('exit', resolve))
  server.stdin?.end()
  await ended
}
