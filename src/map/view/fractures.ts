/**
 * Where findings stand on the map, and what a fracture looks like: a crack through the bytes that it is about. Pure; the same
 * finding always breaks in the same way.
 */
import { type Severity, severityRank } from '../../base/region.ts'
import { type Square, squaresOf } from '../../hilbert/squares.ts'
import type { RunTuple } from '../../wire/api.ts'
import type { WorldPoint } from './camera.ts'
import type { Place } from './marks.ts'

/** Squares of one fracture in the risk mode; finer is not seen. */
const squareCountMax = 24

export interface Fracture extends Place {
  readonly severity: Severity
  /** In the brick's space, at least one byte. */
  readonly run: RunTuple
  /** Units from the brick's corner. */
  readonly squares: readonly Square[]
}

export function fractureOf(place: {
  readonly key: string
  readonly uuid: string
  readonly severity: Severity
  readonly start: number
  readonly length: number
}): Fracture {
  const { key, uuid, severity, start } = place
  const length = Math.max(1, place.length)
  const squares = squaresOf({ start, length, countMax: squareCountMax })
  const heart = squares.reduce((best, square) => (square.side > best.side ? square : best))
  return { key, uuid, severity, weight: severityRank(severity), count: 1, run: [start, length], squares, heart }
}

/** Corners of the main crack and of its branch, in a square from 0 to 1; the main one begins at the upper side. */
export interface Crack {
  readonly main: readonly WorldPoint[]
  readonly branch: readonly WorldPoint[]
}

const crackSteps = 11
const crackSwing = 0.09

/** From the upper side of the square downwards, by `seed` alone. */
export function crackOf(seed: number): Crack {
  const chance = chanceOf(seed)
  const lean = (chance() - 0.5) * 0.5
  const depth = 0.72 + 0.2 * chance()
  const main: WorldPoint[] = []
  for (let step = 0; step <= crackSteps; step++) {
    const along = step / crackSteps
    // It swings less towards its end.
    const swing = step === 0 ? 0 : ((step % 2) * 2 - 1) * crackSwing * (0.35 + chance()) * (1.1 - along)
    main.push({ x: 0.5 + lean * along + swing, y: depth * along * (0.9 + 0.1 * along) })
  }
  const root = main[3 + Math.floor(chance() * 3)] as WorldPoint
  const turn = lean > 0 ? -1 : 1
  const branch = [root]
  for (let step = 1; step <= 4; step++) {
    const swing = (step % 2 === 0 ? 1 : -1) * 0.025 * (0.5 + chance())
    branch.push({ x: root.x + turn * step * 0.055, y: root.y + step * 0.05 + swing })
  }
  return { main, branch }
}

/** Numbers 0 .. 1 that follow from the seed; good enough for the look of a crack. */
function chanceOf(seed: number): () => number {
  let state = seed % 2 ** 32
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  // Seeds that are near each other part only after some steps.
  for (let step = 0; step < 8; step++) next()
  return next
}
