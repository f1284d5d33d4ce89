/** Time travel on the map: an old instant shows old bytes, the present stays out of it, and the way back is one key. */
import assert from 'node:assert/strict'
import { PNG } from 'pngjs'
import { heatStep, palettes } from '../../src/map/draw/palette.ts'
import type { HeatAnswer } from '../../src/wire/api.ts'
import { askServer } from './ask-server.ts'
import { browserSuite } from './browser.ts'
import { coloursOf, high, TimeStage, text, tile } from './time-stage.ts'

/** A step between commits fetches tiles that differ, and the page above them. */
const asksPerStep = 2

browserSuite('time travel', TimeStage.open, {
  async 'a step back shows the bytes of then, a step on those of now'(stage) {
    await stage.begin()
    const spots = await stage.spots()
    const shown = await stage.check(spots, stage.moment(-1))
    for (const at of [-2, -3, 0, 1]) {
      await stage.stepTo(stage.moment(at))
      assert.notDeepEqual(await stage.check(spots, stage.moment(at)), shown)
    }
    await stage.press('End')
    await stage.shows('now')
    assert.deepEqual(await stage.check(spots, stage.moment(-1)), shown)
    for (let steps = 0; steps < 20; steps++) await stage.press('[')
    await stage.shows(stage.moment(0))
    for (let steps = 0; steps < 20; steps++) await stage.press(']')
    await stage.shows('now')
    assert.deepEqual(await stage.check(spots, stage.moment(-1)), shown)
  },

  async 'a step fetches only what differs'(stage) {
    await stage.begin()
    const { map } = stage.live
    const before = await map.stats()
    await stage.stepTo(stage.moment(-2))
    const after = await map.stats()
    const asked = after.tilesAsked - before.tilesAsked
    assert.ok(asked >= 1 && asked <= asksPerStep, `${asked} tiles asked for`)
  },

  async 'what is under the cursor, and the names, are of then'(stage) {
    await stage.begin()
    const { map } = stage.live
    await stage.stepTo(stage.moment(-2))
    const spots = await stage.spots()
    const middle = spots.find(({ at: [, y] }) => y > 250 && y < 450)
    assert.ok(middle !== undefined)
    const asked: string[] = []
    const note = (request: { url(): string }) => asked.push(request.url())
    map.page.on('request', note)
    await map.page.mouse.move(...middle.at)
    const inspector = map.page.locator('.inspector')
    await inspector.waitFor()
    const panel = await inspector.boundingBox()
    assert.ok(panel !== null)
    const spot = spots.find(({ at: [x, y] }) => x > panel.x && y > panel.y + 10 && y < panel.y + panel.height - 10)
    assert.ok(spot !== undefined, 'a spot that the panel covers while nothing is pinned')
    await map.page.mouse.click(...spot.at)
    await map.until('the answer', () =>
      (document.querySelector('.inspector.pinned')?.textContent ?? '').includes('hash'),
    )
    map.page.off('request', note)
    const byte = stage.moment(-2).space.bytes[spot.offset] as number
    const value = await inspector.locator('.swatch').textContent()
    assert.equal(value, byte.toString(16).padStart(2, '0'))
    const ofBricks = asked.filter((url) => url.includes(`/b/${stage.uuid}/`))
    assert.ok(
      ofBricks.length > 0 && ofBricks.every((url) => url.includes(stage.moment(-2).row.commit)),
      asked.join('\n'),
    )
    await stage.press('Escape')
  },

  async 'an address with an instant restores it, and never shows the present on the way'(stage) {
    await stage.begin()
    const { map } = stage.live
    const spots = await stage.spots()
    await stage.stepTo(stage.moment(-3))
    await map.until('the address tells the instant', () => location.hash.includes(',t=2'))
    const asked: string[] = []
    const note = (request: { url(): string }) => asked.push(request.url())
    map.page.on('request', note)
    await map.reload()
    await stage.shows(stage.moment(-3))
    map.page.off('request', note)
    await stage.check(spots, stage.moment(-3))
    const tiles = asked.filter((url) => url.includes('/tiles?'))
    assert.ok(tiles.length > 0)
    for (const url of tiles) assert.ok(url.includes(stage.moment(-3).row.commit), url)
    await stage.press('End')
    await stage.shows('now')
    await stage.check(spots, stage.moment(-1))
    await map.until('the address without it', () => !location.hash.includes(',t='))
  },

  async 'a change while the past is shown does not move the picture; now shows it'(stage) {
    await stage.begin()
    const { live } = stage
    const spots = await stage.spots()
    const past = stage.moment(-2)
    await stage.stepTo(past)
    const { generation } = stage.moment(-1).row
    const before = await live.map.stats()
    const watched = await live.watching(spots, async () => {
      await stage.changeUnseen('b.bin', high(4 * tile, 7))
      await live.map.until(
        'word of the commit',
        (old) => (window.__sfd.bricks[0]?.newestGeneration ?? 0) > old,
        generation,
      )
      await live.map.frames(10)
    })
    const expected = coloursOf(spots, past)
    for (const [at, colours] of watched.colours.entries()) assert.deepEqual(colours, [expected[at]])
    assert.equal((await live.map.stats()).tilesAsked, before.tilesAsked, 'nothing was fetched')
    assert.equal(await stage.instant(), past.row.time)
    assert.match((await live.map.page.locator('.status').textContent()) ?? '', /^past: \d{4}-\d\d-\d\d/)
    assert.match((await live.map.page.locator('.time .when').textContent()) ?? '', /\d newer/)
    await stage.press('End')
    await live.follow()
    await stage.note()
    await stage.check(spots, stage.moment(-1))
  },

  async 'the hand scrubs: the left end is the oldest commit, the right end now, and live goes on there'(stage) {
    await stage.begin()
    const { live } = stage
    const { page } = live.map
    const spots = await stage.spots()
    const box = await page.locator('.time .track').boundingBox()
    assert.ok(box !== null)
    const y = box.y + box.height / 2
    await page.mouse.move(box.x + 2, y)
    await page.mouse.down()
    await stage.shows(stage.moment(0))
    await stage.check(spots, stage.moment(0))
    const visited: string[] = []
    for (let share = 0; share <= 1; share += 1 / 24) {
      await page.mouse.move(box.x + share * box.width, y)
      visited.push(await stage.instant())
    }
    await page.mouse.up()
    const times = (await stage.commits()).map(({ time }) => time).toReversed()
    assert.deepEqual([...new Set(visited)], [...times, 'now'], 'every commit was passed, in order')
    await stage.shows('now')
    await stage.change('b.bin', text(4 * tile, 8))
    await stage.check(spots, stage.moment(-1))
  },

  async 'the track is a slider for keys, and tells its instant'(stage) {
    await stage.begin()
    const { page } = stage.live.map
    await page.locator('.time .track').focus()
    const valueText = () => page.locator('.time .track').getAttribute('aria-valuetext')
    const camera = await stage.live.map.camera()
    await stage.press('Home')
    await stage.shows(stage.moment(0))
    assert.match((await valueText()) ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
    await stage.press('ArrowRight')
    assert.ok((await stage.instant()) > stage.moment(0).row.time)
    await stage.press('ArrowLeft')
    await stage.shows(stage.moment(0))
    await stage.press('End')
    await stage.shows('now')
    assert.equal(await valueText(), 'now')
    assert.deepEqual(await stage.live.map.camera(), camera, 'the map stayed where it was')
  },

  async 'the space bar holds the picture while the world goes on'(stage) {
    await stage.begin()
    const { live } = stage
    const spots = await stage.spots()
    const held = stage.moment(-1)
    await stage.press('Space')
    await stage.shows(held)
    await stage.changeUnseen('a.bin', text(tile, 9))
    await live.map.frames(5)
    await stage.check(spots, held)
    await stage.press('Space')
    await live.follow()
    await stage.note()
    await stage.check(spots, stage.moment(-1))
  },

  async 'change heat tells how often each tile changed, over the picture in greys'(stage) {
    await stage.begin()
    const { live } = stage
    for (const seed of [20, 21, 22]) await stage.change('a.bin', high(tile, seed))
    await live.map.setMode('heat')
    await live.map.show({ x: 256, y: 512, scale: 1 / 8 })
    const { commit } = stage.moment(-1).row
    const { runs, commits } = await askServer<HeatAnswer>(live.daemon, `/b/${stage.uuid}/${commit}/heat`)
    const countOf = (index: number) =>
      runs.find(([start, length]) => index >= start && index < start + length)?.[2] ?? 0
    assert.ok(countOf(0) > countOf(5) && countOf(5) > 0, 'a.bin changed more often than b.bin')
    const spots = await live.spots(60, (offset) => countOf(Math.floor(offset / tile)) > 0)
    const colours = await live.map.colours(spots.map(({ at }) => at))
    for (const [at, { offset }] of spots.entries()) {
      assert.equal(colours[at], palettes.dark.heat[heatStep(countOf(Math.floor(offset / tile)))], `offset ${offset}`)
    }
    assert.match(
      (await live.map.page.locator('.legend').textContent()) ?? '',
      new RegExp(`times changed in ${commits}`),
    )
    const { row: first } = stage.moment(0)
    await live.map.page.evaluate((time) => {
      window.__sfd.instant = time
    }, first.time)
    await stage.shows(stage.moment(0))
    const [warmest] = spots
    assert.ok(warmest !== undefined)
    const [cold] = await live.map.colours([warmest.at])
    assert.ok(cold !== undefined && !palettes.dark.heat.includes(cold), 'at the oldest commit nothing had changed yet')
  },

  async 'what is different now is outlined and listed on demand'(stage) {
    await stage.begin()
    const { live } = stage
    const { page } = live.map
    await stage.stepTo(stage.moment(0))
    const lines = async (): Promise<number> => {
      const { data } = PNG.sync.read(await page.screenshot())
      const { glow } = palettes.dark
      let count = 0
      for (let at = 0; at < data.length; at += 4) {
        if (data[at] === glow >> 16 && data[at + 1] === ((glow >> 8) & 255) && data[at + 2] === (glow & 255)) count++
      }
      return count
    }
    assert.equal(await lines(), 0)
    await stage.press('d')
    await live.map.until('the list', () => document.querySelectorAll('.changes li button').length > 0)
    await live.map.settle()
    assert.ok((await lines()) > 300, 'the border of a tile is seen')
    const listed = await page.evaluate(() =>
      [...document.querySelectorAll('.changes li button')].map((one) => one.textContent),
    )
    assert.ok(listed.includes('~a.bin'), listed.join())
    await page.locator('.changes li button', { hasText: 'a.bin' }).click()
    await live.map.until('the pin', () => document.querySelector('.inspector.pinned h2')?.textContent === 'a.bin')
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
    await stage.press('Escape', 'd')
    await live.showAll()
    assert.equal(await lines(), 0)
  },

  async 'with reduced motion a change is marked without a running animation'(stage) {
    await stage.begin()
    const { live } = stage
    await live.map.page.emulateMedia({ reducedMotion: 'reduce' })
    await stage.change('a.bin', high(tile, 10))
    await live.map.settle({ names: true })
    const before = (await live.map.stats()).frames
    await live.map.frames(30)
    const after = (await live.map.stats()).frames
    // Each settle asks for a frame; the mark itself for one, at its end.
    assert.ok(after - before <= 3, `${after - before} frames in 30 of the screen's`)
    await live.map.page.emulateMedia({ reducedMotion: 'no-preference' })
  },
})
