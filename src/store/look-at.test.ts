import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import { lookAt, statToRead, statToWrite } from './look-at.ts'
import { isSetFolder } from './set-manifest.ts'

const folder = mkdtempSync(join(tmpdir(), 'sfd-look-'))
after(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, 'file'), 'x')
symlinkSync('loop', join(folder, 'loop'))
const at = (name: string): Uint8Array => utf8(join(folder, name))
const long = 'n'.repeat(300)

test('what cannot be is nothing to a reader, and a loop of links is hidden, with its code', () => {
  assert.equal(lookAt(at('file')).kind, 'there')
  for (const name of ['absent', 'file/x', long]) assert.deepEqual(lookAt(at(name)), { kind: 'nothing' }, name)
  assert.deepEqual(lookAt(at('loop')), { kind: 'hidden', code: 'ELOOP' })
  assert.equal(statToRead(at('file/x')), undefined)
  assert.throws(() => statToRead(at('loop')), { code: 'BRICK_MISSING', message: /loop cannot be looked at \(ELOOP\)/ })
})

test('where no file can be written, a writer is told so before it begins', () => {
  assert.equal(statToWrite(at('file'))?.size, 1)
  assert.equal(statToWrite(at('absent')), undefined)
  for (const name of ['file/x', long, 'loop']) {
    assert.throws(() => statToWrite(at(name)), { code: 'DEST_UNSAFE', message: /cannot be written \(E[A-Z]+\)/ })
  }
})

test('a path that cannot be is no set', () => {
  for (const name of ['file', 'absent', 'loop', long]) assert.equal(isSetFolder(join(folder, name)), false, name)
})
