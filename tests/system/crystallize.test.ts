/** A machine in a folder as a portable set: complete, provable without our code, resumable, bounded, and back again. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FoundryError } from '../../src/base/errors.ts'
import type { CrystallizeReport } from '../../src/fold/crystallize.ts'
import { openSet } from '../../src/read/portable-set.ts'
import { sfd } from '../cli/sfd.ts'
import { assertSameTree } from '../fold/same-tree.ts'
import {
  buildMachine,
  extracted,
  isRoot,
  machineWithSet,
  makePlace,
  makeSet,
  ofNoDistrict,
  settleTimes,
  verified,
} from './machine.ts'

const sameTree = { owners: isRoot ? 'compared' : 'ignored', sockets: 'compared' } as const

/** The script of docs/crystallize.md, which knows nothing of ours. */
const script = /```python\n(.*?)```/s.exec(
  readFileSync(join(import.meta.dirname, '../../docs/crystallize.md'), 'utf8'),
)?.[1] as string

function hashByScript(set: string) {
  const run = spawnSync('python3', ['-c', script, set], { encoding: 'utf8' })
  assert.equal(run.error, undefined, 'python3 is needed')
  return { status: run.status, hash: run.stdout.trim() }
}

const hasCode = (code: string) => (error: unknown) => error instanceof FoundryError && error.code === code

test('a set has a brick for each district that there is, and gives back exactly their tree', async (t) => {
  const place = makePlace(t)
  buildMachine(place.root)
  const { manifest, setHash } = await makeSet(place)
  const names = manifest.bricks.map(({ file, place: at }) => `${file} ${at}`)
  assert.deepEqual(names, [
    'boot.brick /boot',
    'dpkg.brick /var/lib/dpkg',
    'etc.brick /etc',
    'log.brick /var/log',
    'modules.brick /lib/modules',
    'opt.brick /opt',
    'root.brick /',
    'usr.brick /usr',
  ])
  assert.deepEqual(manifest.leftOut, [])
  assert.deepEqual(hashByScript(place.set), { status: 0, hash: setHash })
  const { ok, bricks, strangers } = await verified(place)
  assert.deepEqual([ok, bricks.length, strangers.length], [true, 8, 0])
  const { report, others } = await extracted(place)
  assert.deepEqual([report.failed.count, report.damaged.count], [0, 0])
  // Unpacked they are no files of the system; packed they are in /usr.
  assert.deepEqual(
    others.map(({ file }) => file),
    ['modules.brick'],
  )
  for (const path of ofNoDistrict) rmSync(join(place.root, path), { recursive: true })
  settleTimes(place.root)
  assertSameTree(place.root, place.out, sameTree)
})

test('what is named beside the districts is in the set once, and comes back with them', async (t) => {
  const place = makePlace(t)
  buildMachine(place.root)
  const { manifest } = await makeSet(place, { also: ['/home', '/var', '/srv', '/sparse'] })
  const also = manifest.bricks.filter(({ district }) => district === 'also')
  assert.deepEqual(
    also.map(({ file, place: at, kind }) => [file, at, kind]),
    [
      ['also-home.brick', '/home', 'tree'],
      ['also-sparse.brick', '/sparse', 'file'],
      ['also-var.brick', '/var', 'tree'],
    ],
  )
  assert.deepEqual(
    manifest.leftOut.map(({ source, reason }) => [source, reason]),
    [[join(place.root, 'srv'), 'SOURCE_MISSING']],
  )
  assert.equal(also.find(({ file }) => file === 'also-var.brick')?.exclude.includes('/lib/dpkg'), true)
  await extracted(place)
  const { bricks } = await extracted({ ...place, out: `${place.out}-2` }, { paths: ['/sparse', 'etc/hostname'] })
  assert.deepEqual(
    bricks.map(({ file }) => file),
    ['also-sparse.brick', 'etc.brick'],
  )
  assertSameTree(place.root, place.out, sameTree)
})

test('the same files have the same hash whenever they are folded, and one other byte has another', async (t) => {
  const place = makePlace(t)
  buildMachine(place.root)
  const treeOf = (report: CrystallizeReport, file: string) =>
    report.manifest.bricks.find((brick) => brick.file === file)?.treeHash
  const first = await makeSet({ ...place, set: `${place.set}-1` })
  const second = await makeSet(place)
  assert.equal(second.setHash, first.setHash)
  writeFileSync(join(place.root, 'etc/hostname'), 'other\n')
  const third = await makeSet(place)
  assert.notEqual(third.setHash, second.setHash)
  assert.notEqual(treeOf(third, 'etc.brick'), treeOf(second, 'etc.brick'))
  assert.equal(treeOf(third, 'usr.brick'), treeOf(second, 'usr.brick'))
  const etc = third.manifest.bricks.find(({ file }) => file === 'etc.brick')
  assert.equal(etc?.generation, 2, 'a set that is made again has a history')
})

test('a run that is stopped leaves what is finished and no manifest, and the next goes on behind it', async (t) => {
  const place = makePlace(t)
  buildMachine(place.root)
  const stop = new AbortController()
  const stopped = makeSet(place, {
    signal: stop.signal,
    onProgress: ({ part }) => {
      if (part.name === 'boot') stop.abort(new FoundryError('CANCELLED', 'stopped by the test'))
    },
  })
  await assert.rejects(stopped, hasCode('CANCELLED'))
  const finished = readdirSync(place.set).filter((name) => name.endsWith('.brick'))
  assert.deepEqual(finished.sort(), ['dpkg.brick', 'etc.brick', 'root.brick'])
  assert.equal(existsSync(join(place.set, 'manifest.json')), false)
  assert.throws(() => openSet(place.set), /There is no set.*finished by sfd crystallize/)
  const { manifest, resumedCount } = await makeSet(place)
  assert.equal(resumedCount, 3)
  assert.deepEqual([...new Set(manifest.bricks.map(({ generation }) => generation))], [1], 'nothing was made twice')
  assert.equal((await verified(place)).ok, true)
  assert.deepEqual(
    readdirSync(place.set).filter((name) => !name.endsWith('.brick')),
    ['manifest.json'],
  )
})

test('a budget is kept by all bricks together, and what does not fit is named', async (t) => {
  const place = makePlace(t)
  buildMachine(place.root)
  const budgetBytes = 260_000
  const { manifest } = await makeSet(place, { budgetBytes })
  const out = manifest.leftOut.map(({ source, reason }) => [source, reason])
  assert.deepEqual(out, [[join(place.root, 'usr'), 'DiskBudget']])
  const bytes = readdirSync(place.set)
    .filter((name) => name.endsWith('.brick'))
    .reduce((sum, name) => sum + statSync(join(place.set, name)).size, 0)
  assert.ok(bytes <= budgetBytes, `${bytes} bytes`)
  assert.equal((await verified(place)).ok, true)
})

test('some paths of a set come back with their folders, and what nobody has is refused', async (t) => {
  const place = await machineWithSet(t)
  const { report, bricks } = await extracted(place, { paths: ['/etc/ssl', 'usr/bin/same-program', 'var/log'] })
  assert.equal(report.failed.count, 0)
  assert.deepEqual(bricks.map(({ file }) => file).sort(), ['etc.brick', 'log.brick', 'usr.brick'])
  const here = (path: string): boolean => existsSync(join(place.out, path))
  assert.deepEqual(
    ['etc/ssl/certs/a.pem', 'usr/bin/same-program', 'var/log/messages', 'etc/hostname', 'opt'].map(here),
    [true, true, true, false, false],
  )
  await assert.rejects(extracted({ ...place, out: `${place.out}2` }, { paths: ['/srv/www'] }), hasCode('ENTRY_MISSING'))
})

test('the command says what it made, and refuses a folder with other things in it', (t) => {
  const place = makePlace(t)
  buildMachine(place.root)
  const run = sfd(['crystallize', '--root', place.root, '-o', place.set, '--without', 'opt', '--json'])
  assert.equal(run.status, 0, run.stderr)
  const { setHash, bricks } = JSON.parse(run.stdout) as { setHash: string; bricks: { file: string }[] }
  assert.equal(bricks.length, 7)
  const check = sfd(['verify', place.set])
  assert.equal(check.status, 0)
  assert.match(check.stdout, new RegExp(`^ok .*\nset {7}${setHash}\n$`))
  assert.equal(statSync(place.set).mode & 0o777, 0o700)
})

test('a folder with other things in it is no place for a set', async (t) => {
  const place = makePlace(t)
  buildMachine(place.root)
  await assert.rejects(makeSet({ ...place, set: place.root }), hasCode('DEST_NOT_EMPTY'))
})
