import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeTools as tools } from '../store/node-tools.ts'
import { encodePad, padBytesAfter } from './pad.ts'
import { bytesFrom } from './testing/commit-samples.ts'

const epoch = bytesFrom(8, 200)

test('padding after a COMMIT frame ends at a multiple of 4,096 and always has room for a header', () => {
  for (let offset = 16_384; offset < 16_384 + 8192; offset += 16) {
    const totalBytes = padBytesAfter(offset)
    assert.equal((offset + totalBytes) % 4096, 0)
    assert.ok(totalBytes === 0 || (totalBytes >= 32 && totalBytes <= 4112))
    if (totalBytes > 0) assert.equal(encodePad({ totalBytes, epoch, tools }).length, totalBytes)
  }
  assert.equal(padBytesAfter(20_480 - 16), 4112)
  assert.throws(() => encodePad({ totalBytes: 16, epoch, tools }), { name: 'AssertionError' })
})
