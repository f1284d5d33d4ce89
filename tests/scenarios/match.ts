/**
 * Whether something is as a scenario says. An object says some of the fields; a list, some of the items in that order; a
 * text or number, all of it. An object with one of the words below as its only field says more loosely.
 */
import { isDeepStrictEqual } from 'node:util'

const words: Readonly<Record<string, (wanted: unknown, found: unknown) => boolean>> = {
  contains: (wanted, found) => typeof found === 'string' && found.includes(String(wanted)),
  matches: (wanted, found) => typeof found === 'string' && new RegExp(String(wanted), 'u').test(found),
  at_least: (wanted, found) => typeof found === 'number' && found >= Number(wanted),
  at_most: (wanted, found) => typeof found === 'number' && found <= Number(wanted),
  exactly: (wanted, found) => isDeepStrictEqual(found, wanted),
  not: (wanted, found) => differenceOf(wanted, found) !== undefined,
}

/** Where it is not as said, in words; undefined where it is. */
export function differenceOf(wanted: unknown, found: unknown, at = ''): string | undefined {
  const place = at === '' ? 'it' : at
  if (Array.isArray(wanted)) {
    if (!Array.isArray(found)) return `${place} is ${shown(found)}, not a list`
    const missing = firstMissing(wanted, found)
    return missing === undefined ? undefined : `${place} holds no ${shown(missing.item)} there: ${shown(found)}`
  }
  if (typeof wanted !== 'object' || wanted === null) {
    return Object.is(wanted, found) ? undefined : `${place} is ${shown(found)}, not ${shown(wanted)}`
  }
  const [word, ...others] = Object.keys(wanted)
  const holds = word === undefined || others.length > 0 ? undefined : words[word]
  if (holds !== undefined && word !== undefined) {
    const value = (wanted as Record<string, unknown>)[word]
    return holds(value, found) ? undefined : `${place} is ${shown(found)}, not ${word} ${shown(value)}`
  }
  if (typeof found !== 'object' || found === null) return `${place} is ${shown(found)}, not ${shown(wanted)}`
  for (const [name, value] of Object.entries(wanted)) {
    const inner = (found as Record<string, unknown>)[name]
    const difference = differenceOf(value, inner, at === '' ? name : `${at}.${name}`)
    if (difference !== undefined) return difference
  }
  return undefined
}

/** The first of `wanted` that does not come after those before it. */
export function firstMissing(
  wanted: readonly unknown[],
  found: readonly unknown[],
): { readonly item: unknown; readonly index: number } | undefined {
  let at = 0
  for (const [index, item] of wanted.entries()) {
    while (at < found.length && differenceOf(item, found[at]) !== undefined) at++
    if (at === found.length) return { item, index }
    at++
  }
  return undefined
}

const shownMax = 2_000

export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > shownMax ? `${text.slice(0, shownMax)}..` : text
}
