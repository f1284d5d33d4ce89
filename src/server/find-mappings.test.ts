import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mappingMatches } from './find-mappings.ts'

const index = {
  columns: {
    sizes: Float64Array.of(0, 4096, 8192),
    mappings: new Map([
      [1, { label: '[heap] rw-p', address: '0x55550000', lead: 0 }],
      [2, { label: 'libc.so.6 r-xp', address: '0x7ffff7d00000', lead: 0 }],
    ]),
  },
}

test('a mapping is found by an address in it, and by what it is called', () => {
  assert.deepEqual(mappingMatches(index, '0x7ffff7d01fff'), [{ entry: 2, rank: 0, offset: 8191 }])
  assert.deepEqual(mappingMatches(index, '0x55550000'), [{ entry: 1, rank: 0, offset: 0 }])
  assert.deepEqual(mappingMatches(index, '0x55551000'), [])
  assert.deepEqual(mappingMatches(index, '0x5554ffff'), [])
  assert.deepEqual(mappingMatches(index, '[HEAP]'), [{ entry: 1, rank: 0 }])
  assert.deepEqual(mappingMatches(index, 'r-x'), [{ entry: 2, rank: 2 }])
  assert.deepEqual(mappingMatches(index, 'stack'), [])
})
