/** Which of the entries shown have findings, and how grave the gravest is; worked out once for each list of either. */
import type { Severity } from '../../base/region.ts'
import { type Square, squaresOf } from '../../hilbert/squares.ts'
import type { Fracture } from '../view/fractures.ts'
import type { Shape } from '../view/shapes.ts'

/** Of one entry; finer is not seen. */
const squareCountMax = 48

export interface RiskyEntry {
  readonly squares: readonly Square[]
  readonly severity: Severity
}

/** `fractures`: the mildest first. */
export function riskyEntries(options: {
  shapes: readonly Shape[]
  fractures: readonly Fracture[]
  uuid: string
}): readonly RiskyEntry[] {
  const { shapes, fractures } = options
  const held = known.get(shapes)
  if (held?.fractures === fractures) return held.entries
  const entries = entriesOf(options)
  known.set(shapes, { fractures, entries })
  return entries
}

const known = new WeakMap<readonly Shape[], { fractures: readonly Fracture[]; entries: readonly RiskyEntry[] }>()

function entriesOf({ shapes, fractures, uuid }: Parameters<typeof riskyEntries>[0]): readonly RiskyEntry[] {
  const slots = shapes.flatMap((shape) => (shape.entry === undefined ? [] : [shape.entry.slot]))
  slots.sort((a, b) => a.start - b.start)
  const gravest = new Map<(typeof slots)[number], Severity>()
  for (const fracture of fractures) {
    if (fracture.uuid !== uuid) continue
    const at = fracture.run[0]
    // Slots do not overlap: the last that begins at or before the place is the one.
    const slot = slots.findLast(({ start }) => start <= at)
    if (slot !== undefined && at < slot.start + slot.length) gravest.set(slot, fracture.severity)
  }
  return [...gravest].map(([slot, severity]) => ({
    squares: squaresOf({ ...slot, countMax: squareCountMax }),
    severity,
  }))
}
