/** Single cases of contents that are read in part. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { tileBytes } from '../../src/brick/merkle.ts'
import { TileKind } from '../../src/brick/tile-kind.ts'
import { LeafPool } from '../../src/fold/leaf-pool.ts'
import type { Artifact } from '../../src/source/artifact.ts'
import { merkle } from '../../src/store/brick-view.ts'
import { makeLab, Session, type SessionWish } from './lab.ts'
import { recordOf, ToldFiles } from './told-files.ts'

interface Case {
  readonly session: Session
  readonly files: ToldFiles
  readonly path: string
  /** Follows with what is told of the file; bytes read. */
  readonly follow: (told?: Parameters<ToldFiles['told']['set']>[1]) => Promise<number>
}

/** One file `x` of these bytes, folded once. */
async function folded(t: TestContext, bytes: Uint8Array): Promise<Case> {
  const lab = makeLab(t)
  const path = join(lab.source, 'x')
  fs.writeFileSync(path, bytes)
  const session = new Session(t, lab)
  const files = new ToldFiles(session.lister)
  const follow: Case['follow'] = (told) => {
    if (told === undefined) files.told.delete('x')
    else files.told.set('x', told)
    return files.follow(session)
  }
  await follow()
  return { session, files, path, follow }
}

function patternOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff)
}

function write(path: string, at: number, bytes: Uint8Array): void {
  const fd = fs.openSync(path, 'r+')
  fs.writeSync(fd, bytes, 0, bytes.length, at)
  fs.closeSync(fd)
}

function idOf(bytes: Uint8Array): string {
  return bytes.length <= tileBytes
    ? createHash('sha256').update(bytes).digest('hex')
    : toHex(merkle.contentIdOf({ leaves: leavesOf(bytes), length: bytes.length }))
}

function leavesOf(bytes: Uint8Array): Uint8Array {
  const leaves = []
  for (let at = 0; at < bytes.length; at += tileBytes) leaves.push(merkle.leaf(bytes.subarray(at, at + tileBytes)))
  return Buffer.concat(leaves)
}

function assertHolds({ session, path }: Case): void {
  const expected = fs.readFileSync(path)
  const { contentId, slot, size, unreadable } = recordOf(session, 'x')
  assert.equal(unreadable, undefined)
  assert.equal(size, expected.length)
  assert.ok(slot)
  assert.ok(Buffer.compare(session.view.bytes({ start: slot.start, length: size }), expected) === 0, 'other bytes')
  assert.equal(toHex(contentId ?? new Uint8Array(0)), idOf(expected))
}

/** All tiles of the content but these, which are there as hashes. */
function assertHoldsBut({ session, path }: Case, pruned: readonly number[]): void {
  const expected = fs.readFileSync(path)
  const { contentId, slot, size } = recordOf(session, 'x')
  assert.ok(slot && contentId)
  assert.equal(toHex(contentId), idOf(expected))
  for (let tile = 0; tile * tileBytes < size; tile++) {
    const start = slot.start + tile * tileBytes
    const { kind } = session.view.locateTile(start / tileBytes)
    assert.equal(kind === TileKind.pruned, pruned.includes(tile), `tile ${tile} is of kind ${kind}`)
    if (kind === TileKind.pruned) continue
    const bytes = session.view.bytes({ start, length: Math.min(tileBytes, size - tile * tileBytes) })
    assert.ok(expected.subarray(tile * tileBytes, (tile + 1) * tileBytes).equals(bytes), `tile ${tile}: other bytes`)
  }
}

test('of a large content only what changed is read, and its id is that of all', async (t) => {
  const is = await folded(t, patternOf(40 * tileBytes + 5))
  write(is.path, 3 * tileBytes + 100, patternOf(50))
  assert.equal(await is.follow({ changed: [{ start: 3 * tileBytes + 100, length: 50 }] }), 50)
  assertHolds(is)
})

test('what its lister vouches for is not doubted, whatever the times say', async (t) => {
  const is = await folded(t, patternOf(3 * tileBytes))
  write(is.path, 9, Uint8Array.of(1, 2, 3))
  fs.utimesSync(is.path, 5, 5)
  is.files.told.set('x', { changed: [{ start: 9, length: 3 }] })
  // It changed at the moment of the look.
  const nowNs = (): bigint => fs.statSync(is.path, { bigint: true }).ctimeNs
  assert.equal(await is.files.follow(is.session, { clock: { nowNs, monotonicMs: () => 0 } }), 3)
  assert.equal(recordOf(is.session, 'x').flags.racy, false)
  assert.equal(recordOf(is.session, 'x').mtime.seconds, 5)
  assert.equal(await is.follow({ changed: [] }), 0)
  assertHolds(is)
})

test('a small content in a slot that was made for a larger one keeps the hash of its bytes as id', async (t) => {
  const is = await folded(t, patternOf(100_000))
  fs.truncateSync(is.path, 32_768)
  assert.equal(await is.follow({ changed: [] }), 0)
  assertHolds(is)
  fs.truncateSync(is.path, 45_000)
  assert.equal(await is.follow({ changed: [] }), 0)
  assertHolds(is)
  assert.equal((recordOf(is.session, 'x').slot?.length ?? 0) > tileBytes, true)
})

test('what was not what was listed is read again, even where the lister takes its word back', async (t) => {
  const before = patternOf(10 * tileBytes)
  const is = await folded(t, before)
  const changed = [{ start: 5 * tileBytes + 7, length: 1_000 }]
  let looks = 0
  const read = await is.follow(() => {
    // Right after it is listed it is another version; then it is what it was before all this.
    if (looks++ === 0) {
      queueMicrotask(() => fs.utimesSync(is.path, 7, 7))
      return { changed }
    }
    return { changed: [] }
  })
  assert.ok(looks >= 2)
  assert.equal(read, 1_000)
  assertHolds(is)
})

test('what changes each time it is read is torn, and only that is read again at the next look', async (t) => {
  const is = await folded(t, patternOf(10 * tileBytes))
  const changed = [{ start: 2 * tileBytes, length: 4_096 }]
  let turns = 0
  is.files.told.set('x', () => {
    queueMicrotask(() => fs.utimesSync(is.path, 9, turns++))
    return { changed }
  })
  await is.files.follow(is.session)
  assert.equal(recordOf(is.session, 'x').flags.torn, true)
  write(is.path, 2 * tileBytes + 10, Uint8Array.of(1, 2, 3))
  assert.equal(await is.follow({ changed: [] }), 4_096)
  assert.equal(recordOf(is.session, 'x').flags.torn, false)
  assertHolds(is)
})

test('tiles that are pruned keep their hashes, and the content its id', async (t) => {
  const before = patternOf(6 * tileBytes + 1_000)
  const is = await folded(t, before)
  assert.equal(await is.follow({ changed: [], prunedBytes: 2 * tileBytes }), 0)
  const { slot, contentId } = recordOf(is.session, 'x')
  assert.ok(slot && contentId)
  assert.equal(toHex(contentId), idOf(before))
  const kinds = [0, 1, 2].map((tile) => is.session.view.locateTile(slot.start / tileBytes + tile).kind)
  assert.deepEqual(kinds, [TileKind.pruned, TileKind.pruned, TileKind.stored])
  const { head } = is.session.brick.writer
  await is.follow({ changed: [], prunedBytes: 2 * tileBytes })
  assert.equal(is.session.brick.writer.head, head, 'a second look finds nothing to do')
})

test('where bytes are wanted that were pruned, their tile is read whole', async (t) => {
  const is = await folded(t, patternOf(6 * tileBytes))
  await is.follow({ changed: [], prunedBytes: 2 * tileBytes })
  write(is.path, 100, Uint8Array.of(9, 9, 9))
  assert.equal(await is.follow({ changed: [{ start: 100, length: 3 }] }), 3 + tileBytes)
  assertHoldsBut(is, [1])
})

test('tiles without bytes move along, whatever their lister says of them now', async (t) => {
  const is = await folded(t, patternOf(6 * tileBytes))
  await is.follow({ changed: [], prunedBytes: 3 * tileBytes })
  const before = recordOf(is.session, 'x').slot
  fs.appendFileSync(is.path, patternOf(20 * tileBytes))
  write(is.path, tileBytes + 100, Uint8Array.of(9, 9, 9))
  const changed = [
    { start: tileBytes + 100, length: 3 },
    { start: 6 * tileBytes, length: 20 * tileBytes },
  ]
  const read = await is.follow({ changed })
  assert.notDeepEqual(recordOf(is.session, 'x').slot, before)
  assertHoldsBut(is, [0, 2])
  assert.ok(read <= 2 * (3 + 20 * tileBytes) + tileBytes, `${read} bytes`)
})

test('the beginning of a content that was gone before the brick saw it is marked', async (t) => {
  const lab = makeLab(t)
  fs.writeFileSync(join(lab.source, 'x'), patternOf(4 * tileBytes))
  const session = new Session(t, lab)
  const files = new ToldFiles(session.lister)
  files.told.set('x', { changed: [{ start: 0, length: 4 * tileBytes }], prunedBytes: 2 * tileBytes })
  assert.equal(await files.follow(session), 2 * tileBytes)
  const { unreadable, unreadableRanges, contentId, slot } = recordOf(session, 'x')
  assert.deepEqual({ unreadable, contentId }, { unreadable: 'PRUNED', contentId: undefined })
  assert.deepEqual(unreadableRanges, [{ start: 0, length: 2 * tileBytes }])
  assert.ok(slot)
  assert.equal(session.view.locateTile(slot.start / tileBytes).kind, TileKind.unreadable)
  assert.equal(await files.follow(session), 2 * tileBytes, 'what is there is claimed, and read')
  files.told.set('x', { changed: [], prunedBytes: 2 * tileBytes })
  assert.equal(await files.follow(session), 0)
})

test('what nobody could read and nobody can read is not marked anew at every look', async (t) => {
  const is = await folded(t, patternOf(300_000))
  await is.follow({ changed: [], unreadable: 'PROT_NONE' })
  const { contentId, unreadable } = recordOf(is.session, 'x')
  assert.deepEqual({ contentId, unreadable }, { contentId: undefined, unreadable: 'PROT_NONE' })
  const { head } = is.session.brick.writer
  is.files.told.set('x', { changed: [], unreadable: 'PROT_NONE' })
  let jobs = 0
  const onProgress: SessionWish['onProgress'] = ({ phase }) => {
    if (phase === 'folding') jobs++
  }
  await is.files.follow(is.session, { onProgress })
  assert.deepEqual({ jobs, head: is.session.brick.writer.head }, { jobs: 0, head })
  fs.utimesSync(is.path, 3, 3)
  await is.follow({ changed: [], unreadable: 'PROT_NONE' })
  assert.equal(recordOf(is.session, 'x').mtime.seconds, 3)
  await is.follow({ changed: [] })
  assertHolds(is)
})

test('in threads it is the same', async (t) => {
  const lab = makeLab(t)
  const path = join(lab.source, 'x')
  const before = patternOf(20 * tileBytes)
  fs.writeFileSync(path, before)
  const pool = new LeafPool({ workers: 2 })
  t.after(() => pool.close())
  const session = new Session(t, lab)
  const files = new ToldFiles(session.lister)
  await files.follow(session, { pool })
  // It outgrows its slot: what is not told is copied, what is pruned takes its hashes along.
  const more = patternOf(60 * tileBytes)
  fs.appendFileSync(path, more)
  const changed = [{ start: before.length, length: more.length }]
  const pieces = [{ start: before.length, bytes: more.subarray(0, 25 * tileBytes + 9) }]
  files.told.set('x', { changed, pieces, prunedBytes: 3 * tileBytes })
  assert.equal(await files.follow(session, { pool }), more.length - (25 * tileBytes + 9))
  const { slot, contentId, size } = recordOf(session, 'x')
  assert.ok(slot && contentId)
  assert.equal(toHex(contentId), idOf(fs.readFileSync(path)))
  const kept = { start: slot.start + 3 * tileBytes, length: size - 3 * tileBytes }
  assert.ok(Buffer.compare(session.view.bytes(kept), fs.readFileSync(path).subarray(3 * tileBytes)) === 0)
  assert.equal(session.view.locateTile(slot.start / tileBytes).kind, TileKind.pruned)
})

test('a source that is looked at as a whole is reconciled as a whole, whatever was hinted', async (t) => {
  const is = await folded(t, patternOf(200_000))
  write(is.path, 5, Uint8Array.of(1))
  const { lister } = is.session
  const artifact: Artifact = { reader: 'files', lister, look: async () => 'looked' }
  await is.session.reconcile([{ path: utf8('y'), reach: 'entry' }], { artifact, lister })
  assertHolds(is)
})

test('an artifact hears whether its look is in the brick', async (t) => {
  const is = await folded(t, patternOf(100))
  await is.follow({ changed: [] })
  const stop = new AbortController()
  stop.abort()
  await assert.rejects(is.files.follow(is.session, { signal: stop.signal }), { code: 'CANCELLED' })
  assert.deepEqual(is.files.calls, ['settled', 'settled', 'unsettled'])
})
