import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { placeCallout } from './callouts.ts'
import type { TakenBox } from './labels.ts'

const room = { x: 0, y: 40, width: 1280, height: 760 }
const measure = (text: string) => ({ width: 7 * text.length + 6, height: 19 })
const title = 'Copy of bash with setuid root: it runs commands for everybody'
const markAt = (x: number, y: number) => ({ x, y, left: 8, right: 8 })

function overlap(a: TakenBox, b: TakenBox): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

test('a title stands to the right of its mark, or to the left where another brick is', () => {
  const free = placeCallout({ text: title, mark: markAt(300, 200), room, obstacles: [], measure })
  assert.deepEqual([free?.text, free?.x, free?.leader], [title, 311, undefined])
  const other = { x: 640, y: 60, width: 600, height: 700 }
  const left = placeCallout({ text: title, mark: markAt(600, 200), room, obstacles: [other], measure })
  assert.ok(left !== undefined && left.text === title && left.x + left.width <= 600)
})

test('where only beside it is no room, a line leads to the title; where there is none at all it loses its end', () => {
  const row = { x: 0, y: 190, width: 1280, height: 20 }
  const led = placeCallout({ text: title, mark: markAt(300, 200), room, obstacles: [row], measure })
  assert.ok(led?.text === title && led.leader !== undefined && led.y >= 210)
  const walls = [
    { x: 0, y: 0, width: 100, height: 800 },
    { x: 394, y: 0, width: 886, height: 800 },
  ]
  const cut = placeCallout({ text: title, mark: markAt(300, 200), room, obstacles: walls, measure })
  assert.match(cut?.text ?? '', /^Copy of bash with.*…$/)
})

test('of a mark that a panel covers nothing is said beside the panel', () => {
  const beside = { ...room, x: 400, width: 880 }
  assert.equal(placeCallout({ text: title, mark: markAt(300, 200), room: beside, obstacles: [], measure }), undefined)
})

test('no title lies on what it must not lie on, or out of the view', () => {
  const box = fc.record({
    x: fc.integer({ min: -100, max: 1280 }),
    y: fc.integer({ min: -100, max: 800 }),
    width: fc.integer({ min: 1, max: 600 }),
    height: fc.integer({ min: 1, max: 400 }),
  })
  const mark = fc.record({ x: fc.integer({ min: 0, max: 1280 }), y: fc.integer({ min: 40, max: 800 }) })
  fc.assert(
    fc.property(fc.array(box, { maxLength: 8 }), mark, (obstacles, { x, y }) => {
      const placed = placeCallout({ text: title, mark: markAt(x, y), room, obstacles, measure })
      if (placed === undefined) return
      assert.ok(placed.x >= 0 && placed.x + placed.width <= 1280 && placed.y >= 40 && placed.y + placed.height <= 800)
      for (const one of obstacles) assert.ok(!overlap(placed, one))
    }),
  )
})
