/**
 * Pixel truth: what the picture shows of a brick is what the source holds, at every level, in every mode.
 *
 * Points are drawn by a seeded generator, so a failure repeats; it names each point with its offset. Colours of bytes must
 * be exact; colours mixed from several classes may be one step of 255 off, for the shader counts in floats.
 */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { positionToPoint } from '../../src/hilbert/curve.ts'
import { type Palette, palettes } from '../../src/map/draw/palette.ts'
import type { Camera } from '../../src/map/view/camera.ts'
import { type ByteMode, byteModes } from '../../src/map/view/permalink.ts'
import { startDaemon, temporaryFolder } from '../daemon/harness.ts'
import { type Chance, chanceOf } from '../fold/chance.ts'
import { browserSuite, MapPage, openBrowser, type ScreenPoint } from './browser.ts'
import { colourDistance, KnownSpace, type Slot, slotsOf } from './known-space.ts'
import { knownSeed, writeKnownTree } from './known-tree.ts'

const mixedTolerance = 1
/** Even, so that the middle lies between pixels; smaller than usual, for the software renderer's sake. */
const viewport = { width: 480, height: 320 }
/** How many points of a picture lie on bytes that are owned, on others, and beside the brick, where it has so many. */
const quota = { owned: 200, unowned: 40, outside: 30 }
const candidateCount = 6000
/** Pixels of a byte that is looked at closely. */
const closeScale = 44

interface Stage {
  readonly maps: readonly [MapPage]
  readonly space: KnownSpace
  readonly slots: ReadonlyMap<string, Slot>
  readonly corner: { readonly x: number; readonly y: number }
  readonly chance: Chance
}

interface Spot {
  readonly at: ScreenPoint
  readonly kind: keyof typeof quota
  readonly offset: number | undefined
}

/** Of which level's texels the picture must be, drawn as large as the camera says. */
interface Picture {
  readonly camera: Camera
  readonly level: number
}

async function openStage(t: TestContext): Promise<Stage> {
  const folder = temporaryFolder(t)
  const [tree, state] = [join(folder, 'tree'), join(folder, 'state')]
  mkdirSync(tree)
  const files = writeKnownTree(tree)
  const [daemon, browser] = await Promise.all([startDaemon(t, { state, sources: [tree] }), openBrowser(t, viewport)])
  const map = await MapPage.open(browser, daemon.url)
  const brick = await map.page.evaluate(() => window.__sfd.bricks[0])
  assert.ok(brick !== undefined)
  const slots = await slotsOf(state)
  const space = new KnownSpace({ length: brick.length, files, slots })
  return { maps: [map], space, slots, corner: { x: brick.x, y: brick.y }, chance: chanceOf(knownSeed + 1) }
}

/** A place in a file with whole texels of `level` under whole pixels: 4^(-level / 2) pixels a unit. */
function pictureOf({ slots, corner }: Stage, options: { path: string; share?: number; level: number }): Picture {
  const { path, share = 0, level } = options
  const slot = slots.get(path)
  assert.ok(slot !== undefined, `${path} has a slot`)
  const { x, y } = positionToPoint(slot.start + Math.floor(slot.length * share))
  const side = 2 ** level
  const aligned = { x: corner.x + Math.floor(x / side) * side, y: corner.y + Math.floor(y / side) * side }
  return { camera: { ...aligned, scale: 1 / side }, level }
}

/** Pixels of the view of all three kinds. */
function drawSpots({ space, corner, chance }: Stage, { camera }: Picture): Spot[] {
  const spots: Spot[] = []
  const room = { ...quota }
  for (let i = 0; i < candidateCount && spots.length < quota.owned + quota.unowned + quota.outside; i++) {
    const at = [chance.below(viewport.width), chance.below(viewport.height)] as const
    const x = (at[0] + 0.5 - viewport.width / 2) / camera.scale + camera.x - corner.x
    const y = (at[1] + 0.5 - viewport.height / 2) / camera.scale + camera.y - corner.y
    const offset = space.offsetAt({ x, y })
    const kind = offset === undefined ? 'outside' : space.owned[offset] === 1 ? 'owned' : 'unowned'
    if (room[kind] === 0) continue
    room[kind]--
    spots.push({ at, kind, offset })
  }
  return spots
}

/** Compares the present picture at these spots with what the source's bytes say; returns the colours. */
async function compare(
  { space, maps }: Stage,
  options: { spots: readonly Spot[]; level: number; mode: ByteMode; palette: Palette },
): Promise<number[]> {
  const { level, mode, palette } = options
  // Level 0 is drawn from bytes alone: it cannot tell padding from content in the entropy of a block that has both.
  const spots = options.spots.filter(
    ({ offset }) => level > 0 || mode !== 'entropy' || offset === undefined || space.isBlockWhole(offset),
  )
  const colours = await maps[0].colours(spots.map(({ at }) => at))
  const wrong: string[] = []
  for (const [index, { at, offset }] of spots.entries()) {
    const colour = colours[index] as number
    const expected = offset === undefined ? palette.world : space.colour({ level, offset, mode, palette })
    if (colourDistance(colour, expected) <= (level === 0 ? 0 : mixedTolerance)) continue
    const byte = offset === undefined ? 'none' : space.bytes[offset]
    wrong.push(`${hex(colour)} instead of ${hex(expected)} at pixel ${at.join()} (offset ${offset}, byte ${byte})`)
  }
  const summary = `level ${level}, ${mode}: ${wrong.length} of ${spots.length} wrong`
  assert.equal(wrong.length, 0, `${summary}\n${wrong.slice(0, 12).join('\n')}`)
  return colours
}

/** Shows the picture and compares it in the three modes; returns how many spots of each kind there were. */
async function check(stage: Stage, picture: Picture, palette = palettes.dark): Promise<Record<Spot['kind'], number>> {
  const [map] = stage.maps
  await map.show(picture.camera)
  const spots = drawSpots(stage, picture)
  for (const mode of byteModes) {
    await map.setMode(mode)
    await compare(stage, { spots, level: picture.level, mode, palette })
  }
  const counts = { owned: 0, unowned: 0, outside: 0 }
  for (const { kind } of spots) counts[kind]++
  assert.ok(counts.owned > quota.owned / 4, `only ${counts.owned} points on owned bytes`)
  return counts
}

const hex = (colour: number): string => `#${colour.toString(16).padStart(6, '0')}`

browserSuite('pixel truth', openStage, {
  async 'at one pixel a byte each pixel is its byte, and at tile borders too'(stage) {
    for (const [path, share] of [
      ['all-values.bin', 0],
      ['ramp.bin', 0.5],
      ['random.bin', 0.5],
      ['large.bin', 0.25],
      ['zeros.bin', 0],
      ['ones.bin', 0],
    ] as const) {
      await check(stage, pictureOf(stage, { path, share, level: 0 }))
    }
  },

  async 'what nobody owns is ground, holes too, and beside the brick is none of it'(stage) {
    const hole = await check(stage, pictureOf(stage, { path: 'hole.bin', share: 0.5, level: 0 }))
    assert.equal(hole.unowned, quota.unowned)
    for (const level of [0, 2]) {
      const { unowned, outside } = await check(stage, pictureOf(stage, { path: 'small/3.txt', level }))
      assert.ok(unowned > 20 && outside > 20, `${unowned} points on what nobody owns, ${outside} beside`)
    }
  },

  async 'a pixel of sixteen bytes has the colour of their sum'(stage) {
    for (const [path, share] of [
      ['large.bin', 0.1],
      ['large.bin', 0.4],
      ['random.bin', 0.5],
    ] as const) {
      await check(stage, pictureOf(stage, { path, share, level: 2 }))
    }
  },

  async 'a pixel of 256 or 4,096 bytes has the colour of their sum'(stage) {
    await check(stage, pictureOf(stage, { path: 'large.bin', share: 0.1, level: 4 }))
    await check(stage, pictureOf(stage, { path: 'large.bin', share: 0.3, level: 4 }))
    await check(stage, pictureOf(stage, { path: 'large.bin', share: 0.2, level: 6 }))
  },

  async 'zoomed to one byte, its cell is its byte to the edge'(stage) {
    for (const path of ['all-values.bin', 'random.bin', 'large.bin']) {
      const { camera } = pictureOf(stage, { path, share: 0.2, level: 0 })
      await check(stage, { camera: { x: camera.x + 0.5, y: camera.y + 0.5, scale: closeScale }, level: 0 })
    }
  },

  async 'after panning, zooming and flying to and fro every pixel is as before'(stage) {
    const [map] = stage.maps
    const picture = pictureOf(stage, { path: 'large.bin', share: 0.25, level: 0 })
    const spots = drawSpots(stage, picture)
    const asked = { spots, level: 0, mode: 'class', palette: palettes.dark } as const
    await map.setMode('class')
    await map.show(picture.camera)
    const before = await compare(stage, asked)
    for (let round = 0; round < 2; round++) {
      await wander(map)
      await map.page.evaluate((camera) => window.__sfd.fly(camera), picture.camera)
      await map.settle()
      assert.deepEqual(await map.camera(), picture.camera)
      assert.deepEqual(await compare(stage, asked), before)
    }
  },

  async 'on the light ground too'(stage) {
    const [map] = stage.maps
    await map.page.emulateMedia({ colorScheme: 'light' })
    await check(stage, pictureOf(stage, { path: 'random.bin', share: 0.5, level: 0 }), palettes.light)
    await check(stage, pictureOf(stage, { path: 'large.bin', share: 0.1, level: 2 }), palettes.light)
  },
})

/** What hands do: wheel in and out at different points, a drag, keys. Ends somewhere else than it began. */
async function wander(map: MapPage): Promise<void> {
  const { page } = map
  const before = await map.camera()
  await page.mouse.move(150, 120)
  for (let i = 0; i < 4; i++) await page.mouse.wheel(0, 300)
  await map.settle()
  await page.mouse.move(300, 200)
  for (let i = 0; i < 6; i++) await page.mouse.wheel(0, -400)
  await map.settle()
  await page.mouse.down()
  await page.mouse.move(180, 90, { steps: 4 })
  await page.mouse.up()
  for (const key of ['ArrowLeft', 'ArrowDown', '+', '-', '-']) await page.keyboard.press(key)
  await map.settle()
  assert.notDeepEqual(await map.camera(), before)
}
