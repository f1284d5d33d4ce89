import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import type { Head } from '../store/brick-file.ts'
import { CompactionNeed, entryPathOf, forgetOrder } from './brick-care.ts'

test('the path of an order comes back, whatever its bytes', () => {
  for (const path of [utf8('ssl/key'), Uint8Array.of(0x61, 0xff)]) {
    assert.deepEqual(entryPathOf(forgetOrder('etc', path)), path)
  }
  assert.throws(() => entryPathOf({}), { code: 'USAGE' })
  assert.throws(() => entryPathOf({ pathHex: 'zz' }), { code: 'USAGE' })
})

test('a small file, and a brick without a commit, is never looked at', async () => {
  const need = new CompactionNeed()
  const file = undefined as never
  assert.equal(await need.isDue({ file, head: undefined }), false)
  const head = { record: { fileEnd: 64 * 2 ** 20 } } as Head
  assert.equal(await need.isDue({ file, head }), false)
})
