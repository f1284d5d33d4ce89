/**
 * The map follows its source: what changes there changes here, without a reload, a blank or more questions than the
 * change is worth.
 */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { palettes } from '../../src/map/draw/palette.ts'
import { byteModes } from '../../src/map/view/permalink.ts'
import { chanceOf } from '../fold/chance.ts'
import { browserSuite } from './browser.ts'
import { LiveMap } from './live-map.ts'

const tile = 65_536
const spotCount = 40
/** Of one commit that changes one tile: the tile, and the page above all. */
const asksPerCommit = 2
const { ground } = palettes.dark

/** `a.bin`: the first tile, text; `b.bin`: tiles 4 .. 7, bytes >= 0x80. Between them is room. */
function openStage(t: TestContext): Promise<LiveMap> {
  return LiveMap.open(
    t,
    new Map([
      ['a.bin', text(tile, 1)],
      ['b.bin', high(4 * tile, 2)],
    ]),
  )
}

function text(length: number, seed: number): Uint8Array {
  return chanceOf(seed)
    .bytes(length)
    .map((byte) => 0x21 + (byte % 0x5e))
}

function high(length: number, seed: number): Uint8Array {
  return chanceOf(seed)
    .bytes(length)
    .map((byte) => 0x80 + (byte % 0x7f))
}

/** `bytes` with those from `at` on replaced. */
function replaced(bytes: Uint8Array, at: number, by: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy.set(by, at)
  return copy
}

/** Changes, waits, and asserts that each spot had its old colour, then its new one, and no other in any frame. */
async function changeInView(live: LiveMap, change: () => void): Promise<void> {
  const spots = await live.spots(spotCount, (offset) => live.space.owned[offset] === 1)
  const before = await live.check(spots)
  assert.ok(!before.includes(ground), 'the watched bytes are none that look like nothing')
  const watched = await live.watching(spots, async () => {
    change()
    await live.follow()
  })
  const after = await live.check(spots)
  assert.notDeepEqual(after, before)
  assert.ok(watched.frames > 2, `${watched.frames} frames were watched`)
  for (const [at, { offset }] of spots.entries()) {
    const own = new Set([before[at], after[at]])
    const others = watched.colours[at]?.filter((colour) => !own.has(colour))
    assert.deepEqual(others, [], `other colours at offset ${offset}`)
  }
}

browserSuite('the live map', openStage, {
  async 'a changed tile is drawn anew without a reload or a blank, and no other is fetched'(live) {
    await live.map.page.evaluate(() => {
      document.body.dataset['stays'] = 'yes'
    })
    const before = await live.map.stats()
    await changeInView(live, () =>
      live.write('b.bin', replaced(live.files.get('b.bin') as Uint8Array, tile, text(tile, 3))),
    )
    const after = await live.map.stats()
    assert.ok(after.tilesAsked - before.tilesAsked <= asksPerCommit, `${after.tilesAsked - before.tilesAsked} asked`)
    assert.ok(after.requests - before.requests <= asksPerCommit, `${after.requests - before.requests} requests`)
    assert.ok(after.bytes - before.bytes <= tile + 24_576, `${after.bytes - before.bytes} bytes`)
    assert.ok(after.uploads - before.uploads <= asksPerCommit, `${after.uploads - before.uploads} uploads`)
    assert.equal(
      await live.map.page.evaluate(() => document.body.dataset['stays']),
      'yes',
      'the page was not loaded anew',
    )
  },

  async 'a tile that becomes one byte throughout, and many again, is never blank'(live) {
    await changeInView(live, () => live.write('a.bin', new Uint8Array(tile).fill(0xff)))
    await changeInView(live, () => live.write('a.bin', text(tile, 4)))
  },

  async 'a single byte that changes is one pixel that changes'(live) {
    const [spot] = await live.spots(1, (offset) => offset < tile && live.space.owned[offset] === 1)
    assert.ok(spot !== undefined)
    const others = await live.spots(spotCount, (offset) => live.space.owned[offset] === 1 && offset !== spot.offset)
    const before = await live.check(others)
    live.write('a.bin', replaced(live.files.get('a.bin') as Uint8Array, spot.offset, Uint8Array.of(0xff)))
    await live.follow()
    assert.deepEqual(await live.check([spot]), [palettes.dark.classes.ff])
    assert.deepEqual(await live.check(others), before)
  },

  async 'a new file appears where there was ground, and leaves ground when it is removed'(live) {
    const free = await live.spots(spotCount, (offset) => offset >= tile && offset < 4 * tile)
    assert.deepEqual(new Set(await live.check(free)), new Set([ground]))
    live.write('new.bin', high(3 * tile, 5))
    await live.follow()
    const shown = await live.check(free)
    assert.ok(shown.some((colour) => colour !== ground))
    live.remove('new.bin')
    await live.follow()
    assert.deepEqual(new Set(await live.check(free)), new Set([ground]))
  },

  async 'a file that shrinks leaves ground behind its end, and one that grows fills it'(live) {
    const bytes = live.files.get('a.bin') as Uint8Array
    const tail = await live.spots(spotCount, (offset) => offset >= tile / 2 && offset < tile)
    live.write('a.bin', bytes.subarray(0, tile / 2))
    await live.follow()
    assert.deepEqual(new Set(await live.check(tail)), new Set([ground]))
    live.write('a.bin', bytes)
    await live.follow()
    assert.ok(!(await live.check(tail)).includes(ground))
  },

  async 'seen from afar a change shows too'(live) {
    await live.map.show({ x: 256, y: 512, scale: 1 / 4 })
    const spots = await live.spots(40, (offset) => live.space.owned[offset] === 1)
    const before = await live.check(spots, 2)
    live.write('b.bin', text(4 * tile, 6))
    await live.follow()
    assert.notDeepEqual(await live.check(spots, 2), before)
    await live.showAll()
  },

  async 'a change out of view is fetched when it is looked at'(live) {
    await live.map.show({ x: 64, y: 64, scale: 8 })
    const before = await live.map.stats()
    live.write('b.bin', high(4 * tile, 7))
    await live.follow()
    const after = await live.map.stats()
    assert.ok(
      after.tilesAsked - before.tilesAsked <= 1,
      `${after.tilesAsked - before.tilesAsked} asked: only the top page`,
    )
    await live.showAll()
    await live.check(await live.spots(spotCount, (offset) => live.space.owned[offset] === 1))
  },

  async 'in a burst of changes a tile is fetched at most once a commit'(live) {
    const spots = await live.spots(spotCount, (offset) => offset < tile)
    const { generation: first } = await live.follow()
    const before = await live.map.stats()
    for (let i = 0; i < 12; i++) {
      live.write('a.bin', i % 2 === 0 ? high(tile, i) : text(tile, i))
      await live.map.frames(3)
    }
    const { generation: last } = await live.follow()
    await live.check(spots)
    const asked = (await live.map.stats()).tilesAsked - before.tilesAsked
    assert.ok(asked > 0 && asked <= asksPerCommit * (last - first), `${asked} asked for ${last - first} commits`)
  },

  async 'another colour mode is drawn from what is here: no request'(live) {
    const { page } = live.map
    const requests: string[] = []
    const note = (request: { url(): string }) => requests.push(request.url())
    page.on('request', note)
    const before = await live.map.stats()
    const spots = await live.spots(20, (offset) => live.space.owned[offset] === 1 && live.space.isBlockWhole(offset))
    const pictures: number[][] = []
    for (const [at, mode] of byteModes.entries()) {
      await page.keyboard.press(String(at + 1))
      await live.map.settle()
      assert.equal(await page.evaluate(() => window.__sfd.mode), mode)
      const colours = await live.map.colours(spots.map(({ at: pixel }) => pixel))
      const expected = spots.map(({ offset }) => live.space.colour({ level: 0, offset, mode, palette: palettes.dark }))
      assert.deepEqual(colours, expected)
      pictures.push(colours)
    }
    page.off('request', note)
    assert.equal(new Set(pictures.map((colours) => colours.join())).size, byteModes.length, 'three different pictures')
    const after = await live.map.stats()
    assert.deepEqual([after.requests, after.outlineRequests], [before.requests, before.outlineRequests])
    assert.deepEqual(requests, [])
  },
})
