/** Contents whose bytes come with the listing, once: they grow, move to larger slots and lose their beginnings. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import type { EntryMeta } from '../../src/base/entry.ts'
import type { EntryRecord } from '../../src/brick/entry-record.ts'
import { tileBytes } from '../../src/brick/merkle.ts'
import { TileKind } from '../../src/brick/tile-kind.ts'
import { Forgotten } from '../../src/read/forgotten.ts'
import { verify } from '../../src/read/verify.ts'
import type { Artifact, Lister } from '../../src/source/artifact.ts'
import type { ContentPiece, Listed } from '../../src/source/describe.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { readDeep } from '../store/deep-read.ts'
import { type Chance, chanceOf, seedsOf } from './chance.ts'
import { isLong, type Lab, makeLab, Session, subtreeScope } from './lab.ts'
import { assertWitnessed, witness } from './witness.ts'

const names = ['a', 'b', 'c', 'd']
const stepCount = isLong ? 40 : 12
const time = { seconds: 1_000, nanoseconds: 0 }
const ids = {
  uid: 0,
  gid: 0,
  userName: '',
  groupName: '',
  dev: 1n,
  rdev: 0n,
  nlink: 1,
  xattrs: [],
  kind: 'file',
} as const

/** What was said of each stream, and how much of that is in the brick. */
class Streams implements Artifact {
  readonly reader = 'logs'
  readonly bytes = new Map(names.map((name) => [name, new Uint8Array(0)]))
  readonly pruned = new Map(names.map((name) => [name, 0]))
  readonly #committed = new Map(names.map((name) => [name, 0]))
  readonly #chance: Chance
  #turn = 0n

  constructor(chance: Chance) {
    this.#chance = chance
  }

  readonly lister: Lister = {
    stat: (path) => [...this.#all()].find(({ meta }) => toHex(meta.path) === toHex(path)),
    walk: () => this.#all(),
  }

  async look(): Promise<'looked'> {
    this.#turn++
    return 'looked'
  }

  settled(): void {
    for (const [name, { length }] of this.bytes) this.#committed.set(name, length)
  }

  grow(): void {
    const name = this.#chance.pick(names)
    const length = this.#chance.pick([1, 77, 5_000, 30_000, tileBytes, 200_000, this.#chance.happens(20) ? 5e6 : 900])
    const before = this.bytes.get(name) as Uint8Array
    const seed = this.#chance.below(256)
    const more = Uint8Array.from({ length }, (_, i) => (length === tileBytes ? 7 : (seed + i * 7 + (i >> 7)) & 0xff))
    this.bytes.set(name, Buffer.concat([before, more]))
  }

  prune(): void {
    const name = this.#chance.pick(names)
    const tiles = Math.floor((this.#committed.get(name) as number) / tileBytes)
    const pruned = this.pruned.get(name) as number
    this.pruned.set(name, Math.max(pruned, this.#chance.below(tiles + 1) * tileBytes))
  }

  *#all(): Generator<Listed> {
    const root: EntryMeta = {
      ...ids,
      kind: 'dir',
      path: utf8(''),
      mode: 0o700,
      size: 0,
      mtime: time,
      ctime: time,
      ino: 1n,
    }
    yield { meta: root }
    for (const [index, name] of names.entries()) yield this.#listed(name, index)
  }

  /** The inode changes from look to look, as that of a log does that is rotated. */
  #listed(name: string, index: number): Listed {
    const bytes = this.bytes.get(name) as Uint8Array
    const start = this.#committed.get(name) as number
    const ino = BigInt(index) + 10n * this.#turn
    const meta: EntryMeta = { ...ids, path: utf8(name), mode: 0o600, size: bytes.length, mtime: time, ctime: time, ino }
    const length = bytes.length - start
    const cut = start + Math.floor(length / 2)
    const pieces: ContentPiece[] = [
      { start, bytes: bytes.subarray(start, cut) },
      { start: cut, bytes: bytes.subarray(cut) },
    ]
    const changed = length === 0 ? [] : [{ start, length }]
    return { meta, changed, pieces, prunedBytes: this.pruned.get(name) as number }
  }
}

/** A content of exactly a tile that is pruned when it moves. */
const kept = [106]

for (const seed of [...seedsOf(isLong ? 20 : 5), ...kept]) {
  test(`streams whose bytes come once are kept whole, seed ${seed}`, async (t) => {
    const lab = makeLab(t)
    const session = new Session(t, lab)
    const chance = chanceOf(seed)
    const streams = new Streams(chance)
    await follow(session, streams)
    for (let step = 0; step < stepCount; step++) {
      try {
        for (let i = chance.below(4); i > 0; i--) streams.grow()
        if (chance.happens(30)) streams.prune()
        if (chance.happens(20)) session.reopen()
        if (chance.happens(15)) await stopped(session, streams, chance.below(8))
        const { head } = session.brick.writer
        await follow(session, streams)
        if (head !== undefined) assertPast(new BrickView(session.brick.writer.file, head))
        assertHeld(session, streams)
      } catch (error) {
        throw new Error(`seed ${seed}, step ${step}`, { cause: error })
      }
    }
    await assertSound(session)
    await assertAsFresh(t, lab, session, streams)
    if (!witness.skip && seed === 1) await assertWitnessed(lab.brick)
  })
}

async function follow(session: Session, streams: Streams, stopAfter = Number.POSITIVE_INFINITY): Promise<void> {
  await streams.look()
  let bytesRead = 0
  let left = stopAfter
  const stop = new AbortController()
  const { signal } = stop
  const onProgress = ({ doneBytes }: { doneBytes: number }): void => {
    bytesRead = doneBytes
    if (left-- <= 0) stop.abort()
  }
  await session.reconcile([subtreeScope('')], { artifact: streams, lister: streams.lister, signal, onProgress })
  assert.equal(bytesRead, 0, 'bytes that were read from the source')
}

/** A round that is stopped before its commit, if it takes that long. */
async function stopped(session: Session, streams: Streams, after: number): Promise<void> {
  await follow(session, streams, after).catch((error: { code?: unknown }) => {
    assert.equal(error.code, 'CANCELLED')
    session.reopen()
  })
}

function assertHeld({ view }: Session, streams: Streams): void {
  for (const entry of view.entries()) {
    const bytes = streams.bytes.get(nameOf(entry))
    if (bytes === undefined) continue
    const pruned =
      entry.slot !== undefined && entry.slot.length > tileBytes ? (streams.pruned.get(nameOf(entry)) ?? 0) : 0
    assert.equal(entry.size, bytes.length)
    assert.equal(entry.unreadable, undefined)
    assert.ok(entry.contentId)
    if (entry.slot === undefined) continue
    const { start } = entry.slot
    for (let at = 0; at < pruned; at += tileBytes) {
      assert.equal(view.locateTile((start + at) / tileBytes).kind, TileKind.pruned, `${nameOf(entry)} at ${at}`)
    }
    const held = view.bytes({ start: start + pruned, length: entry.size - pruned })
    assert.ok(Buffer.compare(held, bytes.subarray(pruned)) === 0, `${nameOf(entry)} has other bytes`)
    assert.equal(new Forgotten(view).hasBytesOf(entry), pruned > 0)
  }
}

/** What an older commit had, it still has. */
function assertPast(view: BrickView): void {
  for (const { slot, size } of view.entries()) {
    if (slot !== undefined && !new Forgotten(view).has(slot)) view.bytes({ start: slot.start, length: size })
  }
}

async function assertSound({ view, brick }: Session): Promise<void> {
  const { signal } = new AbortController()
  const { damaged } = await verify({ view, signal, pause: async () => undefined, onProgress: () => undefined })
  assert.deepEqual(damaged, [])
  assert.ok(brick.writer.head)
  readDeep(view.file, brick.writer.head)
}

/** The ids are those of the whole streams. */
async function assertAsFresh(t: TestContext, lab: Lab, session: Session, streams: Streams): Promise<void> {
  for (const [name, bytes] of streams.bytes) writeFileSync(join(lab.source, name), bytes)
  const fresh = new Session(t, { source: lab.source, brick: join(lab.folder, 'fresh.brick') })
  await fresh.reconcileAll()
  const idsOf = ({ view }: Session): [string, string][] =>
    [...view.entries()].map((entry) => [nameOf(entry), toHex(entry.contentId ?? utf8(''))])
  assert.deepEqual(idsOf(session), idsOf(fresh))
}

function nameOf({ path }: EntryRecord): string {
  return Buffer.from(path).toString()
}
