import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { toHex } from '../../src/base/bytes.ts'
import { IndexCache } from '../../src/server/index-cache.ts'
import type { BrickView } from '../../src/store/brick-view.ts'
import type { BricksAnswer, EntryOutline, FindAnswer, InspectAnswer, OutlinesAnswer } from '../../src/wire/api.ts'
import { BrickFoundry, fold, infoOf } from './brick-foundry.ts'
import { codeOf, json } from './client.ts'
import { damage, type Fixture, fixture, foldChange, strangeName } from './fixture.ts'

async function find({ get }: Fixture, query: string): Promise<FindAnswer> {
  const reply = await get(`/api/find?${query}`)
  assert.equal(reply.status, 200, query)
  return json(reply) as FindAnswer
}

const paths = ({ hits }: FindAnswer) => hits.map(({ path, pathHex }) => path ?? pathHex)

test('the bricks are told with the place in the feed that they are of', async (t) => {
  const f = await fixture(t)
  f.foundry.sequence = 41
  const answer = json(await f.get('/api/bricks')) as BricksAnswer
  assert.deepEqual(answer, {
    version: f.foundry.version,
    host: 'test',
    epoch: 'epoch-1',
    sequence: 41,
    bricks: [infoOf(f.view)],
  })
})

test('outlines of the whole brick are all its slots and the directories above them', async (t) => {
  const f = await fixture(t)
  const reply = await f.get(`${f.at}/outlines?from=0&to=${f.view.record.length}`)
  const answer = json(reply) as OutlinesAnswer
  const slots = [...f.view.slots({ start: 0, length: f.view.record.length })]
  assert.deepEqual(
    answer.entries.map(({ path, pathHex, slot }) => ({ slot, path: path ?? pathHex })),
    slots.map(({ slot, path }) => ({ slot, path: path.includes(0xff) ? toHex(path) : Buffer.from(path).toString() })),
  )
  assert.deepEqual(
    answer.directories.map(({ path, depth }) => [path, depth]),
    [
      ['', 0],
      ['sub', 1],
      ['sub/deep', 2],
    ],
  )
  assert.equal(answer.truncated, false)
  const sparse = answer.entries.find(({ path }) => path === 'sparse')
  assert.deepEqual([sparse?.kind, sparse?.size, sparse?.flags.includes('sparse')], ['file', 600_000, true])
})

test('an entry is found by its name, by its whole path and by the path on the disk', async (t) => {
  const f = await fixture(t)
  assert.deepEqual(paths(await find(f, 'q=noise')), ['sub/noise'])
  assert.deepEqual(paths(await find(f, 'q=sub%2Fdeep%2Ftext')), ['sub/deep/text'])
  assert.deepEqual(paths(await find(f, 'q=%2Fnowhere%2Fhello.txt')), [])
  assert.deepEqual(paths(await find(f, 'q=NOISE')), ['sub/noise'])
  assert.deepEqual(paths(await find(f, `q=${encodeURIComponent(join(f.source, 'hello.txt'))}`)), ['hello.txt'])
  const small = await find(f, 'q=small-&limit=7')
  assert.deepEqual([small.hits.length, small.truncated], [7, true])
  assert.ok(small.hits.every(({ uuid }) => uuid === f.uuid))
})

test('a search looks at every brick', async (t) => {
  const f = await fixture(t)
  const other = join(f.folder, 'other.brick')
  await fold(join(f.source, 'sub'), other)
  const uuid = toHex(f.foundry.open(other).record.uuid)
  const found = (await find(f, 'q=noise')).hits.map((hit) => [hit.uuid, hit.path])
  assert.deepEqual(
    found.sort(),
    [
      [f.uuid, 'sub/noise'],
      [uuid, 'noise'],
    ].sort(),
  )
})

test('a brick that cannot be read hides no hits of another, and it is said that there may be more', async (t) => {
  const f = await fixture(t)
  const other = join(f.folder, 'other.brick')
  await fold(join(f.source, 'sub'), other)
  const { record } = f.foundry.open(other)
  damage(other, record.entries.pointer.offset)
  const answer = await find(f, 'q=noise')
  assert.deepEqual([paths(answer), answer.truncated], [['sub/noise'], true])
  assert.equal((f.reported[0] as { code?: string }).code, 'BRICK_DAMAGED')
  const { uuid, commit } = infoOf(f.foundry.newest(toHex(record.uuid)) as BrickView)
  const outlines = await f.get(`/b/${uuid}/${commit}/outlines?from=0&to=64`)
  assert.deepEqual([outlines.status, codeOf(outlines)], [500, 'BRICK_DAMAGED'])
})

test('a search for nothing, for too much or with a wrong limit is refused', async (t) => {
  const f = await fixture(t)
  for (const query of [
    '',
    'q=',
    'q=%20',
    'q=a%00b',
    `q=${'a'.repeat(5000)}`,
    'q=a&limit=0',
    'q=a&limit=101',
    'q=a&limit=x',
  ]) {
    assert.equal((await f.get(`/api/find?${query}`)).status, 400, query)
  }
})

test('one entry comes by its exact path, whatever its bytes', async (t) => {
  const f = await fixture(t)
  const one = async (query: string): Promise<EntryOutline | undefined> => {
    const reply = await f.get(`${f.at}/entries?${query}`)
    return reply.status === 200 ? (json(reply) as FindAnswer).hits[0] : undefined
  }
  assert.deepEqual((await one('path=sub'))?.kind, 'dir')
  assert.deepEqual((await one('path=sub/symlink'))?.slot, { start: 0, length: 0 })
  assert.deepEqual((await one('path=sub/link'))?.slot, (await one('path=hello.txt'))?.slot)
  const strange = await one(`pathHex=${toHex(strangeName)}`)
  assert.deepEqual([strange?.pathHex, strange?.path, strange?.size], [toHex(strangeName), undefined, 7])
  const missing = await f.get(`${f.at}/entries?path=sub/Noise`)
  assert.deepEqual([missing.status, codeOf(missing)], [404, 'ENTRY_MISSING'])
  assert.equal((await f.get(`${f.at}/entries?path=../etc/passwd`)).status, 400)
  const under = json(await f.get(`${f.at}/entries?prefix=sub/deep/small-1`)) as FindAnswer
  assert.equal(under.hits.length, 11)
})

test('what is at a place is the byte of the file that lies there', async (t) => {
  const f = await fixture(t)
  const at = async (offset: number) => json(await f.get(`${f.at}/at?offset=${offset}`)) as InspectAnswer
  for (const name of ['hello.txt', 'sub/noise', 'sub/sevens', 'sub/deep/text', 'sparse']) {
    const content = readFileSync(join(f.source, name))
    const slot = f.view.entry(Buffer.from(name))?.slot
    assert.ok(slot)
    for (const within of [0, 3, 5_000, content.length - 1].filter((place) => place < content.length)) {
      const answer = await at(slot.start + within)
      assert.equal(answer.entry?.path, name)
      assert.equal(answer.entry?.offset, within)
      assert.equal(answer.tile.hash, toHex(f.view.tileHash(answer.tile.index)))
      const isHole = name === 'sparse' && within > 0 && content[within] === 0
      assert.equal(answer.byte, isHole ? null : content[within], `${name} ${within}`)
    }
  }
  const noise = f.view.entry(Buffer.from('sub/noise'))
  const answer = await at(noise?.slot?.start ?? 0)
  assert.ok((answer.entropy ?? 0) > 6.5, `random bytes have the entropy ${answer.entropy}`)
  assert.equal(answer.entry?.contentId, toHex(noise?.contentId ?? new Uint8Array()))
  assert.match(answer.entry?.mode ?? '', /^-rw-/)
  assert.match(answer.entry?.mtime ?? '', /^20\d\d-\d\d-\d\dT[\d:]{8}\.\d{9}Z$/)
  const sevens = await at(f.view.entry(Buffer.from('sub/sevens'))?.slot?.start ?? 0)
  assert.deepEqual([sevens.byte, sevens.entropy, sevens.tile.kind], [7, 0, 'fill'])
})

test('the rest of a slot and free space hold no byte', async (t) => {
  const f = await fixture(t)
  const { slot, size = 0 } = f.view.entry(Buffer.from('hello.txt')) ?? {}
  const rest = json(await f.get(`${f.at}/at?offset=${(slot?.start ?? 0) + size}`)) as InspectAnswer
  assert.deepEqual([rest.byte, rest.entry?.path, rest.entry?.offset], [null, 'hello.txt', size])
  const slots = [...f.view.slots({ start: 0, length: f.view.record.length })]
  const gap = slots
    .map((item) => item.slot.start + item.slot.length)
    .find((end) => !slots.some((item) => item.slot.start === end))
  assert.ok(gap !== undefined && gap < f.view.record.length, 'the fixture has no free space')
  const free = json(await f.get(`${f.at}/at?offset=${gap}`)) as InspectAnswer
  assert.deepEqual([free.byte, free.entry], [null, null])
})

test('a place outside the brick is refused', async (t) => {
  const f = await fixture(t)
  const { length } = f.view.record
  assert.equal((await f.get(`${f.at}/at?offset=${length - 1}`)).status, 200)
  for (const query of [`offset=${length}`, 'offset=-1', 'offset=', '', 'offset=1.5', 'offset=9007199254740993']) {
    assert.equal((await f.get(`${f.at}/at?${query}`)).status, 400, query)
  }
})

test('bytes of a range come as they are, to be saved and not shown', async (t) => {
  const f = await fixture(t)
  const slot = f.view.entry(Buffer.from('sub/noise'))?.slot
  assert.ok(slot)
  const reply = await f.get(`${f.at}/bytes?from=${slot.start + 10}&to=${slot.start + 150_000}`)
  assert.ok(reply.body.equals(readFileSync(join(f.source, 'sub/noise')).subarray(10, 150_000)))
  assert.equal(reply.headers['content-type'], 'application/octet-stream')
  assert.match(String(reply.headers['content-disposition']), /^attachment; filename="[\w.-]+"$/)
  assert.match(String(reply.headers['content-security-policy']), /^sandbox;/)
  assert.equal(reply.headers['cache-control'], 'no-store')
  for (const query of [
    'from=5&to=5',
    'from=6&to=5',
    'from=0',
    `from=0&to=${f.view.record.length + 1}`,
    'from=a&to=b',
  ]) {
    assert.equal((await f.get(`${f.at}/bytes?${query}`)).status, 400, query)
  }
})

test('at most 1 MiB of bytes comes at once', async (t) => {
  const f = await fixture(t)
  assert.ok(f.view.record.length > 2 ** 20, `the fixture has only ${f.view.record.length} bytes`)
  assert.equal((await f.get(`${f.at}/bytes?from=0&to=${2 ** 20}`)).body.length, 2 ** 20)
  const more = await f.get(`${f.at}/bytes?from=0&to=${2 ** 20 + 1}`)
  assert.deepEqual([more.status, codeOf(more)], [400, 'RANGE_INVALID'])
})

test('the index of a new commit, made from the one before, is the one made anew', async (t) => {
  const f = await fixture(t)
  const pause = async () => undefined
  const columnsOf = async (cache: IndexCache, view: BrickView) => {
    const { index } = await cache.of(view)
    return { ...index.columns, bySlot: index.bySlot }
  }
  const cache = new IndexCache(pause)
  const first = await columnsOf(cache, f.view)
  const newest = await foldChange(f)
  const [updated, anew] = [await columnsOf(cache, newest), await columnsOf(new IndexCache(pause), newest)]
  assert.deepEqual(updated, anew)
  assert.notDeepEqual(updated.text, first.text)
  assert.equal(await cache.of(newest), await cache.of(newest))
})

test('an index is made anew where the commit before cannot be read any more', async (t) => {
  const f = await fixture(t)
  const pause = async () => undefined
  const cache = new IndexCache(pause)
  await cache.of(f.view)
  const newest = await foldChange(f)
  damage(f.brick, f.view.record.entries.pointer.offset)
  const { index } = await cache.of(newest)
  assert.deepEqual(index.columns, (await new IndexCache(pause).of(newest)).index.columns)
})

test('a commit whose index is asked for by many at once is read once', async (t) => {
  const f = await fixture(t)
  const cache = new IndexCache(async () => undefined)
  const made = await Promise.all([cache.of(f.view), cache.of(f.view), cache.of(f.view)])
  assert.equal(new Set(made.map(({ index }) => index)).size, 1)
})

test('an empty brick is answered, too', async (t) => {
  const f = await fixture(t)
  const foundry = new BrickFoundry()
  t.after(() => foundry.close())
  const brick = join(f.folder, 'empty.brick')
  await fold(join(f.source, 'empty'), brick)
  const { uuid, commit } = infoOf(f.foundry.open(brick))
  assert.equal((await f.get(`/b/${uuid}/${commit}/tiles?l=0&i=0`)).headers['x-sfd-tiles'], 'a')
  assert.equal((await f.get(`/b/${uuid}/${commit}/tiles?l=6&i=0`)).headers['x-sfd-tiles'], 'a')
  assert.equal((await f.get(`/b/${uuid}/${commit}/outlines?from=0&to=1`)).status, 400)
  const at = json(await f.get(`/b/${uuid}/${commit}/at?offset=0`)) as InspectAnswer
  assert.deepEqual([at.byte, at.entry, at.entropy, at.tile.kind], [null, null, null, 'absent'])
})
