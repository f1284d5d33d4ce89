/** Logs followed across rotation: no line lost, none doubled, and what cannot be proven said as a gap. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { type TestContext, test } from 'node:test'
import type { StreamLimits } from '../../src/source/log/stream-artifact.ts'
import { LogBench } from './log-bench.ts'
import { pack, rotateByCopy, rotateByRename, shift } from './log-writer.ts'

const hourNs = 3_600_000_000_000n

function benchFor(context: TestContext, limits?: Partial<StreamLimits>): LogBench {
  const bench = new LogBench(limits)
  context.after(() => bench.close())
  return bench
}

test('what is appended follows, and a look at nothing new is the same', async (t) => {
  const bench = benchFor(t)
  bench.log.write(10)
  await bench.look()
  bench.assertWhole()
  assert.equal(await bench.brick.round(bench.artifact), 'same')
  bench.log.beginLine()
  await bench.look()
  bench.log.endLine()
  bench.log.write(5_000)
  await bench.look()
  bench.assertWhole()
  assert.equal(bench.brick.commits, 3)
})

test('renamed and made anew by the rotation: late lines of a writer that was not told yet follow', async (t) => {
  const bench = benchFor(t)
  bench.log.write(100)
  await bench.look()
  bench.log.write(10)
  rotateByRename(bench.log.path, { keep: 3 })
  bench.log.write(10)
  await bench.look()
  bench.log.write(10)
  bench.log.reopen()
  bench.log.write(10)
  await bench.look()
  bench.assertWhole()
})

test('renamed while a line is half written: the line is whole in the stream', async (t) => {
  const bench = benchFor(t)
  bench.log.write(3)
  await bench.look()
  bench.log.beginLine()
  rotateByRename(bench.log.path, { keep: 3 })
  await bench.look()
  bench.log.endLine()
  bench.log.reopen()
  bench.log.write(3)
  await bench.look()
  bench.assertWhole()
})

test('renamed, and the writer makes the new file itself some time later', async (t) => {
  const bench = benchFor(t)
  bench.log.write(50)
  await bench.look()
  shift(bench.log.path, { keep: 3 })
  fs.renameSync(bench.log.path, `${bench.log.path}.1`)
  bench.log.write(5)
  await bench.look()
  bench.assertWhole()
  bench.log.reopen()
  bench.log.write(5)
  await bench.look()
  bench.assertWhole()
})

test('packed after the rotation: what is known already is not taken twice', async (t) => {
  const bench = benchFor(t)
  for (const packing of ['gz', 'zst'] as const) {
    bench.log.write(1_000)
    await bench.look()
    bench.log.write(7)
    rotateByRename(bench.log.path, { keep: 5 })
    bench.log.reopen()
    bench.log.write(7)
    pack(`${bench.log.path}.1`, packing)
    await bench.look()
  }
  bench.later(hourNs)
  await bench.look()
  bench.log.write(1)
  await bench.look()
  bench.assertWhole()
})

test('copied and emptied: what was not taken before comes from the copy, and the instant between is a gap', async (t) => {
  const bench = benchFor(t)
  bench.log.write(100)
  await bench.look()
  bench.log.write(20)
  rotateByCopy(bench.log.path, { keep: 3 })
  bench.log.write(30)
  await bench.look()
  assert.equal(bench.brick.content.toString(), bench.log.text)
  assert.deepEqual(
    bench.brick.gaps.map(({ offset, attributes }) => [offset, attributes?.['reason']]),
    [[bench.log.lines.slice(0, 120).join('').length, 'copytruncate']],
  )
})

test('copied and emptied: lines of the instant between are lost where nobody read them, and the gap is there', async (t) => {
  const bench = benchFor(t)
  bench.log.write(100)
  await bench.look()
  rotateByCopy(bench.log.path, { keep: 3 }, () => bench.log.write(3))
  bench.log.write(30)
  await bench.look()
  const kept = [...bench.log.lines.slice(0, 100), ...bench.log.lines.slice(103)]
  assert.equal(bench.brick.content.toString(), kept.join(''))
  assert.deepEqual(
    bench.brick.gaps.map(({ offset }) => offset),
    [kept.slice(0, 100).join('').length],
  )
})

test('copied and emptied: lines that were taken after the copy was made are not taken from it again', async (t) => {
  const bench = benchFor(t)
  bench.log.write(100)
  shift(bench.log.path, { keep: 3 })
  fs.copyFileSync(bench.log.path, `${bench.log.path}.1`)
  bench.log.write(10)
  await bench.look()
  fs.truncateSync(bench.log.path, 0)
  bench.log.write(10)
  await bench.look()
  assert.equal(bench.brick.content.toString(), bench.log.text)
  assert.equal(bench.brick.gaps.length, 1)
})

test('emptied and grown beyond its former size between two looks: known by its bytes', async (t) => {
  const bench = benchFor(t)
  bench.log.write(10)
  await bench.look()
  rotateByCopy(bench.log.path, { keep: 3 })
  bench.log.write(50)
  await bench.look()
  assert.equal(bench.brick.content.toString(), bench.log.text)
  assert.equal(bench.brick.gaps.length, 1)
})

test('emptied under a writer that does not append: the hole is not taken for bytes', async (t) => {
  const bench = benchFor(t)
  const plain = fs.openSync(bench.log.path, 'w')
  t.after(() => fs.closeSync(plain))
  let at = 0
  const write = (text: string): void => {
    at += fs.writeSync(plain, text, at)
  }
  write('one line of some length, so that there is something\n'.repeat(30))
  await bench.look()
  const before = bench.brick.content.toString()
  rotateByCopy(bench.log.path, { keep: 3 })
  write('after\n')
  await bench.look()
  assert.equal(bench.brick.content.toString(), `${before}after\n`)
  assert.equal(bench.brick.gaps.length, 1)
})

test('rotated several times between two looks, and during a restart, packed and not', async (t) => {
  const bench = benchFor(t)
  bench.log.write(100)
  await bench.look()
  await bench.restart(() => {
    for (let i = 0; i < 4; i++) {
      bench.log.write(100)
      shift(bench.log.path, { keep: 9 })
      if (fs.existsSync(`${bench.log.path}.2`)) pack(`${bench.log.path}.2`, 'gz')
      fs.renameSync(bench.log.path, `${bench.log.path}.1`)
      bench.log.reopen()
    }
    bench.log.write(100)
  })
  await bench.look()
  bench.assertWhole()
})

test('the files of the time away are gone: a gap, and on from what is there', async (t) => {
  const bench = benchFor(t)
  bench.log.write(100)
  await bench.look()
  await bench.restart(() => {
    bench.log.write(10)
    for (let i = 0; i < 3; i++) {
      rotateByRename(bench.log.path, { keep: 1 })
      bench.log.reopen()
      bench.log.write(10)
    }
  })
  await bench.look()
  const { lines } = bench.log
  assert.equal(bench.brick.content.toString(), [...lines.slice(0, 100), ...lines.slice(120)].join(''))
  assert.deepEqual(
    bench.brick.gaps.map(({ offset, attributes }) => [offset, attributes?.['reason']]),
    [[lines.slice(0, 100).join('').length, 'gone']],
  )
})
