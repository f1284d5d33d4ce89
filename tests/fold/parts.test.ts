/** A content that is read in part, again and again, is what a first fold of the same bytes makes of it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { bytesKey, toHex } from '../../src/base/bytes.ts'
import type { EntryRecord } from '../../src/brick/entry-record.ts'
import type { ReconcileResult } from '../../src/fold/reconcile.ts'
import { verify } from '../../src/read/verify.ts'
import { readDeep } from '../store/deep-read.ts'
import { chanceOf, seedsOf } from './chance.ts'
import { isLong, type Lab, makeLab, Session, type SessionWish, subtreeScope } from './lab.ts'
import { contentsOf, LivingFiles } from './living-files.ts'

const stepCount = isLong ? 60 : 12

for (const seed of seedsOf(isLong ? 24 : 8)) {
  test(`after every change in part the brick says the bytes, seed ${seed}`, async (t) => {
    const lab = makeLab(t)
    const session = new Session(t, lab)
    const chance = chanceOf(seed)
    const living = new LivingFiles(lab.source, session.lister, chance)
    const done: string[] = []
    for (let i = 0; i < 4; i++) done.push(living.edit())
    for (let step = 0; step < stepCount; step++) {
      done.push(Array.from({ length: chance.below(4) }, () => living.edit()).join(', '))
      try {
        if (chance.happens(10)) await fail(session, living)
        const isPoked = chance.happens(15)
        const bytesMax = isPoked ? Number.POSITIVE_INFINITY : living.bytesToRead()
        const { bytesRead, result } = await follow(session, living, isPoked ? () => living.poke() : undefined)
        assert.ok(bytesRead <= bytesMax, `${bytesRead} bytes were read, ${bytesMax} at most were to be`)
        if (!isPoked) assert.deepEqual(result.torn, [])
        if (isPoked) await follow(session, living)
        assertSays(session, lab)
      } catch (error) {
        throw new Error(`seed ${seed}, step ${step}: ${done.slice(-4).join('; ')}`, { cause: error })
      }
    }
    await assertSound(session)
    await assertAsFresh(t, session, lab)
  })
}

async function follow(
  session: Session,
  living: LivingFiles,
  meanwhile?: () => void,
): Promise<{ bytesRead: number; result: ReconcileResult }> {
  let bytesRead = 0
  let left = 2
  await living.look()
  const result = await session.reconcile([subtreeScope('')], {
    artifact: living,
    lister: living.lister,
    onProgress({ phase, doneBytes }) {
      bytesRead = doneBytes
      if (phase === 'folding' && left-- > 0) meanwhile?.()
    },
  } satisfies SessionWish)
  return { bytesRead, result }
}

/** A round that is stopped before its commit, at any place. */
async function fail(session: Session, living: LivingFiles): Promise<void> {
  const stop = new AbortController()
  await living.look()
  let left = chanceOf(session.brick.writer.generation).below(6)
  const wish: SessionWish = {
    artifact: living,
    lister: living.lister,
    signal: stop.signal,
    onProgress: () => left-- <= 0 && stop.abort(),
  }
  await session.reconcile([subtreeScope('')], wish).catch(() => session.reopen())
}

function assertSays(session: Session, { source }: Lab): void {
  const contents = contentsOf(source)
  const files = [...session.view.entries()].filter(({ kind }) => kind === 'file')
  assert.deepEqual(files.map(({ path }) => bytesKey(path)).sort(), [...contents.keys()].sort())
  for (const entry of files) assertContent(session, entry, contents.get(bytesKey(entry.path)) as Uint8Array)
}

function assertContent({ view }: Session, { path, slot, size, contentId }: EntryRecord, expected: Uint8Array): void {
  const name = bytesKey(path)
  assert.equal(size, expected.length, `${name}: its size`)
  const bytes = slot === undefined ? new Uint8Array(0) : view.bytes({ start: slot.start, length: size })
  const at = bytes.findIndex((byte, i) => byte !== expected[i])
  assert.equal(at, -1, `${name} of ${size} bytes has ${bytes[at]}, not ${expected[at]}, at byte ${at}`)
  assert.ok(contentId, `${name} has no content id`)
}

async function assertSound({ view, brick }: Session): Promise<void> {
  const { signal } = new AbortController()
  const { damaged } = await verify({ view, signal, pause: async () => undefined, onProgress: () => undefined })
  assert.deepEqual(damaged, [])
  assert.ok(brick.writer.head)
  readDeep(view.file, brick.writer.head)
}

/** Hashes and metadata of all entries. */
async function assertAsFresh(t: Parameters<typeof makeLab>[0], session: Session, lab: Lab): Promise<void> {
  const fresh = new Session(t, { source: lab.source, brick: join(lab.folder, 'fresh.brick') })
  await fresh.reconcileAll()
  assert.equal(toHex(session.view.record.treeHash), toHex(fresh.view.record.treeHash))
  assert.equal(toHex(session.view.record.metaHash), toHex(fresh.view.record.metaHash))
}
