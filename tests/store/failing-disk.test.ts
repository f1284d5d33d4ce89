/**
 * The system refuses a call, at every place where one is made: what was committed stays, nothing is said to be done that is
 * not, and the next opening goes on. Reads are not refused here: what they give is checked elsewhere.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { BrickWriter } from '../../src/store/brick-writer.ts'
import { patternOf } from '../fold/hostile-tree.ts'
import { fold, isLong, type Lab, makeLab, random, Session } from '../fold/lab.ts'
import { compact, statesOf } from './states.ts'

const errnos = { EIO: 'DISK_FAILED', ENOSPC: 'DISK_FULL', EDQUOT: 'DISK_FULL', EROFS: 'DISK_FAILED' } as const
type Errno = keyof typeof errnos
const calls = ['writeSync', 'fdatasyncSync', 'fsyncSync', 'renameSync', 'ftruncateSync'] as const

const memoryFolder = fs.existsSync('/dev/shm') ? '/dev/shm' : undefined

interface Refusal {
  readonly call: (typeof calls)[number]
  /** 0: the first one. */
  readonly nth: number
  readonly errno: Errno
}

/** What the action gave, and whether the call was made so often. A write that is refused may have been done in part. */
async function refusing(
  { call, nth, errno }: Refusal,
  action: () => Promise<unknown>,
): Promise<{ error: unknown; wasRefused: boolean }> {
  const real = fs[call] as (...args: unknown[]) => unknown
  let count = 0
  const patched = (...args: unknown[]): unknown => {
    if (count++ !== nth) return real(...args)
    if (call === 'writeSync') real(args[0], args[1], args[2], Math.floor((args[3] as number) / 2), args[4])
    throw Object.assign(new Error(`${errno}: refused by the test`), { code: errno, syscall: call, errno: -5 })
  }
  try {
    Object.assign(fs, { [call]: patched })
    syncBuiltinESMExports()
    await action()
    return { error: undefined, wasRefused: count > nth }
  } catch (error) {
    return { error, wasRefused: count > nth }
  } finally {
    Object.assign(fs, { [call]: real })
    syncBuiltinESMExports()
  }
}

/** Refuses every call that the action makes, one a run, with every errno in turn; `run` prepares and judges. */
async function everyRefusal(run: (refusal: Refusal) => Promise<boolean>): Promise<number> {
  const names = Object.keys(errnos) as Errno[]
  let runs = 0
  for (const call of calls) {
    for (let nth = 0; ; nth++) {
      const used = isLong ? names : [names[runs % names.length] as Errno]
      let wasRefused = false
      for (const errno of used) wasRefused = await run({ call, nth, errno })
      if (!wasRefused) break
      runs++
    }
  }
  return runs
}

async function small(lab: Lab): Promise<void> {
  const lengths = [70_000, 300, 0]
  for (const [i, length] of lengths.entries()) fs.writeFileSync(join(lab.source, `${i}`), patternOf(i, length))
  await fold(lab)
  fs.writeFileSync(join(lab.source, '1'), patternOf(9, 500))
  await fold(lab)
}

function assertTold(error: unknown, { errno, call, nth }: Refusal): void {
  const { code = '' } = (error ?? {}) as { code?: string }
  const expected = [errnos[errno], 'BRICK_READ_ONLY']
  assert.ok(expected.includes(code), `${call} ${nth} refused with ${errno}: ${String(error)}`)
}

test('a commit during which any call is refused is reported, and the brick is at the old commit or the new one', async (t) => {
  const lab = makeLab(t, memoryFolder)
  await small(lab)
  const image = fs.readFileSync(lab.brick)
  const old = statesOf(lab.brick)
  fs.writeFileSync(join(lab.source, '2'), patternOf(5, 100_000))
  const runs = await everyRefusal(async (refusal) => {
    fs.writeFileSync(lab.brick, image)
    const { error, wasRefused } = await refusing(refusal, () => fold(lab))
    if (wasRefused) assertTold(error, refusal)
    const states = statesOf(lab.brick)
    assert.ok(states.length === 2 || states.length === 3)
    assert.deepEqual(states.slice(0, 2), old)
    if (error === undefined) assert.equal(states.length, 3)
    BrickWriter.open(Buffer.from(lab.brick), random).writer.close()
    assert.equal((await fold(lab)).generation, statesOf(lab.brick).length, 'and goes on')
    return wasRefused
  })
  assert.ok(runs >= 8, `${runs} calls were refused`)
})

test('a compaction during which any call is refused leaves every commit, and no file beside', async (t) => {
  const lab = makeLab(t, memoryFolder)
  await small(lab)
  const image = fs.readFileSync(lab.brick)
  const old = statesOf(lab.brick)
  const runs = await everyRefusal(async (refusal) => {
    fs.writeFileSync(lab.brick, image)
    const { error, wasRefused } = await refusing(refusal, () => compact(lab.brick))
    if (wasRefused) assertTold(error, refusal)
    assert.deepEqual(statesOf(lab.brick), old)
    assert.deepEqual(fs.readdirSync(lab.folder).sort(), ['source', 'x.brick'])
    return wasRefused
  })
  assert.ok(runs >= 7, `${runs} calls were refused`)
})

test('a compaction whose rename cannot be made durable lets nobody commit to the file without a name', async (t) => {
  const lab = makeLab(t, memoryFolder)
  await small(lab)
  const session = new Session(t, { ...lab, brick: join(lab.folder, 'y.brick') })
  await session.reconcileAll()
  const { writer } = session.brick
  const path = join(lab.folder, 'y.brick')
  const { error } = await refusing({ call: 'fsyncSync', nth: 1, errno: 'EIO' }, () => compact(path, { writer }))
  assertTold(error, { call: 'fsyncSync', nth: 1, errno: 'EIO' })
  assert.ok(!writer.isOpen)
  const again = await refusing({ call: 'fsyncSync', nth: 0, errno: 'EIO' }, async () => session.reopen())
  assert.equal((again.error as { code?: string }).code, 'BRICK_READ_ONLY', 'nor before the name is durable')
  session.reopen()
  fs.writeFileSync(join(lab.source, 'new'), 'x')
  await session.reconcileAll()
  assert.equal(statesOf(path).length, 2)
})
