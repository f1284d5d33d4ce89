import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openCatalog } from './catalog-db.ts'
import { openReportCache } from './report-cache.ts'

function place(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-catalog-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'catalog.db')
}

const key = new Uint8Array(32).fill(7)

test('a catalog that cannot be had is told of once, keeps nothing, and is had when it can be', (t) => {
  const path = place(t)
  mkdirSync(path)
  const told: string[] = []
  const catalog = openCatalog(path, ({ code }) => told.push(code))
  t.after(() => catalog.close())
  const cache = openReportCache(catalog)
  cache.put(key, 'kept')
  cache.flush()
  catalog.retry()
  assert.equal(cache.get(key), undefined)
  assert.deepEqual(told, ['DISK_FAILED'])
  rmSync(path, { recursive: true })
  catalog.retry()
  cache.put(key, 'kept')
  cache.flush()
  assert.equal(cache.get(key), 'kept')
  assert.deepEqual(told, ['DISK_FAILED'])
})

test('garbage where the catalog is gets out of the way', (t) => {
  const path = place(t)
  writeFileSync(path, Buffer.alloc(20_000, 0x5a))
  const catalog = openCatalog(path, ({ message }) => assert.fail(message))
  t.after(() => catalog.close())
  const cache = openReportCache(catalog)
  cache.put(key, [1, 2])
  cache.flush()
  assert.deepEqual(cache.get(key), [1, 2])
})
