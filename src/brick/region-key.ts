/**
 * Keys of REGIONS (spec 8.3): first how large a region is, then where it begins.
 *
 * All that touches a run of bytes is found by one short look in each of the eleven size classes, however many regions the
 * brick has: in a class nothing that begins further before the run than the class allows reaches it.
 */
import { assert } from '../base/assert.ts'
import { BrickDamage } from './damage.ts'

export interface RegionPlace {
  /** 0 .. 10. */
  readonly sizeClass: number
  /** Position in the brick's space. */
  readonly start: number
  /** 0 .. 255. */
  readonly layer: number
  /** 0 .. 65,535: tells apart what is alike in the rest. */
  readonly ordinal: number
}

export const sizeClassCount = 11
export const ordinalMax = 0xffff
const keyBytes = 12
const smallestClassBytes = 256

/** Longest region of a class; bytes. The last one holds all that a brick's space can. */
export function sizeClassBytes(sizeClass: number): number {
  return smallestClassBytes * 16 ** sizeClass
}

export function sizeClassOf(length: number): number {
  let sizeClass = 0
  for (let bytes = smallestClassBytes; bytes < length; bytes *= 16) sizeClass++
  return sizeClass
}

export function regionKey({ sizeClass, start, layer, ordinal }: RegionPlace): Uint8Array {
  assert(sizeClass < sizeClassCount && layer <= 0xff && ordinal <= ordinalMax, 'a place of a region was out of range')
  assert(Number.isSafeInteger(start) && start >= 0, `a region began at ${start}`)
  const key = new Uint8Array(keyBytes)
  const view = new DataView(key.buffer)
  view.setUint8(0, sizeClass)
  view.setBigUint64(1, BigInt(start))
  view.setUint8(9, layer)
  view.setUint16(10, ordinal)
  return key
}

/** The smallest key of what begins at `start` or later in a class; of class `sizeClassCount` the end of all keys. */
export function firstRegionKey(sizeClass: number, start: number): Uint8Array {
  if (sizeClass === sizeClassCount) return Uint8Array.of(sizeClassCount)
  return regionKey({ sizeClass, start, layer: 0, ordinal: 0 })
}

/** BrickDamage `regions`. */
export function placeOfRegionKey(key: Uint8Array): RegionPlace {
  if (key.length !== keyBytes) throw new BrickDamage('regions', `the key of a region has ${key.length} bytes`)
  const view = new DataView(key.buffer, key.byteOffset, keyBytes)
  const sizeClass = view.getUint8(0)
  const start = Number(view.getBigUint64(1))
  if (sizeClass >= sizeClassCount) throw new BrickDamage('regions', `a region has the size class ${sizeClass}`)
  if (!Number.isSafeInteger(start)) throw new BrickDamage('regions', 'a region begins above 2^53 - 1')
  return { sizeClass, start, layer: view.getUint8(9), ordinal: view.getUint16(10) }
}
