/**
 * The wire's shapes of numbers over time: what the files of the kernel say, commit by commit. Part of api.ts, which gives them
 * out; the same rules hold. Names are data that anyone may have written.
 */

/** `bytes`, `count`, `percent` (0 .. 100), `seconds`; `none`: a number as it stands, such as a load. */
export type SeriesUnit = 'bytes' | 'count' | 'percent' | 'seconds' | 'none'

/** A number that an entry tells. */
export interface SeriesName {
  readonly name: string
  readonly unit: SeriesUnit
  /** `counter`: it only grows, until it starts anew: what matters is how fast. `gauge`: what matters is how much. */
  readonly kind: 'gauge' | 'counter'
  /** In the newest commit that was asked about. */
  readonly latest: number
}

export interface Series extends SeriesName {
  /** One for each of `times`; null where the entry did not tell it then. */
  readonly values: readonly (number | null)[]
}

/**
 * GET /b/{uuid}/series?path=|pathHex=&name=&name= : numbers of one entry over the retained commits: those named, at most
 * `seriesMax`, or without a name those that matter first. An entry without numbers has no names: no error.
 */
export interface SeriesAnswer {
  /** All numbers that the entry tells now, in its own order, at most `seriesNamesMax`. */
  readonly names: readonly SeriesName[]
  /** RFC 3339 UTC of the commits that were read, oldest first; where there are many, evenly chosen. At most `seriesTimesMax`. */
  readonly times: readonly string[]
  /** In the order asked for, without those that are not there. */
  readonly series: readonly Series[]
  /** True where commits or names were left out. */
  readonly truncated: boolean
}
export const seriesMax = 8
export const seriesNamesMax = 1_024
export const seriesTimesMax = 400
