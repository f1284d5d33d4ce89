import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesKey, utf8 } from '../base/bytes.ts'
import { PathTable } from './path-table.ts'

test('a table of paths answers as a map of them', () => {
  const paths = fc.array(fc.oneof(fc.uint8Array({ maxLength: 6, max: 3 }), fc.uint8Array({ maxLength: 400 })), {
    maxLength: 3_000,
  })
  fc.assert(
    fc.property(paths, paths, (kept, asked) => {
      const table = new PathTable()
      const map = new Map<string, number>()
      for (const path of kept) {
        const row = table.add(path)
        if (!map.has(bytesKey(path))) map.set(bytesKey(path), map.size)
        assert.equal(row, map.get(bytesKey(path)))
      }
      assert.equal(table.count, map.size)
      table.trim()
      for (const path of [...kept, ...asked]) assert.equal(table.rowOf(path), map.get(bytesKey(path)))
      const added = table.add(utf8('/a path of its own, after the room was given back'))
      assert.equal(added, map.size)
    }),
    { numRuns: 30 },
  )
})

test('a path that is too long is not kept and not found', () => {
  const table = new PathTable()
  const long = new Uint8Array(70_000).fill(0x61)
  assert.equal(table.add(long), undefined)
  assert.equal(table.rowOf(long), undefined)
  assert.equal(table.count, 0)
})
