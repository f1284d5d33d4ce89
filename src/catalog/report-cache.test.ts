import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { openCatalog, temporaryCatalog } from './catalog-db.ts'
import { openReportCache } from './report-cache.ts'

function catalogPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-catalog-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'catalog.db')
}

const keyOf = (name: number | string) => new Uint8Array(createHash('sha256').update(String(name)).digest())
/** Does not get smaller by packing. */
const noise = (name: number, bytes: number) =>
  Array.from({ length: Math.ceil(bytes / 32) }, (_, index) =>
    Buffer.from(keyOf(`${name} ${index}`)).toString('base64'),
  ).join('')

/** Opens, uses, closes: the next one sees only what lies on disk. */
function once<T>(path: string, use: (cache: ReturnType<typeof openReportCache>) => T, bytesMax?: number): T {
  const catalog = openCatalog(path)
  const cache = openReportCache(catalog, bytesMax === undefined ? {} : { bytesMax })
  try {
    return use(cache)
  } finally {
    cache.close()
    catalog.close()
  }
}

test('what was kept is there after a restart, and other keys have nothing', (t) => {
  const path = catalogPath(t)
  const value = { regions: [{ name: 'ünïcode \u0000 \u001b[31m', offset: 2 ** 47 }], problems: [] }
  once(path, (cache) => cache.put(keyOf('a'), value))
  assert.deepEqual(
    once(path, (cache) => cache.get(keyOf('a'))),
    value,
  )
  assert.equal(
    once(path, (cache) => cache.get(keyOf('b'))),
    undefined,
  )
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('what was put is there at once, before it is written', (t) => {
  once(catalogPath(t), (cache) => {
    cache.put(keyOf('a'), 'first')
    cache.put(keyOf('a'), 'second')
    assert.equal(cache.get(keyOf('a')), 'second')
    cache.flush()
    assert.equal(cache.get(keyOf('a')), 'second')
  })
})

test('a partial answer is given back only after it came out so twice, a whole one replaces it', (t) => {
  const path = catalogPath(t)
  const get = () => once(path, (cache) => cache.get(keyOf('a')))
  const put = (completeness: 'part' | 'whole') =>
    once(path, (cache) => cache.put(keyOf('a'), completeness, completeness))
  put('part')
  assert.equal(get(), undefined)
  put('part')
  assert.equal(get(), 'part')
  put('whole')
  assert.equal(get(), 'whole')
})

test('above the bound what was not asked for the longest goes first', (t) => {
  const path = catalogPath(t)
  const bytesMax = 1_000_000
  for (const name of [1, 2, 3, 4]) once(path, (cache) => cache.put(keyOf(name), noise(name, 200_000)), bytesMax)
  assert.ok(once(path, (cache) => cache.get(keyOf(1)), bytesMax))
  once(path, (cache) => cache.put(keyOf(5), noise(5, 200_000)), bytesMax)
  const left = once(path, (cache) => [1, 2, 3, 4, 5].filter((name) => cache.get(keyOf(name)) !== undefined), bytesMax)
  assert.ok(left.includes(1) && left.includes(5) && !left.includes(2), `left were ${left}`)
  const sql = new DatabaseSync(path, { readOnly: true })
  const { bytes } = sql.prepare('select sum(size) as bytes from report').get() as { bytes: number }
  sql.close()
  assert.ok(bytes <= bytesMax, `${bytes} bytes were kept`)
})

test('a value that alone is above the bound is not kept, and what is there stays', (t) => {
  const path = catalogPath(t)
  once(path, (cache) => cache.put(keyOf(1), 'small'), 100_000)
  once(path, (cache) => cache.put(keyOf(2), noise(2, 200_000)), 100_000)
  assert.deepEqual(
    once(path, (cache) => [1, 2].map((name) => cache.get(keyOf(name))), 100_000),
    ['small', undefined],
  )
})

test('a catalog that is no database, is cut short, or of another schema is made anew', (t) => {
  const path = catalogPath(t)
  const fill = () => once(path, (cache) => cache.put(keyOf('a'), noise(1, 300_000)))
  const other = () => {
    fill()
    const sql = new DatabaseSync(path)
    sql.exec('drop table report; create table report(x); pragma user_version = 7')
    sql.close()
  }
  const cut = () => {
    fill()
    truncateSync(path, 20_000)
  }
  const damages = { text: () => writeFileSync(path, 'no database\n'.repeat(1_000)), cut, other }
  for (const [name, damage] of Object.entries(damages)) {
    damage()
    once(path, (cache) => {
      assert.equal(cache.get(keyOf('a')), undefined, name)
      cache.put(keyOf('b'), 'new')
    })
    assert.equal(
      once(path, (cache) => cache.get(keyOf('b'))),
      'new',
      name,
    )
  }
  assert.deepEqual(readdirSync(join(path, '..')), ['catalog.db'])
})

test('bytes that turned on the disk are noticed: the value is gone, never another one', (t) => {
  const path = catalogPath(t)
  const names = Array.from({ length: 40 }, (_, index) => index)
  const values = names.map((name) => noise(name, 20_000))
  once(path, (cache) => {
    for (const name of names) cache.put(keyOf(name), values[name])
  })
  const size = statSync(path).size
  const fd = openSync(path, 'r+')
  for (let at = 10_000; at < size; at += 37_003) writeSync(fd, Uint8Array.of(0x5a, 0xa5, 0x5a), 0, 3, at)
  closeSync(fd)
  once(path, (cache) => {
    for (const name of names) {
      const value = cache.get(keyOf(name))
      assert.ok(value === undefined || value === values[name], `value ${name} is another one`)
    }
    cache.put(keyOf('after'), 'works')
    cache.flush()
    assert.equal(cache.get(keyOf('after')), 'works')
  })
})

test('two connections use one catalog and see what the other keeps', (t) => {
  const path = catalogPath(t)
  const [one, two] = [openCatalog(path), openCatalog(path)]
  const caches = [openReportCache(one), openReportCache(two)] as const
  caches[0].put(keyOf('a'), 'from one')
  caches[0].flush()
  assert.equal(caches[1].get(keyOf('a')), 'from one')
  caches[1].put(keyOf('b'), 'from two')
  caches[1].flush()
  assert.equal(caches[0].get(keyOf('b')), 'from two')
  for (const cache of caches) cache.close()
  one.close()
  two.close()
})

test('where nothing can be written nothing is kept and nothing fails', (t) => {
  const path = catalogPath(t)
  mkdirSync(path)
  once(path, (cache) => {
    cache.put(keyOf('a'), 'lost')
    cache.flush()
    assert.equal(cache.get(keyOf('a')), undefined)
  })
})

test('a temporary catalog keeps what it is given while it is open', () => {
  const catalog = temporaryCatalog()
  const cache = openReportCache(catalog)
  cache.put(keyOf('a'), [1])
  cache.flush()
  assert.deepEqual(cache.get(keyOf('a')), [1])
  cache.close()
  catalog.close()
})
