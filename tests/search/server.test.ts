/** Searching over HTTP: a stream of lines that ends, can be left at any time, and takes no more than its share. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { toHex } from '../../src/base/bytes.ts'
import { openCatalog } from '../../src/catalog/catalog-db.ts'
import { indexBrick } from '../../src/catalog/search-index.ts'
import type { NamesAnswer, SearchEnd, SearchHit, SearchMessage } from '../../src/wire/api.ts'
import { fold, infoOf } from '../server/brick-foundry.ts'
import { codeOf, type Reply } from '../server/client.ts'
import { type Fixture, fixture, strangeName } from '../server/fixture.ts'

const memory = join(import.meta.dirname, '../../spec/fixtures/memory.brick')

function messages({ status, body }: Reply): SearchMessage[] {
  assert.equal(status, 200, String(body))
  const lines = String(body).split('\n')
  assert.equal(lines.pop(), '')
  return lines.map((line) => JSON.parse(line) as SearchMessage)
}

function hitsOf(all: readonly SearchMessage[]): SearchHit[] {
  return all.flatMap((message) => (message.kind === 'part' ? message.hits : []))
}

function endOf(all: readonly SearchMessage[]): SearchEnd {
  const end = all.at(-1)
  assert.equal(end?.kind, 'end')
  return end as SearchEnd
}

/** A brick in which an expression takes many minutes. */
async function endless(t: TestContext, f: Fixture): Promise<string> {
  writeFileSync(join(f.folder, 'endless'), 'a'.repeat(4_000_000))
  const brick = join(f.folder, 'endless.brick')
  await fold(join(f.folder, 'endless'), brick)
  const { uuid, commit } = infoOf(f.foundry.open(brick))
  t.diagnostic(uuid)
  return `/b/${uuid}/${commit}/search?as=regex&q=${encodeURIComponent('[^]{0,60}[^]{0,60}\\d{30}')}`
}

/** An answer that is being read, or left. */
interface Open {
  readonly outgoing: ClientRequest
  readonly next: () => Promise<SearchMessage | undefined>
}

async function open(f: Fixture, path: string): Promise<Open> {
  const headers = { Host: `127.0.0.1:${f.server.port}`, Authorization: `Bearer ${f.foundry.token}` }
  const outgoing = request({ host: '127.0.0.1', port: f.server.port, path, headers, agent: false })
  outgoing.on('error', () => undefined)
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve)
    outgoing.on('error', reject)
    outgoing.end()
  })
  assert.equal(incoming.statusCode, 200)
  incoming.on('error', () => undefined)
  const lines = createInterface({ input: incoming })[Symbol.asyncIterator]()
  const next = async () => {
    const line = await lines.next()
    return line.done === true ? undefined : (JSON.parse(line.value) as SearchMessage)
  }
  return { outgoing, next }
}

test('hits come with their places and what stands around them, then the end', async (t) => {
  const f = await fixture(t)
  const all = messages(await f.get(`${f.at}/search?q=world`))
  const hits = hitsOf(all)
  assert.deepEqual(
    hits.map(({ path, offset, length, encoding, before, match, after }) => [
      ...[path, offset, length, encoding],
      before + match + after,
    ]),
    [['hello.txt', 7, 5, 'utf-8', 'hello, world ']],
  )
  const entry = f.view.entry(Buffer.from('hello.txt'))
  assert.equal(hits[0]?.start, (entry?.slot?.start ?? 0) + 7)
  const end = endOf(all)
  assert.deepEqual([end.reason, end.done.hits, end.unknownBytes], ['complete', 1, 0])
  assert.deepEqual([end.done.bytes, end.done.totalBytes], [f.view.record.length, f.view.record.length])
  const strange = hitsOf(messages(await f.get(`${f.at}/search?q=STRANGE&case=any`)))
  assert.deepEqual(
    strange.map(({ path, pathHex }) => [path, pathHex]),
    [[undefined, strangeName.toString('hex')]],
  )
})

test('hex, expressions, a limit, counting on, and a place to begin', async (t) => {
  const f = await fixture(t)
  const search = async (query: string) => messages(await f.get(`${f.at}/search?${query}`))
  assert.equal(
    endOf(await search(`as=hex&q=${encodeURIComponent('07 07 ?7 07')}&then=count&limit=1`)).done.hits,
    49_152,
  )
  const lines = await search(`as=regex&q=${encodeURIComponent('^a line .* well$')}&limit=3`)
  assert.deepEqual([hitsOf(lines).length, endOf(lines).reason], [3, 'limit'])
  const counted = await search(`q=line&limit=3&then=count&from=${f.view.record.length - 1}`)
  assert.deepEqual([hitsOf(counted).length, endOf(counted).done.hits], [3, 10_000])
  const tiles = counted.flatMap((message) => (message.kind === 'part' ? message.tiles : []))
  assert.equal(
    tiles.reduce((sum, [, count]) => sum + count, 0),
    10_000,
  )
  for (const query of ['', 'q=', 'q=a&as=x', 'q=a&case=x', 'q=a&limit=0', 'q=a&then=x', 'q=a&from=-1', 'q=7&as=hex']) {
    assert.equal((await f.get(`${f.at}/search?${query}`)).status, 400, query)
  }
  assert.equal((await f.get(`${f.at}/search?q=${'a'.repeat(1_025)}`)).status, 400)
  assert.equal((await f.post(`${f.at}/search?q=a`, {})).status, 405)
  assert.equal((await f.get(`/b/${f.uuid}/${'0'.repeat(64)}/search?q=a`)).status, 410)
})

test('a search that is left frees its place at once, those beyond some wait, those beyond many are refused', async (t) => {
  const f = await fixture(t)
  const path = await endless(t, f)
  const [first, ...others] = await Promise.all(Array.from({ length: 6 }, () => open(f, path)))
  const third = await open(f, `${f.at}/search?as=regex&q=w.rld`)
  assert.deepEqual(await third.next(), { kind: 'waiting' })
  const waiting = await Promise.all(Array.from({ length: 15 }, () => open(f, path)))
  const refused = await f.get(path)
  assert.deepEqual([refused.status, codeOf(refused), refused.headers['retry-after']], [429, 'TOO_MANY_REQUESTS', '5'])
  // Those who wait may leave, too; the third comes next.
  for (const one of waiting) one.outgoing.destroy()
  // What is no expression does not wait for expressions.
  assert.equal(endOf(messages(await f.get(`${f.at}/search?q=world`))).reason, 'complete')
  first?.outgoing.destroy()
  const rest: SearchMessage[] = []
  for (let next = await third.next(); next !== undefined; next = await third.next()) rest.push(next)
  assert.deepEqual([hitsOf(rest).length, endOf(rest).reason], [1, 'complete'])
  for (const other of others) other.outgoing.destroy()
  assert.equal(endOf(messages(await f.get(`${f.at}/search?q=world`))).reason, 'complete')
  assert.deepEqual(f.reported, [])
})

test('names are found in the newest commits, with where they are now', async (t) => {
  const f = await fixture(t)
  const view = f.foundry.open(memory)
  const none = JSON.parse(String((await f.get('/search?q=main')).body)) as NamesAnswer
  assert.deepEqual(none, { hits: [], truncated: false, behind: [f.uuid, toHex(view.record.uuid)] })
  const catalogPath = join(f.folder, 'catalog.db')
  Object.assign(f.foundry, { catalogPath })
  const catalog = openCatalog(catalogPath)
  const work = { signal: new AbortController().signal, pause: async () => undefined }
  await indexBrick(view, catalog, work)
  const names = async (query: string) => {
    const reply = await f.get(`/search?${query}`)
    assert.equal(reply.status, 200, String(reply.body))
    return JSON.parse(String(reply.body)) as NamesAnswer
  }
  const main = await names('q=MAIN')
  assert.deepEqual(main.behind, [f.uuid])
  assert.deepEqual(
    main.hits.map(({ uuid, kind, name, class: kindOfRegion, start, length }) => [
      uuid,
      kind,
      name,
      kindOfRegion,
      start,
      length,
    ]),
    [[toHex(view.record.uuid), 'symbol', 'main', 'symbol', 64, 128]],
  )
  await indexBrick(f.view, catalog, work)
  catalog.close()
  const linked = await names(`q=link&kind=path&brick=${f.uuid}`)
  assert.deepEqual(
    linked.hits.map(({ path, name, class: kind }) => [path, name, kind]),
    [
      ['sub/link', 'sub/link', 'file'],
      ['sub/symlink', 'sub/symlink', 'symlink'],
    ],
  )
  assert.equal(linked.hits[0]?.start, f.view.entry(Buffer.from('hello.txt'))?.slot?.start)
  assert.deepEqual((await names('q=small&limit=2')).truncated, true)
  for (const query of ['', 'q=', 'q=a&kind=x', 'q=a&limit=0'])
    assert.equal((await f.get(`/search?${query}`)).status, 400)
})
