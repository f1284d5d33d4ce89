/**
 * A whole brick as one picture, un-smoothed: each pixel is one texel of one level, or a square of equal pixels.
 *
 * The level is the finest whose picture fits the size; what is smaller is enlarged by a whole number. Colours are those
 * of the map.
 */
import { displayPath } from '../base/bytes.ts'
import { FrameType } from '../brick/frame.ts'
import { TileKind } from '../brick/tile-kind.ts'
import { orientationAt, squareOrigin } from '../hilbert/orientation.ts'
import { type Box, boundingBox } from '../hilbert/squares.ts'
import {
  createKernel,
  type Kernel,
  level4PageBytes,
  pageSide,
  pageTexels,
  tileSide,
  unpackLevel2,
} from '../kernel/kernel.ts'
import type { BrickView } from '../store/brick-view.ts'
import { drawLegend, legendHeight, legendWidthMin } from './legend.ts'
import { byteColour, groundColour, type RenderMode, texelColour, worldColour } from './palette.ts'
import { Picture } from './picture.ts'

export type { RenderMode } from './palette.ts'

export interface RenderRequest {
  readonly view: BrickView
  readonly mode: RenderMode
  /** Longest side of the brick's picture, pixels, without the legend. */
  readonly size: number
}

export interface RenderedBrick {
  readonly png: Uint8Array
  readonly width: number
  readonly height: number
  /** A pixel, before enlarging, sums up 4^level bytes. */
  readonly level: number
}

/** Errors: BrickDamage. */
export function renderBrick({ view, mode, size }: RenderRequest): RenderedBrick {
  const { length, height } = view.record
  const box = boundingBox({ start: 0, length })
  const level = levelFor(box, { size, levelMax: 4 * height + 2 })
  const canvas = new Canvas(box, { level, size })
  if (level === 0) drawTiles(view, canvas, mode)
  else drawPages(view, canvas, { mode, level })
  const { picture } = canvas
  drawLegend(picture, { title: titleOf(view), scale: scaleOf(level, canvas.zoom), mode })
  return { png: picture.png(), width: picture.width, height: picture.height, level }
}

/** The finest even level at which the box fits. */
function levelFor({ width, height }: Box, { size, levelMax }: { size: number; levelMax: number }): number {
  let level = 0
  while (level < levelMax && Math.max(width, height) / 2 ** level > size) level += 2
  return level
}

/** The picture with the brick's texels in its coordinates. */
class Canvas {
  readonly picture: Picture
  /** Pixels to each side of a texel. */
  readonly zoom: number
  readonly #left: number

  constructor(box: Box, { level, size }: { level: number; size: number }) {
    const width = Math.ceil(box.width / 2 ** level)
    const height = Math.ceil(box.height / 2 ** level)
    this.zoom = Math.max(1, Math.floor(size / Math.max(1, width, height)))
    const outerWidth = Math.max(legendWidthMin, width * this.zoom)
    this.#left = Math.floor((outerWidth - width * this.zoom) / 2)
    this.picture = new Picture({ width: outerWidth, height: height * this.zoom + legendHeight, colour: worldColour })
  }

  /** A texel in the brick's own coordinates. */
  texel(x: number, y: number, colour: number): void {
    const { zoom, picture } = this
    if (zoom === 1) picture.put(this.#left + x, y, colour)
    else picture.fill({ x: this.#left + x * zoom, y: y * zoom, width: zoom, height: zoom, colour })
  }
}

const tileOrder = 8
const blockSide = 16
const tileBlocks = 256

/** Level 0: every byte. */
function drawTiles(view: BrickView, canvas: Canvas, mode: RenderMode): void {
  const kernel = createKernel({ tileCapacity: 1 })
  for (let tile = 0; tile < view.tileCount; tile++) {
    const square = { position: tile * 4 ** tileOrder, order: tileOrder }
    const origin = squareOrigin(square)
    const orientation = orientationAt(square)
    const entropy = mode === 'entropy' ? foldedEntropy(view, kernel, { tile, orientation }) : undefined
    kernel.input.set(view.tile(tile))
    const folded = kernel.fold(0, orientation)
    const inside = view.record.length - square.position
    const isWhole = inside >= folded.length
    const isPruned = view.locateTile(tile).kind === TileKind.pruned
    const mask = isWhole ? undefined : maskOf(kernel, { inside, orientation })
    for (let y = 0; y < tileSide; y++) {
      for (let x = 0; x < tileSide; x++) {
        if (mask !== undefined && mask[y * tileSide + x] === 0) continue
        const byte = folded[y * tileSide + x] as number
        const blockEntropy = entropy?.[(y >> 4) * blockSide + (x >> 4)] ?? 0
        const colour = isPruned ? groundColour : byteColour(mode, { byte, blockEntropy })
        canvas.texel(origin.x + x, origin.y + y, colour)
      }
    }
  }
}

type Turned = { readonly orientation: ReturnType<typeof orientationAt> }

/** Not 0 where a folded pixel is one of the tile's first `inside` bytes; a copy. Takes the folded tile along. */
function maskOf(kernel: Kernel, { inside, orientation }: Turned & { inside: number }): Uint8Array {
  const folded = kernel.output.slice()
  kernel.input.fill(0)
  kernel.input.fill(1, 0, inside)
  const mask = kernel.fold(0, orientation).slice()
  kernel.output.set(folded)
  return mask
}

/** Entropy of the tile's 16 x 16 blocks as the brick's overviews have it, row-major; a copy. */
function foldedEntropy(view: BrickView, kernel: Kernel, { tile, orientation }: Turned & { tile: number }): Uint8Array {
  const page = pageOf(view, { level: 4, index: Math.floor((tile * tileBlocks) / pageTexels) })
  if (page === undefined) return new Uint8Array(tileBlocks)
  const at = (tile * tileBlocks) % pageTexels
  kernel.input.set(page.subarray(at, at + tileBlocks))
  return kernel.foldBlocks(orientation).slice()
}

const pageOrder = 6
const planeCount = 6

/** Level 2 and above. */
function drawPages(view: BrickView, canvas: Canvas, { mode, level }: { mode: RenderMode; level: number }): void {
  const kernel = createKernel({ tileCapacity: 1 })
  const pageLength = pageTexels * 4 ** level
  const texelsInside = Math.ceil(view.record.length / 4 ** level)
  for (let index = 0; index * pageLength < view.record.length; index++) {
    const square = { position: index * pageTexels, order: pageOrder }
    const place = {
      origin: squareOrigin(square),
      orientation: orientationAt(square),
      inside: texelsInside - square.position,
    }
    drawPage(canvas, kernel, { page: pageOf(view, { level, index }), mode, ...place })
  }
}

function drawPage(
  canvas: Canvas,
  kernel: Kernel,
  page: Turned & {
    page: Uint8Array | undefined
    mode: RenderMode
    origin: { x: number; y: number }
    /** Texels of the page, in curve order, that begin inside the brick. */
    inside: number
  },
): void {
  const planes: Uint8Array[] = []
  for (let plane = 0; page.page !== undefined && plane < planeCount; plane++) {
    kernel.input.set(page.page.subarray(0, level4PageBytes))
    planes.push(kernel.foldPlane(page.orientation, plane).slice())
  }
  kernel.input.fill(0, 0, pageTexels)
  kernel.input.fill(1, 0, Math.min(pageTexels, page.inside))
  const mask = kernel.foldPlane(page.orientation).slice()
  const [entropy, mean, zero, print, high, coverage] = planes
  for (let at = 0; at < pageTexels; at++) {
    if (mask[at] === 0) continue
    const value = (plane: Uint8Array | undefined) => plane?.[at] ?? 0
    const colour =
      page.page === undefined
        ? groundColour
        : texelColour(page.mode, {
            entropy: value(entropy),
            mean: value(mean),
            zero: value(zero),
            print: value(print),
            high: value(high),
            coverage: value(coverage),
          })
    canvas.texel(page.origin.x + (at % pageSide), page.origin.y + Math.floor(at / pageSide), colour)
  }
}

/** Six planes of 4,096 texels in curve order, whatever the level; undefined where nothing is owned. */
function pageOf(view: BrickView, { level, index }: { level: number; index: number }): Uint8Array | undefined {
  const { kind, pointer } = view.locatePage(level, index)
  if (kind === TileKind.absent || pointer.offset === 0) return undefined
  const stored = view.file.frame(FrameType.overview, pointer, view.record)
  if (level > 2) return stored
  const unpacked = new Uint8Array(level4PageBytes)
  unpackLevel2(stored, unpacked)
  return unpacked
}

function titleOf(view: BrickView): string {
  const { meta, record } = view
  return `${displayPath(meta.source)}   generation ${record.generation}   ${sizeText(record.length)}`
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

function sizeText(bytes: number): string {
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)))
  return `${(bytes / 1024 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`
}

function scaleOf(level: number, zoom: number): string {
  const pixels = zoom === 1 ? 'a pixel' : `${zoom} x ${zoom} pixels`
  return level === 0 ? `${pixels} = one byte` : `${pixels} = ${sizeText(4 ** level)}   (level ${level})`
}
