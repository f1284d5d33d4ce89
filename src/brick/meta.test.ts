import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import type { JsonValue } from '../base/region.ts'
import { type BrickMeta, encodeMeta, parseMeta } from './meta.ts'

const plain: BrickMeta = {
  kind: 'tree',
  source: utf8('/etc'),
  name: 'etc',
  district: { x: -5, y: 12 },
  worldReadable: true,
  exclude: ['*.swp'],
  tool: 'test',
  unknown: { later: { a: [1] } },
}

test('META comes back with what it remembers: retention, forgotten paths of any bytes, keys of later versions', () => {
  const full: BrickMeta = {
    ...plain,
    retention: { last: 1, hourly: 0, daily: 10_000 },
    forgotten: [utf8('ssl/private key'), Uint8Array.of(0x61, 0xff, 0xfe)],
  }
  const memory: BrickMeta = {
    ...plain,
    kind: 'process',
    source: utf8('proc:12@34@0a1b2c3d'),
    about: { comm: 'daemon', pid: 12, args: ['-v', null] },
    ended: '2026-11-22T20:00:00.000000000Z',
  }
  for (const meta of [plain, full, memory]) assert.deepEqual(parseMeta(encodeMeta(meta), -1), meta)
  const json = JSON.parse(Buffer.from(encodeMeta(full)).toString())
  assert.deepEqual(json.forgotten, [{ path: 'ssl/private key' }, { pathHex: '61fffe' }])
  assert.ok(!Buffer.from(encodeMeta(plain)).includes('forgotten'))
})

test('a retention or a forgotten path that is none makes META damaged', () => {
  const json = JSON.parse(Buffer.from(encodeMeta(plain)).toString())
  const bad: readonly Record<string, unknown>[] = [
    { retention: null },
    { retention: { last: 0, hourly: 1, daily: 1 } },
    { retention: { last: 5, hourly: -1, daily: 1 } },
    { retention: { last: 5, hourly: 1 } },
    { retention: { last: 5, hourly: 1.5, daily: 1 } },
    { retention: { last: 10_001, hourly: 1, daily: 1 } },
    { kind: 'memory' },
    { about: 'a daemon' },
    { about: [1] },
    { ended: 5 },
    { forgotten: 'a' },
    { forgotten: ['a'] },
    { forgotten: [{ path: '' }] },
    { forgotten: [{ pathHex: 'xy' }] },
  ]
  for (const wrong of bad) {
    const bytes = utf8(JSON.stringify({ ...json, ...wrong }))
    assert.throws(() => parseMeta(bytes, -1), { code: 'BRICK_DAMAGED' }, JSON.stringify(wrong))
  }
})

test('META that no reader would take is not written', () => {
  let deep: JsonValue = 1
  for (let depth = 0; depth < 15; depth++) deep = [deep]
  parseMeta(encodeMeta({ ...plain, about: { deep: (deep as readonly JsonValue[])[0] as JsonValue } }), -1)
  const wrong: readonly Partial<BrickMeta>[] = [
    { about: { deep } },
    { about: JSON.parse('{"__proto__":1}') },
    { about: { long: 'x'.repeat(65_536) } },
    { exclude: Array.from({ length: 10_000 }, (_, i) => `*.${i}`) },
  ]
  for (const change of wrong) assert.throws(() => encodeMeta({ ...plain, ...change }), { code: 'BRICK_LIMIT' })
})
