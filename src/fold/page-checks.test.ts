import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import type { ReadResult } from '../source/read.ts'
import { pageChecks } from './page-checks.ts'

const page = 4_096
const content = Uint8Array.from({ length: 10 * page }, (_, i) => (i * 7 + (i >> 8)) & 0xff)

/** [first page, crcs] of a read of [offset, offset + length). */
function checks(offset: number, length: number, how: Partial<ReadResult> = {}): [number, number[]][] {
  const read = { bytesRead: length, unreadable: [], ...how }
  return [...pageChecks(content.subarray(offset, offset + length), offset, read)].map(({ start, crcs }) => [
    start / page,
    [...crcs],
  ])
}

function crcsOf(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, i) =>
    crc32(content.subarray((first + i) * page, (first + i + 1) * page)),
  )
}

test('every page of a read that begins and ends at pages is told', () => {
  assert.deepEqual(checks(2 * page, 3 * page), [[2, crcsOf(2, 5)]])
})

test('a page that is read only in part is not told', () => {
  assert.deepEqual(checks(page + 1, 3 * page), [[2, crcsOf(2, 4)]])
  assert.deepEqual(checks(page + 1, 10), [])
})

test('of a read that ends early the pages that were read are told', () => {
  assert.deepEqual(checks(0, 4 * page, { bytesRead: 2 * page + 5 }), [[0, crcsOf(0, 2)]])
})

test('pages that could not be read are left out', () => {
  const unreadable = [
    { start: page, length: page },
    { start: 3 * page, length: 2 * page },
  ]
  assert.deepEqual(checks(page, 6 * page, { unreadable }), [
    [1, crcsOf(1, 2)],
    [3, crcsOf(3, 4)],
    [6, crcsOf(6, 7)],
  ])
})
