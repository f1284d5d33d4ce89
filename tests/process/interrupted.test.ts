/** What happens to the process in the middle of a fold, after the look and before its pages are read. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fold, openView } from '../fold/lab.ts'
import { bytesOfMappings } from './brick.ts'
import { hold, independentPages, Subject, waitFor, withCompiler } from './subject.ts'

test(
  'a process that is killed in the middle of a fold is SOURCE_ENDED, and the last commit stays',
  withCompiler,
  async (t) => {
    const subject = await Subject.start(t)
    const brick = brickOf(t)
    const source = `proc:${subject.pid}`
    await fold({ source, brick })
    await subject.tell('write 300 1')
    const killed = fold({ source, brick }, { onProgress: once(() => kill(subject.pid)) })
    await assert.rejects(killed, { code: 'SOURCE_ENDED' })
    const mappings = bytesOfMappings(t, brick)
    assert.equal(openView(t, brick).record.generation, 1)
    const large = mappings.find(({ start, end }) => start <= subject.areas.large && subject.areas.large < end)
    const page = Buffer.from(large?.pages.get(subject.areas.large) ?? [])
    assert.equal(page.readBigUInt64LE(), BigInt(subject.areas.large) ^ 1n)
  },
)

test(
  'a process that starts another program in the middle of a fold leaves no bytes that are not its own',
  withCompiler,
  async (t) => {
    const subject = await Subject.start(t)
    const brick = brickOf(t)
    const source = `proc:${subject.pid}`
    await fold({ source, brick })
    await subject.tell('write 300 1')
    const before = mapsOf(subject.pid)
    const changedArea = subject.areas.large
    let ready: Promise<void> | undefined
    await fold(
      { source, brick },
      {
        onProgress: once(() => {
          ready = subject.exec()
          waitFor(() => mapsOf(subject.pid) !== before && mapsOf(subject.pid).includes('[heap]'))
        }),
      },
    )
    await ready
    const left = bytesOfMappings(t, brick).find(({ start, end }) => start <= changedArea && changedArea < end)
    assert.equal(left, undefined, 'the mapping that was to be read again is gone: it is not in the commit')
    hold(t, subject.pid)
    await fold({ source, brick })
    const expected = await independentPages(subject.pid)
    const mappings = bytesOfMappings(t, brick)
    assert.deepEqual(
      mappings.map(({ line }) => line),
      expected.maps.map((line) => line.replaceAll(/ +/g, ' ').trimEnd()),
    )
  },
)

function brickOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-process-interrupted-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'x.brick')
}

function kill(pid: number): void {
  process.kill(pid, 'SIGKILL')
  waitFor(() => !existsSync(`/proc/${pid}/maps`) || mapsOf(pid) === '')
}

function mapsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'latin1').trimEnd()
  } catch {
    return ''
  }
}

/** The fold tells that it lists what the look saw: only then, and once. */
function once(run: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) run()
    isDone = true
  }
}
