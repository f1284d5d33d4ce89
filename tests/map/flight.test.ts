/**
 * Flights over a large brick: never a blank on the way, few questions to the server, and what it costs, for the record.
 * Times are printed, not judged: this machine's are not the next one's. Counts are.
 */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { positionToPoint } from '../../src/hilbert/curve.ts'
import { palettes } from '../../src/map/draw/palette.ts'
import type { Camera } from '../../src/map/view/camera.ts'
import { sfd, startDaemon, temporaryFolder } from '../daemon/harness.ts'
import { type Chance, chanceOf } from '../fold/chance.ts'
import { browserSuite, MapPage, openBrowser } from './browser.ts'
import { type Slot, slotsOf } from './known-space.ts'

const fileSize = 17 * 1024 * 1024
const seed = 65_537
const scales = [1 / 16, 1 / 4, 1, 8, 44] as const
const scriptedMs = 10_000
/** What the figures are for. */
const viewport = { width: 1280, height: 720 }
/** Looked at in every frame, which costs more than the flight. */
const watchedViewport = { width: 480, height: 270 }
const watchedFlights = 6
/** A cold view of the whole: the top page, those in view, and what stands in until they come. */
const coldRequestsMax = 8
/** Of one flight across many levels: covers on the way, and the tiles at its end in batches of sixteen. */
const requestsPerFlightMax = 12

interface Stage {
  readonly maps: readonly [MapPage]
  readonly slot: Slot
  readonly chance: Chance
  /** Why the first picture came as it came. */
  readonly first: { readonly pictureMs: number; readonly requests: number; readonly failed: number }
}

/** One file without zeros: wherever it lies, the picture must not look like ground. */
async function openStage(t: TestContext): Promise<Stage> {
  const folder = temporaryFolder(t)
  const [tree, state] = [join(folder, 'tree'), join(folder, 'state')]
  mkdirSync(tree)
  const chance = chanceOf(seed)
  const noise = chance.bytes(1 << 20)
  const bytes = new Uint8Array(fileSize)
  for (let at = 0; at < fileSize; at++) {
    const end = (at >> 14) % 3 === 0 ? 254 : 126
    bytes[at] = 1 + ((noise[(at * 7) % noise.length] as number) % end)
  }
  writeFileSync(join(tree, 'large.bin'), bytes)
  const [daemon, browser] = await Promise.all([startDaemon(t, { state, sources: [tree] }), openBrowser(t, viewport)])
  assert.equal((await sfd(['sync', '--state', state])).code, 0)
  const slot = (await slotsOf(state)).get('large.bin')
  assert.ok(slot !== undefined)
  const map = await MapPage.open(browser, daemon.url)
  const { firstPictureMs: pictureMs, requests, failed } = await map.stats()
  return { maps: [map], slot, chance, first: { pictureMs, requests, failed } }
}

/** Somewhere in the file, at one of the scales. */
function anywhere({ slot, chance }: Stage): Camera {
  const { x, y } = positionToPoint(slot.start + chance.below(fileSize))
  return { x, y, scale: chance.pick(scales) }
}

function percentile(sorted: readonly number[], share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)
}

browserSuite('flights', openStage, {
  async 'the first picture needs few requests'({ first }, t) {
    t.diagnostic(`first picture ${Math.round(first.pictureMs)} ms after navigation, ${first.requests} tile requests`)
    assert.ok(first.requests <= coldRequestsMax, `${first.requests} requests`)
    assert.equal(first.failed, 0)
  },

  async 'on the way nothing that has bytes is ever blank'(stage) {
    const [map] = stage.maps
    const blank = [palettes.dark.ground, palettes.dark.world].map((colour) => [
      colour >> 16,
      (colour >> 8) & 255,
      colour & 255,
    ])
    const squares = ownSquares(stage.slot)
    await map.resize(watchedViewport)
    for (let flight = 0; flight < watchedFlights; flight++) {
      const { frames, wrong, looked } = await map.page.evaluate(watchFlight, { to: anywhere(stage), blank, squares })
      assert.deepEqual(wrong, [], `flight ${flight}`)
      assert.ok(frames > 1 && looked > 0, `${frames} frames, ${looked} points`)
    }
  },

  async 'ten seconds of flights ask for what they show, and nothing fails'(stage, t) {
    const [map] = stage.maps
    await map.resize(viewport)
    const before = await map.stats()
    let flights = 0
    for (const startMs = performance.now(); performance.now() - startMs < scriptedMs; flights++) {
      const { requests } = await map.stats()
      await map.page.evaluate((camera) => window.__sfd.fly(camera), anywhere(stage))
      await map.settle()
      const asked = (await map.stats()).requests - requests
      assert.ok(asked <= requestsPerFlightMax, `${asked} requests in one flight`)
    }
    const after = await map.stats()
    const ticks = after.tickMs.slice(-(after.frames - before.frames)).sort((a, b) => a - b)
    t.diagnostic(
      `${flights} flights, ${ticks.length} ticks: p50 ${percentile(ticks, 0.5)} ms, p95 ${percentile(ticks, 0.95)} ms, ` +
        `worst ${percentile(ticks, 1)} ms of CPU`,
    )
    t.diagnostic(
      `a flight: ${((after.requests - before.requests) / flights).toFixed(1)} requests, ` +
        `${((after.tilesAsked - before.tilesAsked) / flights).toFixed(0)} tiles asked, ` +
        `${((after.bytes - before.bytes) / flights / 1024).toFixed(0)} KiB, ` +
        `${after.aborted - before.aborted} requests given up in all`,
    )
    assert.equal(after.failed, 0)
    assert.equal(after.inFlight, 0)
  },
})
/** Squares of the picture that the file fills, x0, y0, x1, y1 in units: every aligned 256 KiB of it. */
function ownSquares({ start }: Slot): number[][] {
  const squares: number[][] = []
  for (let at = 0; at + 262_144 <= fileSize; at += 262_144) {
    const { x, y } = positionToPoint(start + at)
    const [left, top] = [x - (x % 512), y - (y % 512)]
    squares.push([left, top, left + 512, top + 512])
  }
  return squares
}

/** Runs in the page: flies, and in every frame looks at 16 x 9 points that lie in the squares. */
async function watchFlight(asked: { to: Camera; blank: number[][]; squares: number[][] }): Promise<{
  frames: number
  looked: number
  wrong: string[]
}> {
  const found = { frames: 0, looked: 0, wrong: [] as string[] }
  let flies = true
  const look = (): void => {
    const { x, y, scale } = window.__sfd.camera
    const points: [number, number][] = []
    for (let i = 0; i < 16 * 9; i++) {
      const at: [number, number] = [
        Math.floor(((i % 16) + 0.5) * (innerWidth / 16)),
        Math.floor((Math.floor(i / 16) + 0.5) * (innerHeight / 9)),
      ]
      const worldX = (at[0] + 0.5 - innerWidth / 2) / scale + x
      const worldY = (at[1] + 0.5 - innerHeight / 2) / scale + y
      const margin = 2 / scale
      const isInside = ([x0 = 0, y0 = 0, x1 = 0, y1 = 0]: number[]): boolean =>
        worldX > x0 + margin && worldX < x1 - margin && worldY > y0 + margin && worldY < y1 - margin
      if (asked.squares.some(isInside)) points.push(at)
    }
    const pixels = window.__sfd.readPixels(points)
    for (const [index, [red, green, blue]] of pixels.entries()) {
      if (!asked.blank.some((one) => one[0] === red && one[1] === green && one[2] === blue)) continue
      found.wrong.push(`frame ${found.frames}: blank at pixel ${points[index]?.join()}, camera ${x},${y} x ${scale}`)
    }
    found.frames++
    found.looked += points.length
  }
  const watching = (async () => {
    while (flies) {
      await new Promise(requestAnimationFrame)
      look()
    }
  })()
  await window.__sfd.fly(asked.to)
  await window.__sfd.settle()
  flies = false
  await watching
  return found
}
