import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isRoot, jsonLines, makePlace, sfd, strangerId } from './sfd.ts'

interface ProcessLine {
  readonly pid: number
  readonly comm: string
  readonly uid: number
  readonly rssBytes: number
  readonly mappings: number
  readonly readable: boolean
  readonly why: string | null
  readonly startTicks: string
  readonly source: string
}

/** A process of ours that sleeps until the test ends. */
async function sleeper(t: TestContext): Promise<number> {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' })
  t.after(() => child.kill('SIGKILL'))
  await once(child, 'spawn')
  return child.pid as number
}

test('sfd ps lists a process with what it holds, and that it can be read', async (t) => {
  const pid = await sleeper(t)
  const run = sfd(['ps', 'sleep', '--json'])
  assert.equal(run.status, 0, run.stderr)
  const line = (jsonLines(run) as unknown as ProcessLine[]).find((each) => each.pid === pid)
  assert.ok(line !== undefined)
  const { comm, readable, why, source, rssBytes, mappings, startTicks } = line
  assert.deepEqual([comm, readable, why, source], ['sleep', true, null, `proc:${pid}`])
  assert.ok(rssBytes > 0 && mappings > 3)
  assert.match(startTicks, /^\d+$/)
  const shown = sfd(['ps', 'sleep'])
    .stdout.split('\n')
    .find((each) => each.startsWith(`proc:${pid} `))
  assert.match(shown ?? '', / sleep .* yes$/)
})

test('a process of somebody else is listed, and why it cannot be read', { skip: !isRoot }, async (t) => {
  const pid = await sleeper(t)
  const run = sfd(['ps', 'sleep', '--json'], { as: strangerId })
  const line = (jsonLines(run) as unknown as ProcessLine[]).find((each) => each.pid === pid)
  assert.equal(line?.readable, false)
  assert.match(line?.why ?? '', /EACCES/)
})

test('a name that no process has is exit code 1, also where it is to be folded', (t) => {
  const { brick } = makePlace(t)
  const none = sfd(['ps', 'no-such-program'])
  assert.equal(none.status, 1)
  assert.match(none.stderr, /no process is called no-such-program/)
  const folded = sfd(['fold', 'proc:no-such-program', '-o', brick])
  assert.equal(folded.status, 1)
  assert.match(folded.stderr, /^sfd: SOURCE_MISSING: .*sfd ps/)
})

test('a brick is not compared with a process: it runs on', (t) => {
  const { source, brick, folder } = makePlace(t)
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  const { status, stderr } = sfd(['verify', brick, '--against', 'proc:self'], { cwd: folder })
  assert.equal(status, 1)
  assert.match(stderr, /SOURCE_KIND: .*runs on/)
  assert.equal(sfd(['extract', brick, '--range', 'va:0x10:0x20', '-o', join(folder, 'x')]).status, 1)
})
