/** Repeatable chance: a seed says everything that follows. */

export interface Chance {
  /** A whole number in [0, end). */
  below(end: number): number
  pick<T>(items: readonly T[]): T
  /** True in `percent` of all cases. */
  happens(percent: number): boolean
  bytes(length: number): Uint8Array
}

/** Mulberry32: 32 bits of state are enough to try things out. */
export function chanceOf(seed: number): Chance {
  let state = (seed * 0x9e3779b1) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (end: number): number => Math.floor((next() / 2 ** 32) * end)
  return {
    below,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    happens: (percent) => below(100) < percent,
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
  }
}

/** `count` seeds from 1 on, or those that SFD_TEST_SEED names: `SFD_TEST_SEED=7 node --test ..` repeats one. */
export function seedsOf(count: number): number[] {
  const asked = process.env['SFD_TEST_SEED']
  if (asked !== undefined) return asked.split(',').map(Number)
  return Array.from({ length: count }, (_, i) => i + 1)
}
