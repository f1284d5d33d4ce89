import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bounded, fitted, intersection, scaleMax, toScreen, toWorld, visibleRect, zoomedAbout } from './camera.ts'
import { flightBetween } from './flight.ts'
import { fittedInside, freeRoom, noInsets } from './insets.ts'
import { Motion } from './motion.ts'

const viewport = { width: 1280, height: 720 }
const coordinate = fc.double({ min: -(2 ** 26), max: 2 ** 26, noNaN: true })
const scale = fc.double({ min: -20, max: 6.9, noNaN: true }).map((log2) => 2 ** log2)
const camera = fc.record({ x: coordinate, y: coordinate, scale })
const onScreen = fc.record({ x: fc.integer({ min: 0, max: 1280 }), y: fc.integer({ min: 0, max: 720 }) })

test('screen and world points are each other’s inverse to a thousandth of a pixel', () => {
  fc.assert(
    fc.property(camera, onScreen, (camera, at) => {
      const back = toScreen({ camera, viewport }, toWorld({ camera, viewport }, at))
      assert.ok(Math.hypot(back.x - at.x, back.y - at.y) < 1e-3)
    }),
  )
})

test('the world point under the cursor stays there while zooming', () => {
  fc.assert(
    fc.property(camera, onScreen, fc.double({ min: 0.1, max: 10, noNaN: true }), (camera, at, factor) => {
      const before = toWorld({ camera, viewport }, at)
      const zoomed = zoomedAbout({ camera, viewport }, { at, factor, scaleMin: 2 ** -21 })
      const after = toScreen({ camera: zoomed, viewport }, before)
      assert.ok(Math.hypot(after.x - at.x, after.y - at.y) < 1e-3)
      assert.ok(zoomed.scale <= scaleMax)
    }),
  )
})

test('a fitted rectangle lies inside the view and touches its margin', () => {
  const side = fc.double({ min: 1, max: 2 ** 24, noNaN: true })
  fc.assert(
    fc.property(coordinate, coordinate, side, side, (x, y, width, height) => {
      const rect = { x, y, width, height }
      const seen = visibleRect({ camera: fitted(rect, viewport, 40), viewport })
      const shared = intersection(seen, rect)
      assert.ok(shared !== undefined && shared.width >= width * 0.999 && shared.height >= height * 0.999)
    }),
  )
})

test('a bounded camera stays on the world', () => {
  const world = { x: -10, y: 5, width: 100, height: 50 }
  fc.assert(
    fc.property(camera, (camera) => {
      const { x, y, scale } = bounded(camera, world)
      assert.ok(x >= -10 && x <= 90 && y >= 5 && y <= 55 && scale <= scaleMax && scale >= 96 / 100)
    }),
  )
})

test('a flight begins at the one camera, ends exactly at the other, and takes 200 to 400 ms', () => {
  fc.assert(
    fc.property(camera, camera, (from, to) => {
      const flight = flightBetween({ from, to, viewport })
      assert.ok(flight.durationMs >= 200 && flight.durationMs <= 400)
      assert.deepEqual(flight.at(flight.durationMs), to)
      const first = flight.at(0)
      const slack = 1e-3 * Math.max(viewport.width / from.scale, Math.hypot(to.x - from.x, to.y - from.y))
      assert.ok(Math.hypot(first.x - from.x, first.y - from.y) <= slack)
      const middle = flight.at(flight.durationMs / 2)
      assert.ok([middle.x, middle.y, middle.scale].every(Number.isFinite) && middle.scale > 0)
    }),
  )
})

test('with reduced motion a flight is a jump', async () => {
  const motion = new Motion({ camera: { x: 0, y: 0, scale: 1 }, viewport })
  motion.setBounds({ world: { x: 0, y: 0, width: 5000, height: 5000 }, viewport })
  motion.reduced = true
  await motion.fly({ x: 100, y: 200, scale: 3 }, 0)
  assert.deepEqual(motion.camera, { x: 100, y: 200, scale: 3 })
  assert.equal(motion.moving, false)
})

test('a drag glides on and comes to rest, and a new drag ends a flight', async () => {
  const motion = new Motion({ camera: { x: 2500, y: 2500, scale: 1 }, viewport })
  motion.setBounds({ world: { x: 0, y: 0, width: 5000, height: 5000 }, viewport })
  const flight = motion.fly({ x: 100, y: 100, scale: 1 }, 0)
  motion.step(50)
  for (let i = 0; i < 5; i++) motion.drag({ dx: -10, dy: 0 }, 60 + 10 * i)
  await flight
  const atRelease = motion.camera.x
  motion.release(105)
  assert.ok(motion.moving)
  for (let ms = 110; ms < 4000; ms += 16) motion.step(ms)
  assert.equal(motion.moving, false)
  assert.ok(motion.camera.x > atRelease)
})

test('eased zoom steps add up to the whole factor', () => {
  const motion = new Motion({ camera: { x: 2500, y: 2500, scale: 1 }, viewport })
  motion.setBounds({ world: { x: 0, y: 0, width: 5000, height: 5000 }, viewport })
  motion.zoom({ x: 640, y: 360 }, 2)
  motion.zoom({ x: 640, y: 360 }, 3)
  for (let ms = 0; ms < 2000; ms += 16) motion.step(ms)
  assert.ok(Math.abs(motion.camera.scale - 6) < 1e-9)
})

test('what is flown to stands beside open panels, as large as there is room; without panels as ever', () => {
  const insets = fc.record({
    left: fc.constantFrom(0, 384),
    right: fc.constantFrom(0, 308),
    top: fc.constant(0),
    bottom: fc.constantFrom(0, 60),
  })
  const sides = fc.record({ width: fc.integer({ min: 1, max: 5_000 }), height: fc.integer({ min: 1, max: 5_000 }) })
  fc.assert(
    fc.property(insets, sides, coordinate, (covered, size, x) => {
      const rect = { x, y: -x, ...size }
      const camera = fittedInside(rect, { viewport, covered, marginPx: 72, scaleMost: 16 })
      const view = { camera, viewport }
      const [from, to] = [toScreen(view, rect), toScreen(view, { x: x + size.width, y: -x + size.height })]
      const room = freeRoom(viewport, covered)
      assert.ok(from.x >= room.x && from.y >= room.y && to.x <= room.x + room.width && to.y <= room.y + room.height)
    }),
  )
  const rect = { x: 100, y: 50, width: 300, height: 40 }
  const scaleMost = Number.POSITIVE_INFINITY
  assert.deepEqual(
    fittedInside(rect, { viewport, covered: noInsets, marginPx: 72, scaleMost }),
    fitted(rect, viewport, 72),
  )
})
