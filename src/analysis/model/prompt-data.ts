/**
 * What was found in a file as a block of data for a model: JSON in plain ASCII in which nothing of the file can look like
 * the end of the block, a token of a chat template or markup.
 *
 * Everything in it is attacker text: texts are cut, counted, and names that speak to a model are replaced by a number.
 */
import type { JsonValue } from '../../base/region.ts'
import { isAddressedToModels } from '../policy/injection.ts'

export const textLengthMax = 120
export const stringsMax = 40
const nameLengthMax = 64
const listMax = 64

/** Stands for the string `text`, which may be anything: cut at `textLengthMax` characters. */
export function dataText(text: string): string {
  const whole = text.toWellFormed()
  return whole.length <= textLengthMax ? whole : `${whole.slice(0, textLengthMax).toWellFormed()}...`
}

/** Names out of a file: those that are no names any more become `sym_1`, `sym_2`, ... */
export class SymbolNames {
  readonly #given = new Map<string, string>()

  of(name: string): string {
    if (name.length <= nameLengthMax && !isAddressedToModels(name)) return name
    const known = this.#given.get(name)
    if (known !== undefined) return known
    const given = `sym_${this.#given.size + 1}`
    this.#given.set(name, given)
    return given
  }
}

/** JSON in which every character of a string that means something to a chat template, to markup or to JSON is escaped. */
export function dataJson(value: JsonValue): string {
  if (typeof value === 'string') return `"${[...dataText(value)].map(escaped).join('')}"`
  if (Array.isArray(value)) return `[${value.slice(0, listMax).map(dataJson).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const members = Object.entries(value).slice(0, listMax)
  return `{${members.map(([key, item]) => `${dataJson(key)}:${dataJson(item)}`).join(',')}}`
}

const plain = /^[A-Za-z0-9 .,;:!?'()*+/=@$%&^~_-]$/

function escaped(character: string): string {
  if (plain.test(character)) return character
  let text = ''
  for (let at = 0; at < character.length; at++) text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`
  return text
}
