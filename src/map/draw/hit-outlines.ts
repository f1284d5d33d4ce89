/** The bytes of hits as outlines, where bytes are large enough to be seen; each is made once. */
import { squaresOf } from '../../hilbert/squares.ts'
import { type View, visibleRect, type WorldPoint } from '../view/camera.ts'
import type { CornerOf, RunPlace } from '../view/marks.ts'
import { unionLines } from '../view/shapes.ts'
import { outlinedScaleMin } from './fracture-layer.ts'

/** Of one view. */
const outlinesMax = 300

export interface HitOutline {
  /** Units from the brick's corner. */
  readonly lines: Float64Array
  readonly brick: WorldPoint
}

export function hitOutlines(options: {
  view: View
  hits: readonly RunPlace[]
  cornerOf: CornerOf
}): readonly HitOutline[] {
  const { view, hits, cornerOf } = options
  if (view.camera.scale < outlinedScaleMin || hits.length === 0) return []
  const seen = visibleRect(view)
  const outlines: HitOutline[] = []
  for (const hit of hits) {
    const brick = cornerOf(hit.uuid)
    if (hit.run === undefined || brick === undefined || outlines.length >= outlinesMax) continue
    // The bytes of a run lie at most as far from its first as their number.
    const reach = hit.run[1]
    const x = brick.x + hit.heart.x
    const y = brick.y + hit.heart.y
    if (x + reach < seen.x || y + reach < seen.y || x - reach > seen.x + seen.width || y - reach > seen.y + seen.height)
      continue
    outlines.push({ lines: linesOf(hit), brick })
  }
  return outlines
}

const known = new WeakMap<RunPlace, Float64Array>()

function linesOf(hit: RunPlace): Float64Array {
  let lines = known.get(hit)
  if (lines === undefined) {
    const [start, length] = hit.run ?? [0, 1]
    lines = unionLines(squaresOf({ start, length }))
    known.set(hit, lines)
  }
  return lines
}
