/** The bytes in view as cells with digits, once a byte is large enough to read. */
import { byteColour, type Palette } from './draw/palette.ts'
import type { ByteCell } from './draw/overlay.ts'
import type { Drawn } from './tileset/tile-set.ts'
import { intersection, toScreen, type View, visibleRect } from './view/camera.ts'
import type { Mode } from './view/permalink.ts'

/** Pixels a byte from which its digits are shown. */
export const hexPixelsMin = 24

export function hexCells(options: { view: View; drawn: readonly Drawn[]; mode: Mode; palette: Palette }): ByteCell[] {
  const { view, drawn, mode, palette } = options
  const { scale } = view.camera
  if (scale < hexPixelsMin) return []
  const seen = visibleRect(view)
  const cells: ByteCell[] = []
  for (const { record, brick } of drawn) {
    if (record.level !== 0 || record.bytes === undefined || record.blockEntropy === undefined) continue
    const left = brick.x + record.x
    const top = brick.y + record.y
    const part = intersection(seen, { x: left, y: top, width: record.side, height: record.side })
    if (part === undefined) continue
    const column0 = Math.floor(part.x - left)
    const column1 = Math.min(record.side, Math.ceil(part.x + part.width - left))
    const row1 = Math.min(record.side, Math.ceil(part.y + part.height - top))
    for (let row = Math.floor(part.y - top); row < row1; row++) {
      for (let column = column0; column < column1; column++) {
        const byte = record.bytes[row * 256 + column] as number
        const blockEntropy = record.blockEntropy[(row >> 4) * 16 + (column >> 4)] as number
        const corner = toScreen(view, { x: left + column, y: top + row })
        cells.push({ ...corner, byte, colour: byteColour({ palette, mode, byte, blockEntropy }) })
      }
    }
  }
  return cells
}
