/**
 * How severity looks: by a shape first, told apart in greyscale and by every eye, by size second, by colour third (`risk`
 * of the palette). One table for the map's canvas; style.css has the same outlines for the panels (`.sev`), in the same colours.
 */
import { type Severity, severities } from '../../base/region.ts'

export interface SeverityMark {
  /** Corners of the shape in a square from -1 to 1. */
  readonly outline: readonly (readonly [x: number, y: number])[]
  /** Pixels from its middle to its edge. */
  readonly radius: number
  readonly filled: boolean
}

const triangle = [
  [0, -1],
  [1, 0.8],
  [-1, 0.8],
] as const
const diamond = [
  [0, -1],
  [1, 0],
  [0, 1],
  [-1, 0],
] as const

/** A round of so many corners, the first at the right. */
function polygon(corners: number): [number, number][] {
  return Array.from({ length: corners }, (_, at) => {
    const angle = (2 * Math.PI * at) / corners
    return [Math.cos(angle), Math.sin(angle)]
  })
}

export const severityMarks: Readonly<Record<Severity, SeverityMark>> = {
  info: { outline: polygon(16), radius: 3.5, filled: false },
  low: { outline: triangle, radius: 4.5, filled: false },
  medium: { outline: triangle, radius: 5.5, filled: true },
  high: { outline: diamond, radius: 7, filled: true },
  critical: { outline: polygon(6), radius: 8, filled: true },
}

/** Of the gravest two: what has to be looked at first. */
export function isGrave(severity: Severity): boolean {
  return severity === 'high' || severity === 'critical'
}

/** The gravest first. */
export const gravestFirst: readonly Severity[] = [...severities].reverse()

/** `memory-growth` -> memory growth */
export function ruleWords(rule: string): string {
  return rule.replace(/[-_]/g, ' ')
}
