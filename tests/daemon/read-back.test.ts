import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import { moveAside } from '../../src/daemon/move-aside.ts'
import { readBack } from '../../src/daemon/read-back.ts'
import { fold, makeLab } from '../fold/lab.ts'

const headBytes = 16_384

test('a whole brick reads back, a flipped byte anywhere but in a slot does not', async (t) => {
  const lab = makeLab(t)
  for (const name of ['a', 'b', 'c']) fs.writeFileSync(join(lab.source, name), randomBytes(30_000))
  await fold(lab)
  const parts = { monotonicMs: () => performance.now(), signal: new AbortController().signal, share: 1 }
  const read = (): Promise<string | undefined> => readBack({ path: utf8(lab.brick), ...parts })
  assert.equal(await read(), undefined)
  const whole = fs.readFileSync(lab.brick)
  const flipped = async (offset: number): Promise<string | undefined> => {
    const bytes = Buffer.from(whole)
    bytes[offset] = (bytes[offset] ?? 0) ^ 0xff
    fs.writeFileSync(lab.brick, bytes)
    return read()
  }
  for (let offset = headBytes; offset < whole.length; offset += Math.ceil(whole.length / 40)) {
    assert.notEqual(await flipped(offset), undefined, `a flipped byte at ${offset}`)
  }
  // The slot of a generation that is no more.
  assert.equal(await flipped(100), undefined)
})

test('a file that is moved aside has the next number, and only the newest two are kept', (t) => {
  const { folder } = makeLab(t)
  const path = join(folder, 'x.brick')
  fs.writeFileSync(join(folder, 'x.brick.damaged-mine'), 'of somebody')
  for (const text of ['1', '2', '3']) {
    fs.writeFileSync(path, text)
    const aside = Buffer.from(moveAside(utf8(path))).toString()
    assert.equal(aside, `${path}.damaged-${text}`)
    assert.equal(fs.readFileSync(aside, 'utf8'), text)
  }
  assert.deepEqual(fs.readdirSync(folder).sort(), [
    'source',
    'x.brick.damaged-2',
    'x.brick.damaged-3',
    'x.brick.damaged-mine',
  ])
})
