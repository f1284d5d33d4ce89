import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TileKind } from '../brick/node.ts'
import { TileAction } from './leaf-job.ts'
import { type BareKind, TilePlan } from './tile-plan.ts'

const leaf = 256

/** What a plan says of one tile, as the fold reads it: the leaf's own actions win over ranges, later ranges over earlier. */
function actionOf(plan: TilePlan, tile: number): number {
  const index = Math.floor(tile / leaf)
  const own = plan.leaves.get(index)
  if (own !== undefined) return own[tile % leaf] as number
  const range = plan.ranges.findLast(({ start, count }) => index >= start && index < start + count)
  if (range === undefined) return TileAction.keep
  if (range.kind === TileKind.hole) return TileAction.hole
  return range.kind === TileKind.unreadable ? TileAction.unreadable : TileAction.absent
}

test('a run inside one leaf marks its tiles and nothing else', () => {
  const plan = new TilePlan()
  plan.markBare({ start: 250, count: 3 }, 'hole')
  assert.deepEqual(plan.ranges, [])
  assert.deepEqual(
    [249, 250, 252, 253].map((tile) => actionOf(plan, tile)),
    [0, 3, 3, 0],
  )
})

test('whole leaves are one range, however many', () => {
  const plan = new TilePlan()
  plan.markBare({ start: 255, count: 2 ** 31 }, 'unreadable')
  assert.deepEqual(plan.ranges, [{ start: 1, count: 2 ** 23 - 1, kind: TileKind.unreadable }])
  assert.equal(plan.leaves.size, 2)
  assert.equal(actionOf(plan, 255), TileAction.unreadable)
  assert.equal(actionOf(plan, 254), TileAction.keep)
})

test('an empty run marks nothing', () => {
  const plan = new TilePlan()
  plan.markBare({ start: 256, count: 0 }, 'hole')
  assert.equal(plan.leaves.size + plan.ranges.length, 0)
})

interface Mark {
  readonly start: number
  readonly count: number
  readonly what: BareKind | 'build' | 'rebuild'
}

test('the last mark of a tile is what counts, whatever marks came before', () => {
  const what = fc.constantFrom<Mark['what'][]>('hole', 'unreadable', 'absent', 'build', 'rebuild')
  const mark = fc.record({ start: fc.nat({ max: 900 }), count: fc.nat({ max: 800 }), what })
  fc.assert(
    fc.property(fc.array(mark, { maxLength: 8 }), (marks) => {
      const plan = new TilePlan()
      const expected = new Uint8Array(1800)
      for (const { start, count, what: kind } of marks) {
        if (kind === 'build' || kind === 'rebuild') {
          plan.markTile(start, kind)
          expected[start] = TileAction[kind]
        } else {
          plan.markBare({ start, count }, kind)
          expected.fill(TileAction[kind], start, start + count)
        }
      }
      for (let tile = 0; tile < expected.length; tile++)
        assert.equal(actionOf(plan, tile), expected[tile], `tile ${tile}`)
    }),
  )
})
