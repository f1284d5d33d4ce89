import assert from 'node:assert/strict'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { renameNoReplace } from './rename.ts'

test('a file gets a name that nothing has, and never one that something has', (t) => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'sfd-rename-'))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  const [a, b] = [join(folder, 'a'), join(folder, 'b')]
  fs.writeFileSync(a, 'a')
  assert.equal(renameNoReplace({ from: Buffer.from(a), to: Buffer.from(b) }), true)
  assert.deepEqual(fs.readdirSync(folder), ['b'])
  fs.writeFileSync(a, 'other')
  fs.symlinkSync('nowhere', join(folder, 'dangling'))
  for (const taken of [b, join(folder, 'dangling')]) {
    assert.equal(renameNoReplace({ from: Buffer.from(a), to: Buffer.from(taken) }), false)
  }
  assert.equal(fs.readFileSync(b, 'utf8'), 'a')
  assert.equal(fs.readFileSync(a, 'utf8'), 'other')
  assert.throws(() => renameNoReplace({ from: Buffer.from(join(folder, 'none')), to: Buffer.from(`${a}x`) }), /ENOENT/)
})
