/**
 * JSON out of a brick (spec 8.4, 7, 9): bounded in size and depth, strict UTF-8, no duplicate key, no `__proto__`.
 *
 * JSON.parse keeps the last of two equal keys without a word, so the grammar is walked here. Objects come back plain,
 * with every key an own property.
 */
import { utf8Text } from '../base/bytes.ts'
import { BrickDamage, type DamageRule } from './damage.ts'

/** Arrays and objects inside one another; the outermost counts 1. */
export const jsonDepthMax = 16

export interface JsonLimits {
  readonly rule: DamageRule
  /** Bytes. */
  readonly sizeMax: number
  /** File offset of the frame, for the message. */
  readonly offset?: number
}

/** The value; BrickDamage where the bytes are not exactly one JSON text inside the limits. */
export function parseJson(bytes: Uint8Array, limits: JsonLimits): unknown {
  const fail = (detail: string): never => {
    throw new BrickDamage(limits.rule, detail, limits.offset ?? -1)
  }
  if (bytes.length > limits.sizeMax) fail(`its JSON has ${bytes.length} bytes, at most ${limits.sizeMax} are allowed`)
  const text = utf8Text(bytes) ?? fail('its JSON is not UTF-8')
  return new JsonText(text, fail).whole()
}

const space = /[ \t\n\r]*/y
const numberToken = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these characters inside a string
const stringToken = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const wordToken = /true|false|null/y

/** One walk over the text. */
class JsonText {
  readonly #text: string
  readonly #fail: (detail: string) => never
  #at = 0

  constructor(text: string, fail: (detail: string) => never) {
    this.#text = text
    this.#fail = fail
  }

  whole(): unknown {
    const value = this.#value(0)
    if (this.#at !== this.#text.length) this.#fail(`its JSON goes on after its end, at character ${this.#at}`)
    return value
  }

  /** The value and the space around it; `depth` arrays and objects are open. */
  #value(depth: number): unknown {
    this.#match(space)
    const value = this.#bareValue(depth)
    this.#match(space)
    return value
  }

  #bareValue(depth: number): unknown {
    const first = this.#text[this.#at]
    if (first === '{') return this.#object(depth + 1)
    if (first === '[') return this.#array(depth + 1)
    if (first === '"') return this.#string()
    const word = this.#match(wordToken)
    if (word !== undefined) return word === 'null' ? null : word === 'true'
    const digits = this.#match(numberToken) ?? this.#unexpected()
    const value = Number(digits)
    return Number.isFinite(value) ? value : this.#fail('its JSON holds a number too large for a double')
  }

  #object(depth: number): unknown {
    this.#open(depth)
    const entries: [string, unknown][] = []
    const keys = new Set<string>()
    if (this.#skip('}')) return {}
    do {
      this.#match(space)
      const key = this.#string()
      if (keys.has(key)) this.#fail('its JSON has a duplicate key')
      if (key === '__proto__') this.#fail('its JSON has a key __proto__')
      keys.add(key)
      this.#match(space)
      if (!this.#skip(':')) this.#unexpected()
      entries.push([key, this.#value(depth)])
    } while (this.#skip(','))
    if (!this.#skip('}')) this.#unexpected()
    return Object.fromEntries(entries)
  }

  #array(depth: number): unknown[] {
    this.#open(depth)
    const items: unknown[] = []
    if (this.#skip(']')) return items
    do items.push(this.#value(depth))
    while (this.#skip(','))
    if (!this.#skip(']')) this.#unexpected()
    return items
  }

  /** Past the bracket and the space behind it. */
  #open(depth: number): void {
    if (depth > jsonDepthMax) this.#fail(`its JSON is nested deeper than ${jsonDepthMax}`)
    this.#at++
    this.#match(space)
  }

  #string(): string {
    const token = this.#match(stringToken) ?? this.#unexpected()
    return JSON.parse(token) as string
  }

  #match(token: RegExp): string | undefined {
    token.lastIndex = this.#at
    const found = token.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #unexpected(): never {
    return this.#fail(`its JSON is malformed at character ${this.#at}`)
  }
}
