/**
 * Paths of entries and the keys that ENTRIES sorts by (spec 8.1, 9).
 *
 * The key is dirname 00 basename, so that a directory's children stand next to one another. The root directory has the
 * empty path and the empty key. A path that passes here cannot name anything outside the artifact's root.
 */
import { assert } from '../base/assert.ts'
import { displayPath } from '../base/bytes.ts'
import { BrickDamage } from './damage.ts'

/** Bytes. */
export const nameBytesMax = 255
export const pathBytesMax = 4_096
export const keyBytesMax = 4_352

const slash = 0x2f
const dot = 0x2e

/** What is wrong with the path of an entry, or undefined. The empty path is the root directory. */
export function pathProblem(path: Uint8Array): string | undefined {
  if (path.length === 0) return undefined
  if (path.length > pathBytesMax) return `it is longer than ${pathBytesMax} bytes`
  let start = 0
  for (let at = 0; at <= path.length; at++) {
    if (path[at] === 0) return 'it contains a NUL'
    if (at < path.length && path[at] !== slash) continue
    const length = at - start
    if (length === 0) return 'it has an empty part'
    if (length > nameBytesMax) return `a part is longer than ${nameBytesMax} bytes`
    if (length === 1 && path[start] === dot) return 'it has a part .'
    if (length === 2 && path[start] === dot && path[start + 1] === dot) return 'it has a part ..'
    start = at + 1
  }
  return undefined
}

/** BrickDamage `path` where pathProblem names one. */
export function checkPath(path: Uint8Array, offset = -1): void {
  const problem = pathProblem(path)
  if (problem === undefined) return
  throw new BrickDamage('path', `${displayPath(path.subarray(0, pathBytesMax))}: ${problem}`, offset)
}

/** The path must have no problem. */
export function keyOfPath(path: Uint8Array): Uint8Array {
  assert(path.length <= pathBytesMax, `a path had ${path.length} bytes`)
  if (path.length === 0) return path
  const cut = path.lastIndexOf(slash)
  const key = new Uint8Array(cut < 0 ? path.length + 1 : path.length)
  key.set(path, cut < 0 ? 1 : 0)
  if (cut >= 0) key[cut] = 0
  return key
}

/** BrickDamage `path` where the key is not that of a path without a problem. */
export function pathOfKey(key: Uint8Array, offset = -1): Uint8Array {
  if (key.length === 0) return key
  const cut = key.indexOf(0)
  if (cut < 0) throw new BrickDamage('path', 'the key of an entry has no 00', offset)
  if (key.indexOf(slash, cut + 1) >= 0) throw new BrickDamage('path', 'a name contains a slash', offset)
  const path = cut === 0 ? key.slice(1) : key.slice()
  if (cut > 0) path[cut] = slash
  if (path.length === 0) throw new BrickDamage('path', 'a name is empty', offset)
  checkPath(path, offset)
  return path
}

/** Path of the directory that holds the entry, a view; the root directory has none. */
export function parentPath(path: Uint8Array): Uint8Array {
  assert(path.length > 0, 'the parent of the root directory was asked for')
  return path.subarray(0, Math.max(0, path.lastIndexOf(slash)))
}
