/** One writer at a time, one file at a path, and nothing left over. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import { Beneath } from '../../src/linux/beneath.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import { BrickWriter } from '../../src/store/brick-writer.ts'
import { fold, makeLab, random, Session } from '../fold/lab.ts'

test('a second writer is refused while the first has the brick, and let in after it', async (t) => {
  const lab = makeLab(t)
  const session = new Session(t, lab)
  await session.reconcileAll()
  await assert.rejects(fold(lab), { code: 'BRICK_BUSY' })
  assert.throws(() => BrickWriter.open(Buffer.from(lab.brick), random), { code: 'BRICK_BUSY' })
  session.close()
  assert.equal((await fold(lab)).generation, 2)
})

test('readers are never in the way of a writer, nor it in theirs', async (t) => {
  const lab = makeLab(t)
  await fold(lab)
  const file = BrickFile.open(Buffer.from(lab.brick))
  t.after(() => file.close())
  assert.equal((await file.readHead()).record.generation, 1)
  await fold(lab)
  assert.equal((await file.readHead()).record.generation, 2)
})

test('of two first folds onto one path the second overwrites nothing', async (t) => {
  const lab = makeLab(t)
  fs.writeFileSync(join(lab.source, 'a'), 'a')
  const slow = new Session(t, lab)
  await fold(lab)
  const before = fs.readFileSync(lab.brick)
  await assert.rejects(slow.reconcileAll(), { code: 'BRICK_EXISTS' })
  slow.close()
  assert.deepEqual(fs.readFileSync(lab.brick), before)
  assert.deepEqual(fs.readdirSync(lab.folder).sort(), ['source', 'x.brick'])
})

test('a brick is for its owner alone, whatever the umask', async (t) => {
  const lab = makeLab(t)
  const before = process.umask(0)
  t.after(() => process.umask(before))
  await fold(lab)
  assert.equal(fs.statSync(lab.brick).mode & 0o7777, 0o600)
})

test('what a killed first fold left is cleared away by the next one, and nothing else', async (t) => {
  const lab = makeLab(t)
  const alive = new Session(t, lab)
  const leftover = `${lab.brick}.0123456789ab.partial`
  const others = [`${lab.brick}.partial`, `${lab.brick}.0123.partial`, join(lab.folder, 'y.brick.0123456789ab.partial')]
  for (const path of [leftover, ...others]) fs.writeFileSync(path, 'x')
  await fold({ source: lab.source, brick: join(lab.folder, 'x.bric') })
  assert.ok(fs.existsSync(leftover))
  const second = new Session(t, lab)
  assert.ok(!fs.existsSync(leftover))
  for (const path of others) assert.ok(fs.existsSync(path), path)
  await alive.reconcileAll()
  second.close()
  assert.equal(fs.readdirSync(lab.folder).filter((name) => name.endsWith('ab.partial')).length, 1)
})

test('a fifo, a folder, a device and nothing at all are no bricks, and nobody waits for them', async (t) => {
  const lab = makeLab(t)
  const folder = Beneath.open(utf8(lab.folder))
  t.after(() => folder.close())
  folder.makeNode({ path: utf8('fifo.brick'), kind: 'fifo', mode: 0o600, rdev: 0n })
  const kinds = { 'fifo.brick': 'BRICK_FOREIGN', source: 'BRICK_FOREIGN', 'none.brick': 'BRICK_MISSING' }
  for (const [name, code] of Object.entries(kinds)) {
    const path = Buffer.from(join(lab.folder, name))
    assert.throws(() => BrickFile.open(path), { code }, name)
    const forWriting = name === 'source' ? 'BRICK_READ_ONLY' : code
    assert.throws(() => BrickWriter.open(path, random), { code: forWriting }, name)
  }
  assert.throws(() => BrickFile.open(Buffer.from('/dev/null')), { code: 'BRICK_FOREIGN' })
})

test('a brick whose folder is missing is an error that names it', async (t) => {
  const lab = makeLab(t)
  const brick = join(lab.folder, 'nowhere/x.brick')
  await assert.rejects(fold({ source: lab.source, brick }), /nowhere/)
})
