/** What the check of an embedded thing works with: bytes at offsets of the whole content, and what it says of them. */
import type { Content } from '../subject.ts'

/** `at`: where the pattern matched. Undefined: not such a thing. Never throws but what `content.read` throws. */
export type Shape = (content: Content, at: number) => EmbeddedThing | undefined

export interface EmbeddedThing {
  /** Where it begins, if not where the pattern matched. */
  readonly offset?: number
  /** Bytes; of what does not say where it ends, those of its header. */
  readonly length: number
  /** More than the rule's label. */
  readonly name?: string
  /** `whole`: the length is that of all of it. `header`: it goes on for an unknown length. `marker`: only the words of a format. */
  readonly extent: 'whole' | 'header' | 'marker'
}

/** A copy of up to `length` bytes; undefined where fewer than `lengthMin` (default `length`) are there. */
export function bytesAt(content: Content, at: number, length: number, lengthMin = length): Buffer | undefined {
  if (at < 0 || at + lengthMin > content.size) return undefined
  const bytes = content.read(at, Math.min(length, content.size - at))
  return bytes.length < lengthMin ? undefined : Buffer.from(bytes)
}

/** Undefined where the content ends before the thing does. */
export function wholeThing(content: Content, at: number, length: number, name?: string): EmbeddedThing | undefined {
  if (!Number.isSafeInteger(length) || length <= 0 || at + length > content.size) return undefined
  return { length, extent: 'whole', ...(name !== undefined && { name }) }
}
