/** What is folded comes back, bit for bit, from a reader that never saw this code. */
import assert from 'node:assert/strict'
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { readDeep } from '../store/deep-read.ts'
import { makeHostileTree, patternOf, tebibyte } from './hostile-tree.ts'
import { fold, isRoot, makeLab, openView } from './lab.ts'
import { assertSameTree } from './same-tree.ts'
import { assertWitnessed, witness, witnessExtract } from './witness.ts'

test('a hostile tree comes back the same from the independent reader', witness, async (t) => {
  const lab = makeLab(t)
  makeHostileTree(lab.source, { sizes: 'all', isRoot })
  const report = await fold(lab)
  assert.deepEqual({ unreadable: report.unreadable, torn: report.torn }, { unreadable: 0, torn: 0 })
  await assertWitnessed(lab.brick)
  const out = join(lab.folder, 'out')
  const left = (await witnessExtract(lab.brick, out)).filter((line) => !line.includes('"skipped": "socket"'))
  assert.deepEqual(left, [])
  assertSameTree(lab.source, out, { owners: isRoot ? 'compared' : 'ignored', sockets: 'ignored', unread: ['tebibyte'] })
  const again = { source: lab.source, brick: join(lab.folder, 'threads.brick') }
  const threaded = await fold(again, { workers: 2 })
  assert.equal(threaded.treeHash, report.treeHash)
  assert.equal(threaded.contentRoot, report.contentRoot)
  await assertWitnessed(again.brick)
})

test('a hole of a tebibyte stays one: the brick is small, and so is the time', async (t) => {
  const lab = makeLab(t)
  const fd = openSync(join(lab.source, 'sparse'), 'w')
  writeSync(fd, 'x', tebibyte / 2)
  ftruncateSync(fd, tebibyte)
  closeSync(fd)
  const { bytes } = await fold(lab)
  assert.equal(bytes, tebibyte)
  assert.ok(statSync(lab.brick).size < 200_000, `${statSync(lab.brick).size} bytes`)
})

test('an empty folder, an empty file and a file of one byte are bricks too', witness, async (t) => {
  const lab = makeLab(t)
  const empty = join(lab.folder, 'empty-file')
  const one = join(lab.folder, 'one')
  writeFileSync(empty, '')
  writeFileSync(one, '1')
  for (const source of [lab.source, empty, one]) {
    const brick = `${source}.brick`
    await fold({ source, brick })
    await assertWitnessed(brick)
    const out = `${source}.out`
    assert.deepEqual(await witnessExtract(brick, out), [])
    const [a, b] = source === lab.source ? [source, out] : [source, join(out, basename(source))]
    assertSameTree(a, b, { owners: 'ignored', sockets: 'ignored' })
  }
})

/** Two hosts: other order, other history, another layout. */
test('the tree hash is that of the tree, whatever order and history led to it', async (t) => {
  const lab = makeLab(t)
  const first = join(lab.folder, 'first')
  mkdirSync(first)
  makeHostileTree(first, { sizes: 'small', isRoot })
  const expected = await fold({ source: first, brick: join(lab.folder, 'first.brick') })
  for (const seed of [1, 2, 3]) {
    const { source } = { source: join(lab.folder, `other-${seed}`) }
    const brick = `${source}.brick`
    mkdirSync(source)
    for (let i = 0; i < 200; i++) writeFileSync(join(source, `early-${i}`), patternOf(i * seed, (i * 977) % 30_000))
    writeFileSync(join(source, 'early-large'), patternOf(seed, 200_000))
    await fold({ source, brick })
    for (let i = 0; i < 200; i += seed) rmSync(join(source, `early-${i}`))
    await fold({ source, brick })
    makeHostileTree(source, { sizes: 'small', isRoot, order: (count) => rotated(count, seed) })
    await fold({ source, brick })
    for (const name of readdirSync(source)) if (name.startsWith('early-')) rmSync(join(source, name))
    const report = await fold({ source, brick })
    assert.equal(report.treeHash, expected.treeHash, `seed ${seed}`)
    const file = openView(t, brick)
    readDeep(file.file, file.file.readHeadOnce())
  }
})

function rotated(count: number, by: number): number[] {
  return Array.from({ length: count }, (_, i) => (i * 2 + by) % count)
}
