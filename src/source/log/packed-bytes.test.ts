import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { PackedBytes, PackedDamage } from './packed-bytes.ts'
import type { Packing } from './rotated-name.ts'

const content = Buffer.from(Array.from({ length: 40_000 }, (_, index) => `line ${index}\n`).join(''))
const hasXz = spawnSync('xz', ['--version']).status === 0

async function packed(t: TestContext, packing: Packing, bytes: Uint8Array): Promise<PackedBytes> {
  const folder = fs.mkdtempSync(join(tmpdir(), 'packed-'))
  const path = join(folder, 'x')
  fs.writeFileSync(path, bytes)
  const handle = await open(path)
  t.after(async () => {
    await handle.close()
    fs.rmSync(folder, { recursive: true })
  })
  return new PackedBytes(handle, packing)
}

async function check(t: TestContext, packing: Packing, bytes: Uint8Array): Promise<void> {
  const file = await packed(t, packing, bytes)
  for (const [offset, length] of [
    [0, 100],
    [100, 200_000],
    [300_000, 10],
    [5, 70_000],
    [content.length - 3, 10],
    [content.length, 10],
    [0, content.length + 1],
  ] as const) {
    const expected = content.subarray(offset, offset + length)
    assert.ok(expected.equals(await file.read(offset, length)), `${packing} ${offset} ${length}`)
  }
}

test('gzip and zstd are read at any place, forwards and back', async (t) => {
  await check(t, 'gz', gzipSync(content))
  await check(t, 'zst', zstdCompressSync(content))
})

test('several gzip members are one file', async (t) => {
  await check(t, 'gz', Buffer.concat([gzipSync(content.subarray(0, 1_000)), gzipSync(content.subarray(1_000))]))
})

test('xz is read at any place', { skip: hasXz ? false : 'xz is not installed' }, async (t) => {
  const { stdout } = spawnSync('xz', ['-c'], { input: content, maxBuffer: 2 ** 26 })
  await check(t, 'xz', stdout)
})

test('several xz files at once, none read to its end, do not wait for each other', {
  skip: hasXz ? false : 'xz is not installed',
}, async (t) => {
  const { stdout } = spawnSync('xz', ['-c'], { input: content, maxBuffer: 2 ** 26 })
  const files = await Promise.all([1, 2, 3].map(() => packed(t, 'xz', stdout)))
  for (const file of files) assert.ok(content.subarray(0, 10).equals(await file.read(0, 10)))
  const cut = await packed(t, 'xz', stdout.subarray(0, stdout.length - 100))
  await assert.rejects(cut.read(0, 10), PackedDamage)
})

test('what is damaged, cut off, or packed in an unknown way says so, and is not taken for its end', async (t) => {
  const gz = gzipSync(content)
  const broken = Buffer.from(gz)
  broken.fill(0x55, 2_000, 2_100)
  for (const [packing, bytes] of [
    ['gz', broken],
    ['gz', gz.subarray(0, gz.length / 2)],
    ['zst', zstdCompressSync(content).subarray(0, 5_000)],
    ['bz2', content],
  ] as const) {
    const file = await packed(t, packing, bytes)
    await assert.rejects(file.read(0, content.length + 1), PackedDamage, `${packing} of ${bytes.length} bytes`)
  }
})
