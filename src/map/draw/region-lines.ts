/**
 * Regions on the map: faint seams inside of entries, and what somebody should look at as a dashed line in a halo, by its
 * severity thicker, and only then in another colour. Shows where, never what: names are labels.
 */
import type { View } from '../view/camera.ts'
import type { Shape } from '../view/shapes.ts'
import type { Palette } from './palette.ts'
import type { Pen } from './pen.ts'

/** A region's border appears from this many pixels of side on, and is full that many later. */
const sideMin = 24
const sideFade = 26

export function drawRegions(
  pen: Pen,
  {
    palette,
    view,
    brick,
    regions,
  }: {
    readonly palette: Palette
    readonly view: View
    readonly brick: { readonly x: number; readonly y: number }
    readonly regions: readonly Shape[]
  },
): void {
  for (const { box, lines, spaceBytes, region } of regions) {
    if (pen.clipped({ ...box, x: brick.x + box.x, y: brick.y + box.y }) === undefined) continue
    const side = Math.sqrt(spaceBytes) * view.camera.scale
    const alpha = Math.min(1, Math.max(0, (side - sideMin) / sideFade))
    if (alpha === 0) continue
    if (region?.finding === undefined) {
      pen.lines(lines, brick, { colour: palette.ground, width: 1, alpha: 0.75 * alpha })
      continue
    }
    const { severity } = region.finding
    const colour = severity === 'high' || severity === 'critical' ? palette.alarm : palette.label
    const width = severity === 'info' || severity === 'low' ? 1 : 2
    pen.lines(lines, brick, { colour: palette.labelHalo, width: width + 2, alpha: 0.8 * alpha })
    pen.lines(lines, brick, { colour, width, alpha, pattern: 3 })
  }
}
