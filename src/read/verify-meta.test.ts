/** META says what a brick is; where META is damaged, that is all that is told to be wrong. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { BrickFile } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'
import { verify } from './verify.ts'

const fixture = join(import.meta.dirname, '../../spec/fixtures/meta-proto.brick')

test('damaged META of a one-file brick is one damage, not also one of its entry', async () => {
  const file = BrickFile.open(Buffer.from(fixture))
  try {
    const view = new BrickView(file, file.readHeadOnce())
    const signal = new AbortController().signal
    const { damaged, bytes } = await verify({ view, signal, pause: async () => {}, onProgress: () => {} })
    assert.deepEqual(
      damaged.map(({ rule, part }) => [rule, part]),
      [['meta', 'META']],
    )
    assert.ok(bytes > 0, 'its content was looked at')
  } finally {
    file.close()
  }
})
