/** What is known of a mapping from look to look. */
import type { GrowthSample } from './growth.ts'
import type { MapsEntry } from './maps.ts'
import type { PageSums } from './page-sums.ts'

export interface KnownMapping {
  readonly key: number
  readonly start: number
  readonly end: number
  /** See `thingOf`. */
  readonly thing: string
  readonly entry: MapsEntry
  readonly sums: PageSums
  /** Ascending by time. */
  readonly samples: GrowthSample[]
  /** Pages of the content that are in memory: pairs of first page and count. */
  readonly pages: readonly number[]
  readonly presentBytes: number
  readonly unreadable: string | undefined
  /** It was another one after its pages were looked at, twice. */
  readonly isTorn: boolean
  /** A commit holds it as a look found it. */
  isSettled: boolean
}
