/** Numbers over time: what a file of the kernel told in each retained commit. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { ServedViews } from '../../src/daemon/served-views.ts'
import { startServer } from '../../src/server/start.ts'
import { BrickFile } from '../../src/store/brick-file.ts'
import type { BrickView } from '../../src/store/brick-view.ts'
import type { SeriesAnswer } from '../../src/wire/api.ts'
import { BrickFoundry, fold, infoOf } from './brick-foundry.ts'
import { ask, codeOf, json, type Reply } from './client.ts'

/** One brick that the test folds again and again. */
class OneBrick extends BrickFoundry {
  readonly served: ServedViews

  constructor(brick: string) {
    super()
    this.served = new ServedViews(utf8(brick))
  }

  override bricks() {
    return this.served.newest === undefined ? [] : [infoOf(this.served.newest)]
  }

  override newest(): BrickView | undefined {
    return this.served.newest
  }
}

interface Stage {
  readonly source: string
  readonly commit: () => Promise<void>
  readonly get: (query: string) => Promise<Reply>
  readonly series: (query: string) => Promise<SeriesAnswer>
}

async function stage(t: TestContext): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-series-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const [source, brick] = [join(folder, 'proc'), join(folder, 'x.brick')]
  mkdirSync(join(source, 'net'), { recursive: true })
  const foundry = new OneBrick(brick)
  t.after(() => foundry.served.close())
  const server = await startServer(foundry, { port: 'any', portsTried: 1, mapFolder: join(folder, 'none') })
  t.after(() => server.close())
  const get = (query: string): Promise<Reply> => {
    const uuid = toHex((foundry.served.newest as BrickView).record.uuid)
    return ask(server, `/b/${uuid}/series?${query}`, { headers: { Authorization: `Bearer ${foundry.token}` } })
  }
  return {
    source,
    get,
    async commit() {
      await fold(source, brick)
      const file = BrickFile.open(utf8(brick))
      foundry.served.add(file.readHeadOnce())
      file.close()
    },
    async series(query) {
      const reply = await get(query)
      assert.equal(reply.status, 200, reply.body.toString())
      return json(reply) as SeriesAnswer
    },
  }
}

const meminfo = (freeKib: number): string => `MemTotal:  1000 kB\nMemFree:  ${freeKib} kB\n`
const netDev = (bytes: number): string => `Inter-|\n face |\n  eth0: ${bytes} 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n`

test('each retained commit is a point, in order, with its time; missing files and numbers are gaps', async (t) => {
  const { source, commit, series } = await stage(t)
  writeFileSync(join(source, 'other'), 'x')
  await commit()
  for (const free of [10, 20, 30]) {
    writeFileSync(join(source, 'meminfo'), meminfo(free))
    await commit()
  }
  writeFileSync(join(source, 'meminfo'), 'MemTotal:  1000 kB\n')
  await commit()
  writeFileSync(join(source, 'meminfo'), meminfo(50))
  await commit()
  const answer = await series('path=meminfo&name=MemFree&name=Nonsense&name=MemTotal')
  assert.deepEqual(
    answer.series.map(({ name, unit, kind, values }) => [name, unit, kind, values]),
    [
      ['MemFree', 'bytes', 'gauge', [null, 10, 20, 30, null, 50].map((kib) => kib && kib * 1024)],
      ['MemTotal', 'bytes', 'gauge', [null, 1000, 1000, 1000, 1000, 1000].map((kib) => kib && kib * 1024)],
    ],
  )
  assert.equal(answer.times.length, 6)
  assert.deepEqual(answer.times, [...answer.times].sort())
  assert.deepEqual(
    answer.names.map(({ name, latest }) => [name, latest]),
    [
      ['MemTotal', 1_024_000],
      ['MemFree', 51_200],
    ],
  )
  assert.equal(answer.truncated, false)
})

test('asked again after another commit, the new point is there', async (t) => {
  const { source, commit, series } = await stage(t)
  const values: number[] = []
  for (const bytes of [100, 250, 900]) {
    writeFileSync(join(source, 'net', 'dev'), netDev(bytes))
    await commit()
    values.push(bytes)
    const [first] = (await series('path=net%2Fdev&name=eth0%20received%20bytes')).series
    assert.deepEqual([first?.kind, first?.unit, first?.values], ['counter', 'bytes', values])
  }
})

test('without a name those that matter first are told; a file without numbers has none', async (t) => {
  const { source, commit, series } = await stage(t)
  writeFileSync(join(source, 'meminfo'), `${meminfo(5)}MemAvailable: 7 kB\n`)
  writeFileSync(join(source, 'version'), 'Linux version 6\n')
  await commit()
  const chief = (await series('path=meminfo')).series.map(({ name }) => name)
  assert.deepEqual(chief, ['MemAvailable', 'MemFree'])
  for (const path of ['version', 'net', 'gone']) {
    assert.deepEqual(await series(`path=${path}`), { names: [], times: [], series: [], truncated: false })
  }
})

test('what no entry can be called is refused', async (t) => {
  const { source, commit, get } = await stage(t)
  writeFileSync(join(source, 'meminfo'), meminfo(5))
  await commit()
  for (const query of ['', 'path=a&pathHex=61', 'path=..%2Fx', `path=meminfo${'&name=x'.repeat(9)}`]) {
    assert.equal(codeOf(await get(query)), 'REQUEST_INVALID', query)
  }
})
