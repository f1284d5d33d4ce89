/**
 * The tables by which the WASM fold moves bytes: 16 x 16 blocks inside a square, 4 x 4 parts inside a block.
 *
 * Bytes inside a part are moved by lanes (swizzle), parts inside a block by offsets (fold has them in its code), blocks
 * inside a square by cells. All of it follows from the curve; wasm/fold.as.ts says how it is used.
 */
import { positionToPoint } from '../hilbert/curve.ts'
import { type Orientation, orient, orientationAt } from '../hilbert/orientation.ts'

export interface FoldTables {
  /** For each orientation of a block and each of its parts in row-major order: byte offset of the part in the block. */
  readonly partOffsets: Uint8Array
  /** For each orientation of a part, sixteen lanes: which byte of the part comes at each place in row-major order. */
  readonly foldLanes: Uint8Array
  /** In the order of partOffsets, sixteen lanes each: which place in row-major order each byte of the part has. */
  readonly unfoldLanes: Uint8Array
  /** For each orientation of a tile and each block in curve order: column + 16 * row of the block. */
  readonly tileCells: Uint8Array
  /** For the same blocks: their orientation. */
  readonly tileTurns: Uint8Array
  /** The same for the 16 blocks of a plane of 64 x 64. */
  readonly planeCells: Uint8Array
  readonly planeTurns: Uint8Array
}

const orientations: readonly Orientation[] = [0, 1, 2, 3]
/** A block has 4 x 4 parts, a part 4 x 4 bytes. */
const partSide = 4
const partCells = partSide * partSide

export function foldTables(): FoldTables {
  return { ...partTables(), ...blockTables({ tileSide: 16, planeSide: 4 }) }
}

function partTables(): Pick<FoldTables, 'partOffsets' | 'foldLanes' | 'unfoldLanes'> {
  const partOffsets: number[] = []
  const unfoldLanes: number[] = []
  for (const orientation of orientations) {
    const cells = cellsOf({ side: partSide, orientation })
    for (let cell = 0; cell < partCells; cell++) {
      const part = cells.findIndex(({ x, y }) => y * partSide + x === cell)
      const turn = (orientation ^ orientationAt({ position: part * partCells, order: 2 })) as Orientation
      partOffsets.push(part * partCells)
      unfoldLanes.push(...placesOf(turn))
    }
  }
  const foldLanes = orientations.flatMap((orientation) => {
    const places = placesOf(orientation)
    return places.map((_, place) => places.indexOf(place))
  })
  return {
    partOffsets: Uint8Array.from(partOffsets),
    foldLanes: Uint8Array.from(foldLanes),
    unfoldLanes: Uint8Array.from(unfoldLanes),
  }
}

/** Of the bytes of a part, in curve order: their places in row-major order. */
function placesOf(orientation: Orientation): number[] {
  return cellsOf({ side: partSide, orientation }).map(({ x, y }) => y * partSide + x)
}

/** Sides in blocks. */
function blockTables({ tileSide, planeSide }: { tileSide: number; planeSide: number }) {
  const cells = (side: number) =>
    Uint8Array.from(orientations.flatMap((orientation) => cellsOf({ side, orientation }).map(({ x, y }) => x + 16 * y)))
  const turns = (side: number) =>
    Uint8Array.from(
      orientations.flatMap((orientation) =>
        Array.from({ length: side * side }, (_, i) => orientation ^ orientationAt({ position: i * 256, order: 4 })),
      ),
    )
  return {
    tileCells: cells(tileSide),
    tileTurns: turns(tileSide),
    planeCells: cells(planeSide),
    planeTurns: turns(planeSide),
  }
}

/** The points of a square of `side` (an even power of two) in curve order. */
function cellsOf({ side, orientation }: { side: number; orientation: Orientation }) {
  return Array.from({ length: side * side }, (_, i) => orient({ ...positionToPoint(i), side, orientation }))
}
