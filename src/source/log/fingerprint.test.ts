import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { provenTo } from './content-match.ts'
import { FingerprintWriter, freshFingerprint, takenTo } from './fingerprint.ts'
import type { LogBytes } from './log-bytes.ts'

function printOf(parts: readonly Uint8Array[], from: number) {
  const writer = new FingerprintWriter(freshFingerprint(from), new Uint8Array(0))
  for (const part of parts) writer.take(part)
  return writer.fingerprint()
}

function bytesOf(content: Uint8Array): LogBytes {
  return { read: async (offset, length) => content.slice(offset, offset + length) }
}

const noStop = (): void => {}

test('a fingerprint is the same however the bytes come, and its checks are crc32 of what was taken', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 6 }), fc.nat(50), (parts, from) => {
      const all = Buffer.concat(parts)
      const print = printOf(parts, from)
      assert.deepEqual(print, printOf([all], from))
      assert.equal(takenTo(print), from + all.length)
      for (const { offset, crc } of print.checks) assert.equal(crc, crc32(all.subarray(0, offset - from)))
    }),
  )
})

test('a file is proven by its own bytes, with more behind them or less of them, and by no others', async () => {
  const taken = fc.uint8Array({ minLength: 64, maxLength: 5_000 })
  await fc.assert(
    fc.asyncProperty(taken, fc.uint8Array({ maxLength: 200 }), fc.nat(), async (content, more, where) => {
      const print = printOf([content], 0)
      assert.equal(await provenTo(bytesOf(Buffer.concat([content, more])), print, noStop), content.length)
      const part = content.subarray(0, where % content.length)
      const proven = await provenTo(bytesOf(part), print, noStop)
      assert.ok(part.length < 64 || (proven !== undefined && proven > part.length / 2 - 1), 'at least half is proven')
      const other = content.slice()
      other[where % content.length] = (other[where % content.length] as number) ^ 1
      assert.equal(await provenTo(bytesOf(other), print, noStop), undefined)
    }),
  )
})
