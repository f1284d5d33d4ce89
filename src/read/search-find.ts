/** Finding one needle in bytes at hand, as fast as the engine can. Only the first place; matching is search-engine.ts. */
import type { Needle } from './search-pattern.ts'

/** No place at all. */
export const nowhere = Number.POSITIVE_INFINITY

/** First match at or behind `from` that lies in `hay` whole; `nowhere` where there is none. */
export type Find = (hay: Hay, from: number) => number

/** Bytes to look in, and the same as one character a byte, made when it is asked for. */
export class Hay {
  /** From the beginning of the buffer to the end of what is in sight. */
  readonly bytes: Buffer
  /** Nothing is looked for before. */
  readonly start: number
  #text: string | undefined

  constructor(bytes: Buffer, { start, end }: { readonly start: number; readonly end: number }) {
    this.bytes = bytes.subarray(0, end)
    this.start = start
  }

  /** From `start` on. */
  get text(): string {
    this.#text ??= this.bytes.toString('latin1', this.start)
    return this.#text
  }
}

/** By the longest run of whole bytes, searched natively; where there is none worth it, as a regular expression. */
export function finderOf(needle: Needle): Find {
  const { mask } = needle
  let anchor = { start: 0, length: 0 }
  for (let start = 0; start < mask.length; start++) {
    let length = 0
    while (mask[start + length] === 0xff) length++
    if (length > anchor.length) anchor = { start, length }
    start += length
  }
  return anchor.length === mask.length || anchor.length > 1 ? anchored(needle, anchor) : byClasses(needle)
}

function anchored({ bytes, mask }: Needle, anchor: { readonly start: number; readonly length: number }): Find {
  const fixed = bytes.slice(anchor.start, anchor.start + anchor.length)
  const isWhole = fixed.length === bytes.length
  return ({ bytes: hay }, from) => {
    for (let at = hay.indexOf(fixed, from + anchor.start); at >= 0; at = hay.indexOf(fixed, at + 1)) {
      const start = at - anchor.start
      if (start + bytes.length > hay.length) return nowhere
      if (isWhole || isAt({ bytes, mask }, hay, start)) return start
    }
    return nowhere
  }
}

function isAt({ bytes, mask }: Pick<Needle, 'bytes' | 'mask'>, hay: Buffer, start: number): boolean {
  for (let i = 0; i < bytes.length; i++) {
    if (((hay[start + i] as number) & (mask[i] as number)) !== bytes[i]) return false
  }
  return true
}

/** Several times as fast as a loop: the engine skips by what the last of its classes can be. */
function byClasses({ bytes, mask }: Needle): Find {
  const classes = [...bytes].map((byte, i) => classOf(byte, mask[i] as number))
  const expression = new RegExp(classes.join(''), 'g')
  return (hay, from) => {
    expression.lastIndex = from - hay.start
    const match = expression.exec(hay.text)
    return match === null ? nowhere : hay.start + match.index
  }
}

function classOf(byte: number, mask: number): string {
  if (mask === 0) return '[^]'
  const all = Array.from({ length: 256 }, (_, value) => value).filter((value) => (value & mask) === byte)
  return `[${all.map((value) => `\\x${value.toString(16).padStart(2, '0')}`).join('')}]`
}
