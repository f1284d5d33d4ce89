/**
 * Where the pages of a map end (spec section 8, Shape): a matter of the keys alone, never of history.
 *
 * A run of items ends after an item whose key hash begins with enough zero bits (a natural cut). A run that is too long
 * is divided after its item with the smallest hash, the last item excepted, and both parts likewise. Each level hashes
 * the keys anew, so that names chosen to end pages of one level end those of the next by chance alone (ADR 8).
 */
import { compareBytes } from '../base/bytes.ts'
import type { Tools } from './tools.ts'

export interface PageShape {
  /** Leading zero bits of the hash of a key that ends a run. */
  readonly zeroBits: number
  /** Longest page. */
  readonly itemsMax: number
}

/** The format's; tests use smaller ones to reach many levels with few items. */
export const standardShape: PageShape = { zeroBits: 6, itemsMax: 256 }

/** Levels of a map, leaf and root included. */
export const levelsMax = 16

/** h(level, key) of the specification. */
export function keyHash(tools: Tools, level: number, key: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + key.length)
  bytes[0] = level
  bytes.set(key, 1)
  return tools.sha256(bytes)
}

/** `hash` is the key's of its level. */
export function isNaturalCut(hash: Uint8Array, shape = standardShape): boolean {
  return leadingZeroBits(hash) >= shape.zeroBits
}

/** Ends (exclusive, ascending, the last is hashes.length) of the pages of a whole level; none for no items. */
export function cutItems(hashes: readonly Uint8Array[], shape = standardShape): number[] {
  const ends: number[] = []
  let start = 0
  for (let i = 0; i < hashes.length; i++) {
    if (i + 1 < hashes.length && !isNaturalCut(hashes[i] as Uint8Array, shape)) continue
    const first = start
    const run = { count: i + 1 - first, hashAt: (index: number) => hashes[first + index] as Uint8Array }
    for (const end of divideRun(run, shape)) ends.push(first + end)
    start = i + 1
  }
  return ends
}

export interface KeyRun {
  readonly count: number
  /** Key hash of an item on its level; asked for only where the run is too long for one page. */
  readonly hashAt: (index: number) => Uint8Array
}

/**
 * Ends of the pages of one run. Dividing at the smallest hash again and again walks a Cartesian tree of all items but
 * the last; an item ends a page where its subtree, and the item that closes it, are more than a page holds. So the ends
 * are found in one pass over the nearest smaller neighbours, for any keys: linear, and without recursion.
 */
export function divideRun(run: KeyRun, shape = standardShape): number[] {
  const { count } = run
  if (count <= shape.itemsMax) return count === 0 ? [] : [count]
  const inner = count - 1
  const hashes = Array.from({ length: inner }, (_, index) => run.hashAt(index))
  const smallerBefore = new Int32Array(inner).fill(-1)
  const smallerAfter = new Int32Array(inner).fill(inner)
  const rising: number[] = []
  for (let i = 0; i < inner; i++) {
    while (
      rising.length > 0 &&
      compareBytes(hashes[rising.at(-1) as number] as Uint8Array, hashes[i] as Uint8Array) > 0
    ) {
      smallerAfter[rising.pop() as number] = i
    }
    smallerBefore[i] = rising.at(-1) ?? -1
    rising.push(i)
  }
  const ends: number[] = []
  for (let i = 0; i < inner; i++) {
    const subtree = (smallerAfter[i] as number) - (smallerBefore[i] as number) - 1
    if (subtree + 1 > shape.itemsMax) ends.push(i + 1)
  }
  ends.push(count)
  return ends
}

function leadingZeroBits(hash: Uint8Array): number {
  let bits = 0
  for (const byte of hash) {
    if (byte !== 0) return bits + Math.clz32(byte) - 24
    bits += 8
  }
  return bits
}
