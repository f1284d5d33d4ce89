import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { decompress } from 'fzstd'
import { FrameType } from '../../src/brick/frame.ts'
import { hasFrame } from '../../src/brick/tile-kind.ts'
import { startServer } from '../../src/server/start.ts'
import { tileBytes, tileKindsHeader, tileSpan } from '../../src/wire/api.ts'
import { BrickFoundry, fold, infoOf } from './brick-foundry.ts'
import { ask, codeOf, json } from './client.ts'
import { damage, type Fixture, fixture, foldChange } from './fixture.ts'

/** Checks one batch against the view, tile for tile; returns the letters of the kinds. */
async function checkBatch(
  { get, at, view }: Fixture,
  batch: { level: number; runs: string; indexes: readonly number[]; encoding: 'zstd' | 'identity' },
): Promise<string[]> {
  const { level, runs, indexes, encoding } = batch
  const reply = await get(`${at}/tiles?l=${level}&i=${runs}`, { 'Accept-Encoding': encoding })
  assert.equal(reply.status, 200)
  const kinds = String(reply.headers[tileKindsHeader]).split(',')
  const storedCount = kinds.filter((kind) => kind === 's').length
  const isCoded = encoding === 'zstd' && storedCount > 0
  assert.equal(reply.headers['content-encoding'], isCoded ? 'zstd' : undefined)
  const body = isCoded ? decompress(reply.body) : reply.body
  assert.equal(body.length, storedCount * tileBytes(level))
  let at2 = 0
  for (const [i, index] of indexes.entries()) {
    const located = level === 0 ? view.locateTile(index) : view.locatePage(level, index)
    const kind = kinds[i] as string
    assert.equal(kind === 's', hasFrame(located.kind), `${level}/${index}: ${kind}`)
    if (kind !== 's') {
      assert.match(kind, level === 0 ? /^(a|h|u|p|f[0-9a-f]{2})$/ : /^a$/)
      if (kind.startsWith('f'))
        assert.deepEqual(view.tile(index), new Uint8Array(65_536).fill(Number.parseInt(kind.slice(1), 16)))
      continue
    }
    const expected = level === 0 ? view.tile(index) : view.file.frame(FrameType.overview, located.pointer, view.record)
    assert.ok(Buffer.from(expected).equals(body.subarray(at2, at2 + tileBytes(level))), `${level}/${index}`)
    at2 += tileBytes(level)
  }
  return kinds
}

test('every tile and every page comes back as the brick has it, coded and plain', async (t: TestContext) => {
  const f = await fixture(t)
  const { length, height } = f.view.record
  const seen = new Set<string>()
  for (let level = 0; level <= 4 * height + 2; level += 2) {
    const count = Math.ceil(length / tileSpan(level))
    const indexes = Array.from({ length: count }, (_, i) => i)
    for (const encoding of ['zstd', 'identity'] as const) {
      const kinds = await checkBatch(f, { level, runs: `0-${count - 1}`, indexes, encoding })
      for (const kind of kinds) seen.add(kind)
    }
  }
  for (const kind of ['s', 'h', 'f07']) assert.ok(seen.has(kind), `no tile of the kind ${kind}: ${[...seen]}`)
})

test('tiles come in the order asked for, also twice', async (t) => {
  const f = await fixture(t)
  await checkBatch(f, { level: 0, runs: '3,0-2,2,1', indexes: [3, 0, 1, 2, 2, 1], encoding: 'zstd' })
})

test('a tile that the end of the brick cuts is as long as the others', async (t) => {
  const f = await fixture(t)
  const brick = join(f.folder, 'one.brick')
  await fold(join(f.source, 'hello.txt'), brick)
  const view = f.foundry.open(brick)
  assert.ok(view.record.length < 65_536, `the brick of one small file is ${view.record.length} bytes long`)
  const { uuid, commit } = infoOf(view)
  for (const encoding of ['zstd', 'identity'] as const) {
    await checkBatch({ ...f, view, at: `/b/${uuid}/${commit}` }, { level: 0, runs: '0', indexes: [0], encoding })
  }
})

test('tiles of a source that everyone may read are kept by the browser alone', async (t) => {
  const f = await fixture(t)
  assert.equal(f.view.meta.worldReadable, true)
  const reply = await f.get(`${f.at}/tiles?l=0&i=0`, { 'Accept-Encoding': 'zstd' })
  assert.equal(reply.headers['cache-control'], 'private, max-age=31536000, immutable')
  assert.equal(reply.headers.vary, 'Accept-Encoding')
  assert.match(String(reply.headers['content-security-policy']), /^sandbox/)
})

test('levels, runs and batches that cannot be are refused, each by its reason', async (t) => {
  const { get, at, view } = await fixture(t)
  const end = Math.ceil(view.record.length / 65_536)
  for (const [query, code] of [
    ['', 'REQUEST_INVALID'],
    ['l=0', 'REQUEST_INVALID'],
    ['i=0', 'REQUEST_INVALID'],
    ['l=1&i=0', 'RANGE_INVALID'],
    ['l=8&i=0', 'RANGE_INVALID'],
    ['l=-2&i=0', 'REQUEST_INVALID'],
    ['l=0&i=', 'REQUEST_INVALID'],
    ['l=0&i=1-0', 'REQUEST_INVALID'],
    ['l=0&i=x', 'REQUEST_INVALID'],
    [`l=0&i=${end}`, 'RANGE_INVALID'],
    [`l=0&i=0-${end}`, 'RANGE_INVALID'],
    ['l=6&i=1', 'RANGE_INVALID'],
    [`l=0&i=${'0,'.repeat(128)}0`, 'REQUEST_INVALID'],
    [`l=2&i=${'0,'.repeat(256)}0`, 'REQUEST_INVALID'],
  ] as const) {
    const reply = await get(`${at}/tiles?${query}`)
    assert.deepEqual([reply.status, codeOf(reply)], [400, code], query)
  }
  assert.equal((await get(`${at}/tiles?l=0&i=${'0,'.repeat(127)}0`)).status, 200)
})

test('an unknown brick is 404, a malformed name 400, a commit that is gone 410 with the newest', async (t) => {
  const f = await fixture(t)
  const [uuid, commit] = f.at.split('/').slice(2) as [string, string]
  for (const [path, status, code] of [
    [`/b/${'0'.repeat(32)}/${commit}/tiles?l=0&i=0`, 404, 'BRICK_MISSING'],
    [`/b/${uuid.toUpperCase()}x/${commit}/tiles?l=0&i=0`, 400, 'REQUEST_INVALID'],
    [`/b/..%2f..%2fetc/${commit}/tiles?l=0&i=0`, 400, 'REQUEST_INVALID'],
    [`/b/${uuid}/HEAD/tiles?l=0&i=0`, 400, 'REQUEST_INVALID'],
    [`/b/${uuid}/${'0'.repeat(64)}/at?offset=0`, 410, 'COMMIT_GONE'],
    [`/b/${uuid}/${commit}/nothing`, 404, 'NOT_FOUND'],
  ] as const) {
    const reply = await f.get(path)
    assert.deepEqual([reply.status, codeOf(reply)], [status, code], path)
  }
  const newest = await foldChange(f)
  assert.equal((await f.get(`${f.at}/tiles?l=0&i=0`)).status, 200)
  f.foundry.views.set(uuid, [newest])
  for (const what of ['tiles?l=0&i=0', 'outlines?from=0&to=9', 'at?offset=0', 'bytes?from=0&to=9', 'entries?path=x']) {
    const reply = await f.get(`${f.at}/${what}`)
    assert.equal(reply.status, 410, what)
    assert.equal((json(reply) as { commit: string }).commit, infoOf(newest).commit)
  }
})

test('a commit that is dropped while it is read is 410, not an error of the inside', async (t) => {
  const f = await fixture(t)
  const newest = await foldChange(f)
  const { view } = f
  f.foundry.view = () => {
    f.foundry.view = () => undefined
    view.file.close()
    return view
  }
  const reply = await f.get(`${f.at}/outlines?from=0&to=9`)
  assert.deepEqual([reply.status, (json(reply) as { commit: string }).commit], [410, infoOf(newest).commit])
  assert.deepEqual(f.reported, [])
})

test('a damaged tile is marked, the others come whole, and the answer is not kept', async (t) => {
  const f = await fixture(t)
  const copy = join(f.folder, 'damaged.brick')
  copyFileSync(f.brick, copy)
  const end = Math.ceil(f.view.record.length / 65_536)
  const stored = Array.from({ length: end }, (_, i) => i).filter((i) => hasFrame(f.view.locateTile(i).kind))
  const { pointer } = f.view.locateTile(stored[1] as number)
  damage(copy, pointer.offset)
  const foundry = new BrickFoundry()
  const view = foundry.open(copy)
  t.after(() => foundry.close())
  const server = await startServer(foundry, { port: 'any', portsTried: 1, mapFolder: '' })
  t.after(() => server.close())
  const { uuid, commit } = infoOf(view)
  const runs = stored.slice(0, 3).join()
  const headers = { Authorization: `Bearer ${foundry.token}` }
  const reply = await ask(server, `/b/${uuid}/${commit}/tiles?l=0&i=${runs}`, { headers })
  assert.equal(reply.headers[tileKindsHeader], 's,u,s')
  assert.equal(reply.headers['cache-control'], 'private, no-store')
  assert.ok(reply.body.equals(Buffer.concat([view.tile(stored[0] as number), view.tile(stored[2] as number)])))
  const bytes = await ask(server, `/b/${uuid}/${commit}/bytes?from=0&to=${view.record.length}`, { headers })
  assert.deepEqual(
    [bytes.status, codeOf(bytes)],
    view.record.length > 2 ** 20 ? [400, 'RANGE_INVALID'] : [500, 'BRICK_DAMAGED'],
  )
})
