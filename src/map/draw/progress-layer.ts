/** What a district says that has no picture yet: how far its first fold is, or why there is none. */
import { toScreen, type View } from '../view/camera.ts'
import type { WorldBrick } from '../world.ts'
import type { Overlay, OverlayLabel } from './overlay.ts'

const barPixelsMax = 160
const barPixelsMin = 40
const marginPx = 12

export interface ProgressBar {
  /** CSS pixels. */
  readonly x: number
  readonly y: number
  readonly width: number
  /** 0 .. 1. */
  readonly share: number
}

export function progressWriting(options: { view: View; overlay: Overlay; bricks: Iterable<WorldBrick> }): {
  labels: OverlayLabel[]
  bars: ProgressBar[]
} {
  const { view, overlay } = options
  const labels: OverlayLabel[] = []
  const bars: ProgressBar[] = []
  for (const { info, plate, era } of options.bricks) {
    if (era !== 'now') continue
    const heart = plate.squares.reduce((best, square) => (square.side > best.side ? square : best))
    const width = Math.min(barPixelsMax, heart.side * view.camera.scale - 2 * marginPx)
    if (info.generation > 0 || width < barPixelsMin) continue
    const middle = toScreen(view, { x: plate.x + heart.x + heart.side / 2, y: plate.y + heart.y + heart.side / 2 })
    const { doneBytes, totalBytes } = info.progress ?? { doneBytes: 0, totalBytes: 0 }
    const share = totalBytes === 0 ? 0 : Math.min(1, doneBytes / totalBytes)
    const text = info.state === 'failed' ? (info.message ?? 'failed') : `folding ${Math.floor(100 * share)} %`
    const size = overlay.measure(text, 'notice')
    labels.push({ text, style: 'notice', x: middle.x - size.width / 2, y: middle.y - size.height - 2, alpha: 1 })
    if (info.state === 'folding') bars.push({ x: middle.x - width / 2, y: middle.y + 4, width, share })
  }
  return { labels, bars }
}
