import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accepts, entryPath, integer, level, range, runs } from './params.ts'
import { Refusal } from './refusal.ts'

const query = (values: Record<string, string>) => (name: string) => values[name]

function refuses(run: () => unknown, code: string): void {
  assert.throws(run, (error) => error instanceof Refusal && error.reason.status === 400 && error.reason.code === code)
}

test('integers are plain decimals inside their bounds', () => {
  const read = (x: string) => integer(query({ x }), { name: 'x', min: 2, max: 2 ** 47 })
  assert.equal(read('140737488355328'), 2 ** 47)
  assert.equal(read('002'), 2)
  for (const text of ['', '-1', '+3', '3.0', '1e3', '0x10', ' 3', '3 ', '٣', '99999999999999999', 'NaN']) {
    refuses(() => read(text), 'REQUEST_INVALID')
  }
  for (const text of ['1', '140737488355329']) refuses(() => read(text), 'RANGE_INVALID')
  refuses(() => integer(query({}), { name: 'x', min: 0, max: 9 }), 'REQUEST_INVALID')
})

test('a range is half-open, inside the brick and not empty', () => {
  assert.deepEqual(range(query({ from: '0', to: '10' }), 10), { from: 0, to: 10 })
  for (const [from, to] of [
    ['0', '11'],
    ['5', '5'],
    ['6', '5'],
  ] as const) {
    refuses(() => range(query({ from, to }), 10), 'RANGE_INVALID')
  }
})

test('levels are even and no higher than the top', () => {
  for (const l of ['0', '2', '6']) assert.equal(level(query({ l }), 1), Number(l))
  for (const l of ['1', '3', '8']) refuses(() => level(query({ l }), 1), 'RANGE_INVALID')
})

test('runs come in the order asked for, as often as asked for', () => {
  const read = (i: string, at = 0) => runs(query({ i }), { level: at, end: 1000 })
  assert.deepEqual(read('7'), [7])
  assert.deepEqual(read('3-5,1,4-4'), [3, 4, 5, 1, 4])
  for (const text of ['', ',', '1,', '-1', '1-', '1--2', '1-2-3', 'a', '1, 2', '1;2', '1-2,', '0x1', '12345678901']) {
    refuses(() => read(text), 'REQUEST_INVALID')
  }
  refuses(() => read('5-4'), 'REQUEST_INVALID')
  refuses(() => read('1000'), 'RANGE_INVALID')
  refuses(() => read('0-9999999999'), 'RANGE_INVALID')
})

test('a batch has at most 8 MiB and 256 tiles', () => {
  const read = (i: string, at: number) => runs(query({ i }), { level: at, end: 10_000 })
  assert.equal(read('0-127', 0).length, 128)
  refuses(() => read('0-128', 0), 'REQUEST_INVALID')
  refuses(() => read('0-9999', 0), 'REQUEST_INVALID')
  assert.equal(read('0-255', 2).length, 256)
  assert.equal(read('0-127,128-255', 6).length, 256)
  refuses(() => read('0-127,128-256', 4), 'REQUEST_INVALID')
  refuses(() => read(Array.from({ length: 3000 }, () => '1').join(), 2), 'REQUEST_INVALID')
})

test('an entry is named by path or by pathHex, and the name could be one', () => {
  assert.deepEqual(entryPath(query({ path: 'a/ü' })), new TextEncoder().encode('a/ü'))
  assert.deepEqual(entryPath(query({ pathHex: '61ff' })), Uint8Array.of(0x61, 0xff))
  assert.equal(entryPath(query({ path: '' })).length, 0)
  for (const values of [{}, { path: 'a', pathHex: '61' }, { pathHex: '6' }, { pathHex: 'zz' }] as Record<
    string,
    string
  >[]) {
    refuses(() => entryPath(query(values)), 'REQUEST_INVALID')
  }
  for (const path of ['/etc/passwd', '../x', 'a/../b', 'a//b', 'a/', 'a\0b', './a']) {
    refuses(() => entryPath(query({ path })), 'REQUEST_INVALID')
  }
})

test('an encoding counts as accepted only where the client says so', () => {
  assert.ok(accepts('gzip, deflate, br, zstd', 'zstd'))
  assert.ok(accepts('ZSTD;q=0.5', 'zstd'))
  for (const header of [undefined, '', 'gzip', 'zstd;q=0', 'gzip, zstd; q=0.00', 'xzstd', '*']) {
    assert.ok(!accepts(header, 'zstd'), header)
  }
})
