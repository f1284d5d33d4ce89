/** Time travel over HTTP: every retained commit can be listed, viewed and compared, also after a compaction. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { ServedViews } from '../../src/daemon/served-views.ts'
import { startServer } from '../../src/server/start.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import type { BrickView } from '../../src/store/brick-view.ts'
import { BrickWriter } from '../../src/store/brick-writer.ts'
import { tagCommit } from '../../src/store/tags.ts'
import type { CommitsAnswer, DiffAnswer, FindAnswer, HeatAnswer, OutlinesAnswer } from '../../src/wire/api.ts'
import { compact } from '../store/states.ts'
import { BrickFoundry, fold, infoOf, random } from './brick-foundry.ts'
import { ask, codeOf, json, type Reply } from './client.ts'

/** Serves one brick as the daemon does. */
class HistoryFoundry extends BrickFoundry {
  readonly served: ServedViews

  constructor(brick: string) {
    super()
    this.served = new ServedViews(utf8(brick))
  }

  override bricks() {
    return this.served.newest === undefined ? [] : [infoOf(this.served.newest)]
  }

  override view(uuid: string, commit: string): BrickView | undefined {
    return uuid === this.uuid ? this.served.get(commit) : undefined
  }

  override newest(uuid: string): BrickView | undefined {
    return uuid === this.uuid ? this.served.newest : undefined
  }

  get uuid(): string {
    return this.served.newest === undefined ? '' : toHex(this.served.newest.record.uuid)
  }
}

interface Past {
  readonly source: string
  readonly brick: string
  readonly foundry: HistoryFoundry
  readonly get: (path: string) => Promise<Reply>
  /** Asks and expects 200; the path is below /b/UUID/. */
  readonly answer: <T>(path: string) => Promise<T>
  /** Folds what is there now, and tells the server. */
  readonly commit: () => Promise<string>
}

async function past(t: TestContext): Promise<Past> {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-history-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const [source, brick] = [join(folder, 'source'), join(folder, 'x.brick')]
  mkdirSync(join(source, 'sub'), { recursive: true })
  const foundry = new HistoryFoundry(brick)
  t.after(() => foundry.served.close())
  const server = await startServer(foundry, { port: 'any', portsTried: 1, mapFolder: join(folder, 'none') })
  t.after(() => server.close())
  const get = (path: string) => ask(server, path, { headers: { Authorization: `Bearer ${foundry.token}` } })
  return {
    source,
    brick,
    foundry,
    get,
    async answer<T>(path: string) {
      const reply = await get(`/b/${foundry.uuid}/${path}`)
      assert.equal(reply.status, 200, `${path}: ${reply.body}`)
      return json(reply) as T
    },
    async commit() {
      await fold(source, brick)
      const file = BrickFile.open(utf8(brick))
      foundry.served.add(file.readHeadOnce())
      file.close()
      return toHex((foundry.served.newest as BrickView).record.id)
    },
  }
}

const tile = 65_536
const noise = (seed: number, length: number) =>
  Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17) & 0xff))

test('commits are listed newest first, page by page, with tags and what each was', async (t) => {
  const { source, brick, foundry, answer, commit } = await past(t)
  const ids: string[] = []
  for (let i = 0; i < 12; i++) {
    writeFileSync(join(source, `file-${i}`), `content ${i}`)
    ids.unshift(await commit())
  }
  const { writer } = BrickWriter.open(utf8(brick), random)
  foundry.served.add(
    tagCommit(writer, { generation: 4, tag: 'ready', time: { seconds: 1_700_000_000, nanoseconds: 5 } }),
  )
  writer.close()
  const all = await answer<CommitsAnswer>('commits')
  assert.deepEqual([all.oldest, all.newest], [1, 13])
  assert.deepEqual(
    all.commits.map(({ generation }) => generation),
    [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1],
  )
  assert.deepEqual(
    all.commits.slice(1).map((each) => each.commit),
    ids,
  )
  assert.deepEqual(
    all.commits.filter(({ tag }) => tag !== null).map(({ generation, tag }) => [generation, tag]),
    [[4, 'ready']],
  )
  const [newest] = all.commits
  assert.deepEqual([newest?.time, newest?.dirtyTiles], ['2023-11-14T22:13:20.000000005Z', 0])
  assert.equal(newest?.treeHash, all.commits[1]?.treeHash)
  assert.equal(all.commits.find(({ generation }) => generation === 4)?.entryCount, 6)
  const page = await answer<CommitsAnswer>('commits?before=10&limit=3')
  assert.deepEqual(page.commits, all.commits.slice(4, 7))
  assert.deepEqual([page.oldest, page.newest], [1, 13])
  assert.deepEqual((await answer<CommitsAnswer>('commits?before=1')).commits, [])
})

test('any retained commit is viewed as it was; one that is none is gone, with the newest to take', async (t) => {
  const { source, foundry, get, answer, commit } = await past(t)
  const ids: string[] = []
  for (let i = 0; i < 14; i++) {
    writeFileSync(join(source, 'sub/changing'), noise(i, 5 * tile))
    writeFileSync(join(source, `sub/only-${i}`), `${i}`)
    if (i > 0) rmSync(join(source, `sub/only-${i - 1}`))
    ids.push(await commit())
  }
  for (const [i, id] of ids.entries()) {
    const { hits } = await answer<FindAnswer>(`${id}/entries?path=sub%2Fonly-${i}`)
    assert.equal(hits.length, 1, `commit ${i}`)
    const { entries } = await answer<OutlinesAnswer>(`${id}/outlines?from=0&to=${tile}`)
    assert.ok(entries.every(({ path }) => path === 'sub/changing' || path === `sub/only-${i}`))
    const { hits: changing } = await answer<FindAnswer>(`${id}/entries?path=sub%2Fchanging`)
    const start = changing[0]?.slot.start as number
    const { body } = await get(`/b/${foundry.uuid}/${id}/tiles?l=0&i=${start / tile}`)
    assert.deepEqual(body, noise(i, tile), `commit ${i}`)
  }
  const reply = await get(`/b/${foundry.uuid}/${'0'.repeat(64)}/at?offset=0`)
  assert.deepEqual([reply.status, codeOf(reply)], [410, 'COMMIT_GONE'])
  assert.equal((json(reply) as { commit: string }).commit, ids.at(-1))
})

test('the difference of two commits names its tiles and its entries, in both directions', async (t) => {
  const { source, answer, commit } = await past(t)
  writeFileSync(join(source, 'large'), noise(1, 6 * tile))
  writeFileSync(join(source, 'sub/moving'), noise(2, 1000))
  writeFileSync(join(source, 'going'), 'gone soon')
  const before = await commit()
  const changed = noise(1, 6 * tile)
  changed.write('!', 2 * tile + 5)
  writeFileSync(join(source, 'large'), changed)
  renameSync(join(source, 'sub/moving'), join(source, 'moved'))
  rmSync(join(source, 'going'))
  writeFileSync(join(source, 'come'), 'new')
  const after = await commit()
  const told = await answer<DiffAnswer>(`${after}/diff?from=${before}`)
  assert.deepEqual([told.from.generation, told.to.generation, told.truncated], [1, 2, false])
  const paths = told.entries.map(({ change, path, fromPath }) => [change, path, fromPath])
  assert.deepEqual(paths, [
    ['meta', '', undefined],
    ['added', 'come', undefined],
    ['removed', 'going', undefined],
    ['modified', 'large', undefined],
    ['moved', 'moved', 'sub/moving'],
    ['meta', 'sub', undefined],
  ])
  const large = told.entries.find(({ path }) => path === 'large')
  const tiles = (told.tiles ?? []).flatMap(([start, length]) => Array.from({ length }, (_, i) => start + i))
  assert.equal(told.tileCount, tiles.length)
  assert.ok(tiles.includes((large?.slot.start as number) / tile + 2))
  const back = await answer<DiffAnswer>(`${before}/diff?from=${after}`)
  assert.deepEqual(back.tiles, told.tiles)
  assert.deepEqual(
    back.entries.map(({ change, path }) => [change, path]),
    [
      ['meta', ''],
      ['removed', 'come'],
      ['added', 'going'],
      ['modified', 'large'],
      ['meta', 'sub'],
      ['moved', 'sub/moving'],
    ],
  )
  const same = await answer<DiffAnswer>(`${after}/diff?from=${after}`)
  assert.deepEqual([same.tiles, same.tileCount, same.entries], [[], 0, []])
  const cut = await answer<DiffAnswer>(`${after}/diff?from=${before}&limit=2`)
  assert.deepEqual([cut.entries, cut.truncated], [told.entries.slice(0, 2), true])
})

test('heat counts how often each tile changed, up to the commit that is asked', async (t) => {
  const { source, answer, commit } = await past(t)
  const bytes = noise(3, 8 * tile)
  let version = 60_000
  const write = () => writeFileSync(join(source, 'large'), bytes)
  write()
  const ids = [await commit()]
  for (const at of [1, 1, 5, 1]) {
    bytes.writeUInt16LE(++version, at * tile)
    write()
    ids.push(await commit())
  }
  const { entries } = await answer<OutlinesAnswer>(`${ids[0]}/outlines?from=0&to=${tile}`)
  const start = (entries[0]?.slot.start as number) / tile
  const heat = (id: string | undefined) => answer<HeatAnswer>(`${id}/heat`)
  assert.deepEqual(await heat(ids[4]), {
    runs: [
      [start + 1, 1, 3],
      [start + 5, 1, 1],
    ],
    blockTiles: 1,
    commits: 4,
    max: 3,
  })
  assert.deepEqual(await heat(ids[2]), { runs: [[start + 1, 1, 2]], blockTiles: 1, commits: 2, max: 2 })
  assert.deepEqual(await heat(ids[0]), { runs: [], blockTiles: 1, commits: 0, max: 0 })
})

test('after a compaction the same commit ids answer the same, out of the new file', async (t) => {
  const { source, brick, foundry, answer, get, commit } = await past(t)
  const ids: string[] = []
  for (let i = 0; i < 5; i++) {
    writeFileSync(join(source, 'changing'), noise(i, 3 * tile))
    writeFileSync(join(source, `sub/${i}`), `${i}`)
    ids.push(await commit())
  }
  const [first, , , , last] = ids as [string, string, string, string, string]
  const asked = ['commits', `${last}/diff?from=${first}`, `${last}/heat`, `${first}/entries?prefix=sub`]
  const before = await Promise.all(asked.map((path) => answer(path)))
  const tiles = await get(`/b/${foundry.uuid}/${first}/tiles?l=0&i=0-2`)
  const old = (foundry.served.newest as BrickView).file
  await compact(brick)
  const unmoved = await answer(`${first}/entries?prefix=sub`)
  assert.deepEqual(unmoved, before[3], 'readers of the old file go on')
  foundry.served.reopen()
  assert.notEqual((foundry.served.newest as BrickView).file, old)
  assert.deepEqual(await Promise.all(asked.map((path) => answer(path))), before)
  assert.deepEqual((await get(`/b/${foundry.uuid}/${first}/tiles?l=0&i=0-2`)).body, tiles.body)
  assert.throws(() => old.readAt(0, 1), /closed/)
})

test('what is malformed is refused, and only reading is allowed', async (t) => {
  const { source, foundry, get, commit } = await past(t)
  writeFileSync(join(source, 'x'), 'x')
  const id = await commit()
  const at = `/b/${foundry.uuid}`
  for (const [path, status, code] of [
    [`/b/${'0'.repeat(32)}/commits`, 404, 'BRICK_MISSING'],
    ['/b/xyz/commits', 400, 'REQUEST_INVALID'],
    [`${at}/commits?limit=0`, 400, 'RANGE_INVALID'],
    [`${at}/commits?limit=501`, 400, 'RANGE_INVALID'],
    [`${at}/commits?before=x`, 400, 'REQUEST_INVALID'],
    [`${at}/${id}/diff`, 400, 'REQUEST_INVALID'],
    [`${at}/${id}/diff?from=${'1'.repeat(64)}`, 410, 'COMMIT_GONE'],
    [`${at}/${id}/diff?from=${id}&limit=9999`, 400, 'RANGE_INVALID'],
    [`${at}/${'2'.repeat(64)}/heat`, 410, 'COMMIT_GONE'],
  ] as const) {
    const reply = await get(path)
    assert.deepEqual([reply.status, codeOf(reply)], [status, code], path)
  }
})
