/** Forgetting: the bytes of a path are nowhere in the file any more, and everything else is where it was. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { TileKind } from '../../src/brick/tile-kind.ts'
import { type ForgetParts, type ForgetReport, forgetPath } from '../../src/fold/forget.ts'
import { allRegions } from '../../src/read/regions.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { pastCommits } from '../../src/store/history.ts'
import { isPruned } from '../../src/store/pruned.ts'
import { patternOf } from '../fold/hostile-tree.ts'
import { clock, fold, type Lab, makeLab, openView, random, Session } from '../fold/lab.ts'
import { assertWitnessed, witness } from '../fold/witness.ts'
import { allPayloads, type CommitState, statesOf, withFile } from './states.ts'

const secret = 'correct horse battery staple, ' // 30 bytes

function forget(brick: string, path: string | Uint8Array, more: Partial<ForgetParts> = {}): Promise<ForgetReport> {
  return forgetPath({
    path: Buffer.from(brick),
    entryPath: typeof path === 'string' ? utf8(path) : path,
    clock,
    random,
    signal: new AbortController().signal,
    pause: async () => undefined,
    onProgress: () => undefined,
    ...more,
  })
}

function assertNowhere(brick: string, text: string): void {
  for (const payload of allPayloads(brick)) assert.ok(!Buffer.from(payload).includes(text), 'the secret is still there')
}

function isAnywhere(brick: string, text: string): boolean {
  return [...allPayloads(brick)].some((payload) => Buffer.from(payload).includes(text))
}

/** Commits in which others share a tile with the secret, in which it is large, and in which it was called otherwise. */
async function history(lab: Lab, session: Session): Promise<void> {
  const at = (name: string): string => join(lab.source, name)
  for (let i = 0; i < 20; i++) fs.writeFileSync(at(`file${i}`), patternOf(i, 1_000 * i + 1))
  fs.writeFileSync(at('draft'), `${secret}first`)
  fs.writeFileSync(at('far away'), patternOf(99, 500_000))
  await session.reconcileAll({ reason: 'draft' })
  fs.renameSync(at('draft'), at('secret'))
  await session.reconcileAll({ reason: 'renamed' })
  fs.appendFileSync(at('secret'), secret.repeat(10_000))
  fs.linkSync(at('secret'), at('linked'))
  await session.reconcileAll({ reason: 'large and linked' })
  fs.writeFileSync(at('file3'), patternOf(3, 77))
  fs.copyFileSync(at('secret'), at('copied'))
  await session.reconcileAll({ reason: 'copied' })
  fs.rmSync(at('copied'))
  await session.reconcileAll({ reason: 'copy removed' })
}

test('a forgotten path is in no frame, and every other byte of the newest commit is', async (t) => {
  const lab = makeLab(t)
  const session = new Session(t, lab)
  await history(lab, session)
  session.close()
  const before = statesOf(lab.brick)
  assert.ok(isAnywhere(lab.brick, secret))
  const copies = await forget(lab.brick, 'copied')
  assert.deepEqual(copies.names.map(String), [String(utf8('copied'))])
  assert.ok(isAnywhere(lab.brick, secret), 'the copy is another file')
  const report = await forget(lab.brick, 'secret')
  assert.deepEqual(report.names.map((name) => Buffer.from(name).toString()).sort(), ['linked', 'secret'])
  assertNowhere(lab.brick, secret)
  const after = statesOf(lab.brick)
  assert.deepEqual(after.slice(0, before.length).map(identity), before.map(identity), 'old commits keep their ids')
  assert.deepEqual(
    after.slice(before.length).map(({ reason }) => reason),
    ['forget copied', 'forget secret'],
  )
  if (!witness.skip) await assertWitnessed(lab.brick)
})

function identity({ tiles: _tiles, ...rest }: CommitState): Omit<CommitState, 'tiles'> {
  return rest
}

test('what shared a tile with it is named, and its newest bytes are there', async (t) => {
  const lab = makeLab(t)
  const session = new Session(t, lab)
  await history(lab, session)
  session.close()
  const { alsoLost, tiles, commits } = await forget(lab.brick, 'secret')
  assert.ok(tiles > 0 && commits >= 4, `${tiles} tiles, ${commits} commits`)
  assert.ok(alsoLost.length > 0)
  const view = openView(t, lab.brick)
  for (const entry of view.entries()) assert.ok(!isPruned(view, entry), String(entry.path))
  const lost = new Set(alsoLost.map(toHex))
  for (const { commit } of pastCommits(view)) {
    const { record } = view.file.commit(commit, view.record)
    const past = new BrickView(view.file, { record, commit })
    for (const entry of past.entries()) {
      if (isPruned(past, entry))
        assert.ok(lost.has(toHex(entry.path)) || /secret|draft|linked/.test(String(Buffer.from(entry.path))))
    }
  }
})

test('no later fold reads it again, under its own name or beneath a forgotten folder', async (t) => {
  const lab = makeLab(t)
  fs.mkdirSync(join(lab.source, 'keys/deep'), { recursive: true })
  fs.writeFileSync(join(lab.source, 'keys/deep/[a]*?'), secret)
  fs.writeFileSync(join(lab.source, 'keys!'), 'beside')
  await fold(lab)
  await forget(lab.brick, 'keys')
  await fold(lab)
  fs.writeFileSync(join(lab.source, 'keys/new'), secret)
  await fold(lab)
  const view = openView(t, lab.brick)
  assert.deepEqual(
    [...view.entries()].map(({ path }) => Buffer.from(path).toString()),
    ['', 'keys!'],
  )
  assert.deepEqual(
    view.meta.forgotten?.map((path) => Buffer.from(path).toString()),
    ['keys'],
  )
  assertNowhere(lab.brick, secret)
})

test('PRUNED tiles keep their hashes, and nothing is drawn over them', async (t) => {
  const lab = makeLab(t)
  fs.writeFileSync(join(lab.source, 'secret'), secret.repeat(20_000))
  fs.writeFileSync(join(lab.source, 'other'), patternOf(1, 300_000))
  await fold(lab)
  const old = openView(t, lab.brick)
  await forget(lab.brick, 'secret')
  const view = openView(t, lab.brick)
  const [first] = pastCommits(view)
  assert.ok(first !== undefined)
  const { record } = view.file.commit(first.commit, view.record)
  const past = new BrickView(view.file, { record, commit: first.commit })
  let pruned = 0
  for (let tile = 0; tile < past.tileCount; tile++) {
    assert.deepEqual(past.tileHash(tile), old.tileHash(tile))
    if (past.locateTile(tile).kind !== TileKind.pruned) continue
    pruned++
    assert.equal(past.locatePage(2, tile).pointer.offset, 0)
  }
  assert.equal(pruned, 10)
})

test('what was never there, the root, and the one file of a brick cannot be forgotten', async (t) => {
  const lab = makeLab(t)
  fs.writeFileSync(join(lab.source, 'a'), 'a')
  await fold(lab)
  const before = fs.readFileSync(lab.brick)
  await assert.rejects(forget(lab.brick, 'b'), { code: 'ENTRY_MISSING' })
  await assert.rejects(forget(lab.brick, ''), { code: 'ENTRY_KIND' })
  assert.deepEqual(fs.readFileSync(lab.brick), before)
  const one = { source: join(lab.source, 'a'), brick: join(lab.folder, 'one.brick') }
  await fold(one)
  await assert.rejects(forget(one.brick, 'a'), { code: 'ENTRY_KIND' })
})

test('forgetting that was stopped half-way is finished by doing it again', async (t) => {
  const lab = makeLab(t)
  const session = new Session(t, lab)
  await history(lab, session)
  session.close()
  const commits = statesOf(lab.brick).length
  const stop = new AbortController()
  // From the commit on: the survey pauses once a commit and more.
  const pause = async (): Promise<void> => {
    if (statesOf(lab.brick).length > commits) stop.abort()
  }
  await assert.rejects(forget(lab.brick, 'secret', { pause, signal: stop.signal }), { code: 'CANCELLED' })
  assert.ok(isAnywhere(lab.brick, secret))
  assert.equal(openView(t, lab.brick).entry(utf8('secret')), undefined, 'the newest commit is without it already')
  await fold(lab)
  await forget(lab.brick, 'copied')
  await forget(lab.brick, 'secret')
  assertNowhere(lab.brick, secret)
})

test('a brick whose newest commit rots does not read a forgotten path again, nor give zeros for its neighbours', async (t) => {
  const lab = makeLab(t)
  for (const name of ['a', 'secret', 'z']) fs.writeFileSync(join(lab.source, name), `${name} ${secret}`)
  fs.writeFileSync(join(lab.source, 'a'), 'first of all')
  fs.writeFileSync(join(lab.source, 'z'), 'last of all')
  await fold(lab)
  await forget(lab.brick, 'secret')
  const { commit } = withFile(lab.brick, (file) => file.readHeadOnce())
  const bytes = fs.readFileSync(lab.brick)
  // The newest commit is of generation 2: slot A.
  bytes.fill(0, 0, 8_192)
  bytes.fill(0, commit.offset, commit.offset + 64)
  fs.writeFileSync(lab.brick, bytes)
  assert.equal((await fold(lab)).generation, 2)
  const view = openView(t, lab.brick)
  assert.deepEqual(
    [...view.entries()].map(({ path }) => Buffer.from(path).toString()),
    ['', 'a', 'z'],
  )
  for (const entry of view.entries()) assert.ok(!isPruned(view, entry) && entry.unreadable === undefined)
  const at = view.entry(utf8('z'))?.slot?.start ?? -1
  assert.equal(Buffer.from(view.bytes({ start: at, length: 11 })).toString(), 'last of all')
  assertNowhere(lab.brick, secret)
  if (!witness.skip) await assertWitnessed(lab.brick)
})

test('what regions said of a forgotten path is in no commit any more, and what they said of others is in each', async (t) => {
  const lab = makeLab(t)
  const session = new Session(t, lab)
  const at = (name: string): string => join(lab.source, name)
  const say = async (said: Readonly<Record<string, readonly string[]>>): Promise<void> => {
    const regions = Object.entries(said).map(([name, words]) => ({
      path: utf8(name),
      regions: words.map((word, i) => ({ offset: i, length: 1, layer: 64, class: 'line', name: word })),
    }))
    const { lister } = session
    await session.reconcileAll({ artifact: { lister, reader: 'files', regions: () => regions } })
  }
  const many = Array.from({ length: 300 }, (_, i) => `line ${i}`)
  fs.writeFileSync(at('kept'), patternOf(1, 1_000))
  fs.writeFileSync(at('draft'), `${secret}first`)
  await say({ kept: many, draft: [`${secret}in the draft`, 'beside it'] })
  fs.writeFileSync(at('kept'), patternOf(2, 1_000))
  fs.renameSync(at('draft'), at('secret'))
  await say({ kept: ['another', ...many.slice(1)] })
  fs.appendFileSync(at('secret'), patternOf(3, 90_000))
  await say({})
  fs.writeFileSync(at('kept'), patternOf(3, 1_000))
  await say({ secret: [`${secret}moved`, 'x'.repeat(3_000)] })
  session.close()
  const saidOf = (): (readonly (readonly [string, string])[])[] => {
    const view = openView(t, lab.brick)
    const views = [...pastCommits(view)].map(({ commit }) => {
      return new BrickView(view.file, { commit, record: view.file.commit(commit, view.record).record })
    })
    return [...views, view].map((each) => {
      return [...allRegions(each)].map(
        ({ entry, region }) => [Buffer.from(entry.path).toString(), region.name] as const,
      )
    })
  }
  const before = saidOf()
  assert.equal(before.flat().filter(([path]) => path !== 'kept').length, 8, 'two in each of four commits')
  assert.ok(isAnywhere(lab.brick, secret))
  await forget(lab.brick, 'secret')
  assertNowhere(lab.brick, secret)
  assertNowhere(lab.brick, 'beside it')
  const kept = before.map((commit) => commit.filter(([path]) => path === 'kept'))
  assert.deepEqual(saidOf(), [...kept, kept.at(-1)])
  if (!witness.skip) await assertWitnessed(lab.brick)
})
