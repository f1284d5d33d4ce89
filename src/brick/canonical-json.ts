/**
 * JSON of which there is one text for one value (RFC 8785): keys in order of their UTF-16 units, no space, numbers as
 * ECMAScript writes them. What `json.ts` would refuse is not written.
 */
import type { JsonValue } from '../base/region.ts'
import { jsonDepthMax } from './json.ts'

/** Undefined where it is nested deeper than a brick allows, or has a key `__proto__`. Unpaired surrogates become U+FFFD. */
export function canonicalJson(value: JsonValue): string | undefined {
  try {
    return textOf(value, 0)
  } catch (error) {
    if (error === unwritable) return undefined
    throw error
  }
}

const unwritable = new Error('a value that no brick holds')

function textOf(value: JsonValue, depth: number): string {
  if (value === null || typeof value !== 'object') {
    return JSON.stringify(typeof value === 'string' ? value.toWellFormed() : value)
  }
  if (depth === jsonDepthMax) throw unwritable
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => textOf(item, depth + 1)).join(',')}]`
  const members = new Map<string, string>()
  for (const [key, item] of Object.entries(value)) {
    const name = key.toWellFormed()
    if (name === '__proto__' || members.has(name)) throw unwritable
    members.set(name, textOf(item, depth + 1))
  }
  const sorted = [...members.keys()].sort()
  return `{${sorted.map((name) => `${JSON.stringify(name)}:${members.get(name)}`).join(',')}}`
}
