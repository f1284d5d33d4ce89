/** Long because one server, made up for all of its cases, stands in front of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { tileBytes } from '../../wire/api.ts'
import { runsText } from './batches.ts'
import { type TiledBrick, tiledBrick } from './brick-tiles.ts'
import { slotsPerPage } from './slot-pool.ts'
import { levelFor } from './tile-address.ts'
import { TileSet } from './tile-set.ts'
import type { BatchOutcome, TileBatch, TilePayload } from './transport.ts'

const viewport = { width: 1280, height: 720 }
const inFlightMax = 3

/** A server whose replies come when the test says so. The first byte of a payload is the number of its commit. */
class TestServer {
  readonly open = new Map<number, TileBatch>()
  readonly asked: TileBatch[] = []
  abortCount = 0

  load(batch: TileBatch): void {
    assert.ok(!this.open.has(batch.id))
    assert.ok(batch.tiles.length >= 1 && batch.tiles.length <= 64)
    assert.ok(batch.tiles.length * tileBytes(batch.level) <= 8 * 1024 * 1024)
    this.open.set(batch.id, batch)
    this.asked.push(batch)
    assert.ok(this.open.size <= inFlightMax, 'too many batches at once')
  }

  abort(id: number): void {
    assert.ok(this.open.delete(id))
    this.abortCount++
  }
}

function payloadOf(batch: TileBatch, index: number): TilePayload {
  if (index % 11 === 3) return { kind: 'flat', flat: { kind: 'fill', byte: Number(batch.commit) & 255 } }
  const mark = Uint8Array.of(Number(batch.commit) & 255)
  return batch.level === 0 ? { kind: 'bytes', bytes: mark, blockEntropy: mark } : { kind: 'planes', texels: mark }
}

interface Bench {
  readonly server: TestServer
  readonly tiles: TileSet
  /** What is in each texture slot: pool, slot -> mark of its commit. */
  readonly textures: Map<string, number>
  readonly gone: string[]
}

function bench(pageCountMax = 2): Bench {
  const server = new TestServer()
  const gone: string[] = []
  const tiles = new TileSet({
    transport: server,
    bytePageCountMax: pageCountMax,
    overviewPageCountMax: pageCountMax,
    inFlightMax,
    onCommitGone: (uuid) => gone.push(uuid),
  })
  return { server, tiles, textures: new Map(), gone }
}

function frame({ tiles, textures }: Bench, camera: { x: number; y: number; scale: number }, nowMs: number) {
  let uploads = 0
  return tiles.frame({
    view: { camera, viewport },
    nowMs,
    mayUpload: () => uploads < 8,
    upload(record, payload) {
      uploads++
      assert.ok(record.slot >= 0)
      const mark = payload.kind === 'bytes' ? payload.bytes[0] : payload.texels[0]
      textures.set(`${record.level === 0 ? 'bytes' : 'planes'} ${record.slot}`, mark as number)
    },
  })
}

/** Answers one open batch; `outcome` 'done' brings all tiles. */
function answer({ server, tiles }: Bench, outcome: BatchOutcome, tileCount = Number.POSITIVE_INFINITY): void {
  const batch = server.open.values().next().value
  if (batch === undefined) return
  for (const { index } of batch.tiles.slice(0, tileCount)) tiles.receive(batch.id, index, payloadOf(batch, index))
  server.open.delete(batch.id)
  tiles.finish(batch.id, outcome)
}

function brickOf(commit: number, length = 60_000_000): TiledBrick {
  return tiledBrick({ uuid: 'b', commit: String(commit), x: 0, y: 0, length, height: 2 })
}

/** Frames and answers until settled; fails where that takes more than `countMax` rounds. */
function settle(bench: Bench, camera: { x: number; y: number; scale: number }, fromMs: number, countMax = 400): number {
  let nowMs = fromMs
  for (let round = 0; round < countMax; round++) {
    nowMs += 50
    if (frame(bench, camera, nowMs).settled) return nowMs
    answer(bench, 'done')
  }
  assert.fail('never settled')
}

const camera = fc.record({
  x: fc.integer({ min: -500, max: 8700 }),
  y: fc.integer({ min: -500, max: 8700 }),
  scale: fc.integer({ min: -6, max: 6 }).map((log2) => 2 ** log2),
})

test('runs of a request are written as the wire wants them', () => {
  assert.equal(runsText([3, 4, 5, 9]), '3-5,9')
  assert.equal(runsText([7]), '7')
  assert.equal(runsText([2, 1, 2, 3]), '2,1-3')
})

test('whatever happens on the way, the view settles once the server answers', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ what: fc.constant('move' as const), camera }) },
    { weight: 6, arbitrary: fc.record({ what: fc.constant('answer' as const) }) },
    { weight: 2, arbitrary: fc.record({ what: fc.constantFrom('fail' as const, 'gone' as const, 'cut' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({ what: fc.constant('commit' as const), dirty: fc.nat(900), count: fc.nat(40) }),
    },
    { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('lose' as const, 'remove' as const) }) },
  )
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), camera, (steps, last) => {
      const one = bench()
      let commit = 1
      let nowMs = 0
      let at = { x: 4000, y: 4000, scale: 1 }
      one.tiles.setBrick(brickOf(commit), null)
      for (const step of steps) {
        nowMs += 37
        if (step.what === 'move') at = step.camera
        else if (step.what === 'answer') answer(one, 'done')
        else if (step.what === 'fail') answer(one, 'failed', 0)
        else if (step.what === 'gone') answer(one, 'gone', 0)
        else if (step.what === 'cut') answer(one, 'failed', 2)
        else if (step.what === 'commit') {
          one.tiles.setBrick(brickOf(++commit), step.count === 0 ? null : [[step.dirty, step.count]])
        } else if (step.what === 'lose') one.tiles.forgetAll()
        else {
          one.tiles.removeBrick('b')
          one.tiles.setBrick(brickOf(++commit), null)
        }
        const { over, under } = frame(one, at, nowMs)
        for (const { record } of [...over, ...under]) assert.ok(record.slot >= 0 || record.flat !== undefined)
      }
      settle(one, last, nowMs)
      assert.ok(one.tiles.bytePool.size <= 2 * slotsPerPage && one.tiles.overviewPool.size <= 2 * slotsPerPage)
    }),
    { numRuns: 60 },
  )
})

test('what had arrived and not been uploaded when the GPU lost its memory is asked for again', () => {
  const one = bench()
  one.tiles.setBrick(brickOf(1), null)
  const at = { x: 0, y: 0, scale: 0.25 }
  frame(one, at, 0)
  answer(one, 'done')
  one.tiles.forgetAll()
  settle(one, at, 50)
})

test('settled, every square in view shows the newest commit’s bytes at the right level', () => {
  fc.assert(
    fc.property(
      camera,
      fc.array(fc.tuple(fc.nat(900), fc.integer({ min: 1, max: 30 })), { maxLength: 4 }).map(ascending),
      (at, runs) => {
        const one = bench()
        one.tiles.setBrick(brickOf(1), null)
        const nowMs = settle(one, at, 0)
        one.tiles.setBrick(brickOf(2), runs)
        settle(one, at, nowMs)
        const { over, under } = frame(one, at, nowMs + 100_000)
        assert.equal(under.length, 0)
        const level = levelFor({ scale: at.scale, topLevel: 10 })
        for (const { record } of over) {
          assert.equal(record.level, level)
          const mark = record.flat?.kind === 'fill' ? record.flat.byte : textureOf(one, record)
          assert.equal(mark, isDirty(record, runs) ? 2 : 1)
        }
      },
    ),
    { numRuns: 40 },
  )
})

/** As the wire has them: ascending and apart. */
function ascending(runs: readonly [number, number][]): [number, number][] {
  const sorted = runs.toSorted(([a], [b]) => a - b)
  return sorted.filter(
    ([start], i) => i === 0 || start > Math.max(...sorted.slice(0, i).map(([at, count]) => at + count)),
  )
}

function textureOf({ textures }: Bench, record: { level: number; slot: number }): number | undefined {
  return textures.get(`${record.level === 0 ? 'bytes' : 'planes'} ${record.slot}`)
}

function isDirty({ level, index }: { level: number; index: number }, runs: readonly (readonly [number, number])[]) {
  const perPage = level === 0 ? 1 : (4096 * 4 ** level) / 65_536
  return runs.some(([start, length]) => start < (index + 1) * perPage && start + length > index * perPage)
}

test('a stale tile is drawn until its replacement is there, and nothing else is fetched', () => {
  const one = bench()
  const at = { x: 1000, y: 1000, scale: 1 }
  one.tiles.setBrick(brickOf(1), null)
  const nowMs = settle(one, at, 0)
  const before = frame(one, at, nowMs + 1).over.length
  const asked = one.server.asked.length
  one.tiles.setBrick(brickOf(2), [[10, 1]])
  const after = frame(one, at, nowMs + 1000)
  assert.equal(after.over.length, before)
  assert.equal(after.settled, false)
  const fetched = one.server.asked.slice(asked).filter(({ level }) => level === 0)
  assert.deepEqual(
    fetched.map(({ commit, tiles }) => [commit, tiles.map(({ index }) => index)]),
    [['2', [10]]],
  )
})

test('a reply that is older than the present commit is shown only where there is nothing better', () => {
  const one = bench()
  const at = { x: 128, y: 128, scale: 4 }
  one.tiles.setBrick(brickOf(1), null)
  frame(one, at, 0)
  one.tiles.setBrick(brickOf(2), [[0, 900]])
  for (let i = 0; i < inFlightMax; i++) answer(one, 'done')
  const early = frame(one, at, 10)
  assert.ok(early.over.length + early.under.length > 0)
  assert.equal(early.settled, false)
  settle(one, at, 10)
  for (const { record } of frame(one, at, 90_000).over) {
    assert.equal(record.flat?.kind === 'fill' ? record.flat.byte : textureOf(one, record), 2)
  }
})

test('a missing tile is covered by the nearest page above it: never a blank once the top page is there', () => {
  const one = bench()
  one.tiles.setBrick(brickOf(1), null)
  const far = { x: 4096, y: 4096, scale: 2 ** -6 }
  const nowMs = settle(one, far, 0)
  for (const scale of [2 ** -4, 2 ** -2, 1, 16]) {
    const at = { x: 3000, y: 3000, scale }
    const { over, under } = frame(one, at, nowMs + 5000 * scale)
    assert.ok(over.length + under.length > 0)
    const area = [...over, ...under].reduce((sum, { record, part }) => {
      const box = part ?? { x: record.x, y: record.y, width: record.side, height: record.side }
      const width = Math.min(box.x + box.width, at.x + 640 / scale) - Math.max(box.x, at.x - 640 / scale)
      const height = Math.min(box.y + box.height, at.y + 360 / scale) - Math.max(box.y, at.y - 360 / scale)
      return sum + Math.max(0, width) * Math.max(0, height)
    }, 0)
    if (scale >= 1) assert.ok(Math.abs(area - (1280 * 720) / scale ** 2) < 1)
  }
})

test('a fast zoom asks for tops and covers only', () => {
  const one = bench()
  one.tiles.setBrick(brickOf(1), null)
  let nowMs = settle(one, { x: 4096, y: 4096, scale: 2 ** -6 }, 0)
  const asked = one.server.asked.length
  for (let zoom = -6; zoom < 5; zoom += 0.25) {
    nowMs += 25
    frame(one, { x: 3000, y: 3000, scale: 2 ** zoom }, nowMs)
    answer(one, 'done')
  }
  const inFlight = one.server.asked.slice(asked)
  assert.ok(
    inFlight.every(({ level }) => level >= 4),
    `asked for levels ${inFlight.map(({ level }) => level)}`,
  )
  settle(one, { x: 3000, y: 3000, scale: 32 }, nowMs)
})

test('batches that nobody wants any more are aborted', () => {
  const one = bench()
  one.tiles.setBrick(brickOf(1), null)
  settle(one, { x: 4096, y: 4096, scale: 2 ** -6 }, 0)
  frame(one, { x: 1000, y: 1000, scale: 2 }, 100_000)
  for (let i = 0; i < 5; i++) frame(one, { x: 6000, y: 6000, scale: 2 }, 200_000 + i)
  assert.ok(one.server.abortCount > 0)
})

test('a failing server is asked ever more rarely, and a gone commit is reported', () => {
  const one = bench()
  const at = { x: 500, y: 500, scale: 1 }
  one.tiles.setBrick(brickOf(1), null)
  for (let ms = 0; ms < 20_000; ms += 20) {
    frame(one, at, ms)
    answer(one, 'gone', 0)
  }
  assert.ok(one.gone.length > 0)
  assert.ok(one.server.asked.length < 80, `${one.server.asked.length} requests in 20 s`)
})

test('where a view needs more squares than the pool has room for, a coarser level is shown', () => {
  const one = bench(1)
  one.tiles.setBrick(brickOf(1), null)
  const at = { x: 4000, y: 4000, scale: 0.2 }
  settle(one, at, 0)
  assert.ok(frame(one, at, 100_000).over.every(({ record }) => record.level === 4))
})
