/** verify finds every single flipped byte, names what it hits, and ends on bricks that were made to keep it busy. */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { verify } from '../../src/read/verify.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickView } from '../../src/store/brick-view.ts'
import { json, makePlace, sfd } from './sfd.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'

/** Two commits of a small tree with something of everything. */
function smallBrick(t: TestContext): { source: string; brick: string } {
  const { source, brick } = makePlace(t)
  mkdirSync(join(source, 'd'))
  writeFileSync(join(source, 'text'), 'text '.repeat(2000))
  writeFileSync(
    join(source, 'd/large'),
    Uint8Array.from({ length: 150_000 }, (_, i) => (i * i) >> 3),
  )
  writeFileSync(join(source, 'fill'), new Uint8Array(70_000).fill(7))
  writeFileSync(join(source, 'sparse'), 'x')
  truncateSync(join(source, 'sparse'), 300_000)
  linkSync(join(source, 'text'), join(source, 'd/link'))
  symlinkSync('text', join(source, 'symlink'))
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  appendFileSync(join(source, 'text'), 'more')
  assert.equal(sfd(['fold', source, '-o', brick]).status, 0)
  return { source, brick }
}

async function verified(path: string) {
  const file = BrickFile.open(Buffer.from(path))
  try {
    const view = new BrickView(file, file.readHeadOnce())
    const signal = new AbortController().signal
    return await verify({ view, signal, pause: async () => {}, onProgress: () => {} })
  } finally {
    file.close()
  }
}

test('a whole brick is found whole, by its overviews too', async (t) => {
  const { brick } = smallBrick(t)
  const { ok, damaged, bytes } = await verified(brick)
  assert.deepEqual([ok, damaged, bytes], [true, [], 10_004 + 150_000 + 70_000 + 300_000])
})

test('any flipped bit is found, and what it hits is named', async (t) => {
  const { brick } = smallBrick(t)
  const good = readFileSync(brick)
  const copy = `${brick}.copy`
  writeFileSync(copy, good)
  const fd = openSync(copy, 'r+')
  t.after(() => closeSync(fd))
  const position = fc.integer({ min: 0, max: good.length - 1 })
  await fc.assert(
    fc.asyncProperty(position, fc.integer({ min: 0, max: 7 }), async (at, bit) => {
      writeSync(fd, Uint8Array.of((good[at] as number) ^ (1 << bit)), 0, 1, at)
      const { ok, damaged } = await verified(copy)
      writeSync(fd, good, at, 1, at)
      assert.equal(ok, false)
      assert.ok(damaged.every(({ part, detail }) => part !== '' && detail !== ''))
    }),
    { numRuns: isLong ? 3_000 : 300 },
  )
  assert.equal((await verified(copy)).ok, true)
})

test('a damaged tile is named with the entries in it, and the others are not', async (t) => {
  const { source, brick } = smallBrick(t)
  const content = readFileSync(join(source, 'd/large'))
  const bytes = readFileSync(brick)
  const middle = bytes.indexOf(content.subarray(70_000, 70_016))
  assert.ok(middle > 0, 'the content is not stored raw')
  bytes[middle] = (bytes[middle] as number) ^ 1
  writeFileSync(brick, bytes)
  const run = sfd(['verify', brick, '--json'])
  assert.equal(run.status, 1)
  const { ok, damaged } = json(run)
  assert.deepEqual([ok, damaged.length], [false, 1])
  assert.deepEqual([damaged[0]?.rule, damaged[0]?.entries], ['frame-crc', [{ path: 'd/large' }]])
  assert.match(String(damaged[0]?.part), /^tile \d+$/)
  assert.match(sfd(['verify', brick]).stdout, /^damaged {3}tile \d+ \(d\/large\): frame-crc: .*\nnot ok/)
  const extracted = sfd(['extract', brick, '-o', `${brick}.out`, '--json'])
  assert.equal(extracted.status, 1)
  const report = json(extracted)
  assert.deepEqual([report.damaged.map(({ path }) => path), report.files], [['d/large'], 4])
})

test('a superblock slot that is lost or damaged is told, and a cut brick is refused', async (t) => {
  const { brick } = smallBrick(t)
  const good = readFileSync(brick)
  const withSlot = async (slot: 0 | 1, change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(good)
    change(bytes.subarray(slot * 8192, (slot + 1) * 8192))
    writeFileSync(brick, bytes)
    return (await verified(brick)).damaged.map(({ part }) => part)
  }
  // Generation 2 is in slot A, its parent in slot B.
  assert.deepEqual(await withSlot(0, (slot) => slot.fill(1, 700, 710)), ['superblock slot A'])
  assert.deepEqual(await withSlot(1, (slot) => slot.fill(1, 700, 710)), ['superblock slot B'])
  assert.deepEqual(await withSlot(1, (slot) => slot.fill(0)), [])
  assert.deepEqual(await withSlot(0, (slot) => slot.fill(0)), [], 'as after a crash before the slot was written')
  writeFileSync(brick, good.subarray(0, good.length - 4096))
  assert.equal(sfd(['verify', brick]).status, 1)
})

test('what the live source has otherwise is listed, kind by kind', (t) => {
  const { source, brick } = smallBrick(t)
  assert.equal(sfd(['verify', brick, '--against', source]).status, 0)
  const same = readFileSync(join(source, 'fill'))
  same[69_999] = 8
  writeFileSync(join(source, 'fill'), same)
  rmSync(join(source, 'symlink'))
  symlinkSync('elsewhere', join(source, 'symlink'))
  chmodSync(join(source, 'sparse'), 0o600)
  utimesSync(join(source, 'd/large'), 1, 1)
  renameSync(join(source, 'text'), join(source, 'new'))
  const run = sfd(['verify', brick, '--against', source, '--json'])
  assert.equal(run.status, 1)
  const { damaged, differs } = json(run)
  assert.deepEqual(damaged, [])
  const found = differs.map(({ path, what }) => `${what} ${path}`)
  for (const expected of [
    'content fill',
    'target symlink',
    'mode sparse',
    'mtime d/large',
    'missing text',
    'extra new',
  ]) {
    assert.ok(found.includes(expected), `${expected} is not in ${found.join(', ')}`)
  }
})
