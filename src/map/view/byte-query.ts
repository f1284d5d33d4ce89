/** Which ways there are to look for what was typed among bytes. Pure. */
import type { SearchForm } from '../../wire/search.ts'

export interface ByteQuery {
  readonly form: SearchForm
  readonly query: string
  /** As a person reads it. */
  readonly words: string
}

/**
 * The most likely first: `/ab+c/` is a regular expression, `7f 45 ?? 46` bytes in hex, anything a text; quotes around a text say
 * that it is nothing else. Empty where there is nothing to look for.
 */
export function byteQueries(typed: string): readonly ByteQuery[] {
  const text = typed.trim()
  const quoted = /^"(.+)"$/.exec(text)?.[1]
  if (quoted !== undefined) return [textQuery(quoted)]
  if (text === '') return []
  const found: ByteQuery[] = []
  const expression = /^\/(.+)\/$/.exec(text)?.[1]
  if (expression !== undefined && compiles(expression)) {
    found.push({ form: 'regex', query: expression, words: `/${expression}/` })
  }
  const hex = /^(?:hex:)?((?:[0-9a-f?]{2}\s*){2,})$/i.exec(text)?.[1]
  if (hex !== undefined && /[0-9a-f]/i.test(hex)) found.push({ form: 'hex', query: hex.trim(), words: hex.trim() })
  found.push(textQuery(text))
  return found
}

function textQuery(text: string): ByteQuery {
  return { form: 'text', query: text, words: `“${text}”` }
}

function compiles(expression: string): boolean {
  try {
    new RegExp(expression)
    return true
  } catch {
    return false
  }
}
