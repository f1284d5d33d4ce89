/**
 * Regions on the map: faint seams inside of entries, and what somebody should look at as a line in a halo: dashed,
 * and whole where it is grave, thicker by its severity, in the colour of that. Shows where, never what: names are labels.
 */
import { severityRank } from '../../base/region.ts'
import type { View } from '../view/camera.ts'
import { isGrave } from '../view/severity.ts'
import type { Shape } from '../view/shapes.ts'
import type { Palette } from './palette.ts'
import type { Pen } from './pen.ts'

/** A region's border appears from this many pixels of side on, and is full that many later. */
const sideMin = 24
const sideFade = 26
/** What is not urgent is outlined where its bytes are what one looks at. */
const mildSideMin = 150

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
    const isMild = severityRank(severity) < severityRank('medium')
    if (isMild && side < mildSideMin) continue
    const width = isMild ? 1 : 2
    pen.lines(lines, brick, { colour: palette.labelHalo, width: width + 2, alpha: 0.8 * alpha })
    const pattern = isGrave(severity) ? 0 : 3
    pen.lines(lines, brick, { colour: palette.risk[severity], width, alpha, pattern })
  }
}
