/** Reading back what an artifact said of itself: anything may stand there, and nothing of it is believed unseen. */
import type { JsonValue } from '../../base/region.ts'

export function fieldsOf(json: JsonValue | undefined): { readonly [key: string]: JsonValue } {
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json)
  return isObject ? (json as { readonly [key: string]: JsonValue }) : {}
}

/** A whole number from 0. */
export function numberOf(json: JsonValue | undefined): number | undefined {
  return typeof json === 'number' && Number.isSafeInteger(json) && json >= 0 ? json : undefined
}

export function textOf(json: JsonValue | undefined): string | undefined {
  return typeof json === 'string' ? json : undefined
}

/** Undefined where it is no list, or one of it is not as it should be. */
export function listOf<T>(
  json: JsonValue | undefined,
  one: (json: JsonValue) => T | undefined,
): readonly T[] | undefined {
  if (!Array.isArray(json)) return undefined
  const all = (json as readonly JsonValue[]).map(one)
  return all.every((each) => each !== undefined) ? (all as T[]) : undefined
}
