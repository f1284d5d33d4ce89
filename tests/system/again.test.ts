/** A finished set that is made again: the old one or the new one, never something between, and nothing lost silently. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { FoundryError } from '../../src/base/errors.ts'
import { openSet } from '../../src/read/portable-set.ts'
import type { SetBrick } from '../../src/store/set-manifest.ts'
import { sfd } from '../cli/sfd.ts'
import {
  type Asked,
  buildMachine,
  extracted,
  machineWithSet,
  makePlace,
  makeSet,
  type Place,
  verified,
} from './machine.ts'

const refusal = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof FoundryError && error.code === code && message.test(error.message)

const manifestOf = ({ set }: Place): string => readFileSync(join(set, 'manifest.json'), 'utf8')
const besideBricks = ({ set }: Place): string[] => readdirSync(set).filter((name) => !name.endsWith('.brick'))

/** A set whose machine lies where it lay. */
async function machineAndSet(t: TestContext): Promise<Place> {
  const place = makePlace(t)
  buildMachine(place.root)
  await makeSet(place)
  return place
}

/** Stops where the brick of /boot begins: behind root, etc and dpkg. */
function stoppedAtBoot(place: Place, asked: Asked = {}): Promise<unknown> {
  const stop = new AbortController()
  const onProgress: Asked['onProgress'] = ({ part }) => {
    if (part.name === 'boot') stop.abort(new FoundryError('CANCELLED', 'stopped by the test'))
  }
  return makeSet(place, { ...asked, signal: stop.signal, onProgress })
}

test('while a new run is under way or stopped, the set is the old one, and then the new one at once', async (t) => {
  const place = await machineAndSet(t)
  const before = manifestOf(place)
  writeFileSync(join(place.root, 'etc/hostname'), 'other\n')
  const stopped = /^Stopped: 3 bricks of .* are finished and stay; the same command goes on.* the set of before/
  await assert.rejects(stoppedAtBoot(place), refusal('CANCELLED', stopped))
  assert.equal(manifestOf(place), before)
  assert.equal((await verified(place)).ok, true)
  await extracted(place)
  assert.equal(readFileSync(join(place.out, 'etc/hostname'), 'utf8'), 'small\n')
  const check = sfd(['verify', place.set])
  assert.deepEqual([check.status, /a new run .* not finished/.test(check.stderr)], [0, true], check.stderr)

  const { manifest, resumedCount } = await makeSet(place)
  assert.equal(resumedCount, 3)
  assert.deepEqual([...new Set(manifest.bricks.map(({ generation }) => generation))], [2])
  assert.deepEqual(besideBricks(place), ['manifest.json'])
  assert.equal((await verified(place)).ok, true)
  await extracted(place, { existing: 'replace' })
  assert.equal(readFileSync(join(place.out, 'etc/hostname'), 'utf8'), 'other\n')
})

test('a first run that is stopped says which bricks stay and that the same command goes on', async (t) => {
  const place = makePlace(t)
  buildMachine(place.root)
  await assert.rejects(stoppedAtBoot(place), (error: FoundryError) => {
    assert.match(error.message, /^Stopped: 3 bricks of .* are finished and stay/)
    assert.match(error.message, /the same command goes on/)
    assert.doesNotMatch(error.message, /nothing was changed|the set of before/)
    return error.code === 'CANCELLED'
  })
})

test('a system that lies elsewhere is no part of the history of this set, finished or begun', async (t) => {
  const place = await machineWithSet(t)
  const before = manifestOf(place)
  const other = { ...place, root: join(place.folder, 'other') }
  mkdirSync(other.root)
  buildMachine(other.root)
  await assert.rejects(makeSet(other), refusal('BRICK_OTHER_SOURCE', /is a set of .*root, not of .*other/))
  assert.deepEqual([manifestOf(place), besideBricks(place)], [before, ['manifest.json']])
  const begun = { ...place, set: join(place.folder, 'begun') }
  await assert.rejects(stoppedAtBoot(begun), refusal('CANCELLED', /stay/))
  await assert.rejects(makeSet({ ...other, set: begun.set }), refusal('BRICK_OTHER_SOURCE', /is a set of .*root/))
})

test('what is not asked for again stays in the set as it is', async (t) => {
  const place = await machineAndSet(t)
  const byFile = (bricks: readonly SetBrick[]) => new Map(bricks.map((brick) => [brick.file, brick]))
  const before = byFile(openSet(place.set).manifest.bricks)
  writeFileSync(join(place.root, 'etc/hostname'), 'other\n')
  writeFileSync(join(place.root, 'opt/tool/bin/tool'), 'other\n')
  const { manifest, keptCount } = await makeSet(place, { districts: ['etc'] })
  const after = byFile(manifest.bricks)
  assert.deepEqual([...after.keys()], [...before.keys()])
  assert.equal(keptCount, 6)
  for (const [file, brick] of after) {
    if (file === 'etc.brick') assert.equal(brick.generation, 2)
    // The folders above those that stay are still in it.
    else if (file === 'root.brick') assert.equal(brick.treeHash, before.get(file)?.treeHash)
    else assert.deepEqual(brick, before.get(file))
  }
  const { ok, strangers } = await verified(place)
  assert.deepEqual([ok, strangers], [true, []])
})

test('nothing is added to a manifest that is damaged', async (t) => {
  const place = await machineWithSet(t)
  const bad = manifestOf(place).replace('"treeHash": "', '"treeHash": "x')
  writeFileSync(join(place.set, 'manifest.json'), bad)
  await assert.rejects(makeSet(place), refusal('BRICK_DAMAGED', /Nothing was added/))
  assert.equal(manifestOf(place), bad)
  assert.equal(existsSync(join(place.set, '.crystallize.json')), false)
})
