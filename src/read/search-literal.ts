/**
 * A text that every match of a regular expression holds, where one is plain to see: `password` of `user.*password\s*=`. Where
 * it is not, the expression need not be tried; so most expressions cost as much as their text.
 *
 * Wrong text would hide matches: whatever is not plainly understood makes no text, or ends the search for one.
 */

/** Of an expression without the flags `u` and `v`, one character a byte. Undefined where none of two bytes is sure. */
export function requiredText(source: string): string | undefined {
  let best = ''
  let run = ''
  let depth = 0
  const end = (): void => {
    if (run.length > best.length) best = run
    run = ''
  }
  for (let at = 0; at < source.length; ) {
    const token = tokenAt(source, at)
    if (token === undefined || (depth === 0 && token.kind === 'bar')) return undefined
    at += token.length
    if (token.kind === 'open') depth++
    if (token.kind === 'close') depth--
    if (depth > 0) end()
    else if (token.kind === 'literal') run += token.literal
    else {
      // What may be left out, or come any number of times, is not sure.
      if (token.kind === 'quantifier') run = run.slice(0, -1)
      end()
    }
  }
  end()
  return best.length >= 2 ? best : undefined
}

type Token = { readonly length: number } & (
  | { readonly kind: 'literal'; readonly literal: string }
  /** `quantifier`: one that may say none. `other`: it matches something, or stands between. */
  | { readonly kind: 'open' | 'close' | 'bar' | 'quantifier' | 'other' }
)

/** Undefined where nobody here knows what it means: back references, octal numbers, rare escapes. */
function tokenAt(source: string, at: number): Token | undefined {
  const character = source.charAt(at)
  switch (character) {
    case '\\':
      return escapeAt(source, at)
    case '[': {
      const length = lengthAt(/\[(?:\\.|[^\]\\])*\]/sy, source, at)
      return length === 0 ? undefined : { kind: 'other', length }
    }
    case '(':
      return { kind: 'open', length: 1 }
    case ')':
      return { kind: 'close', length: 1 }
    case '|':
      return { kind: 'bar', length: 1 }
    case '*':
    case '?':
    case '{':
      return { kind: 'quantifier', length: Math.max(1, lengthAt(/\{\d+(?:,\d*)?\}/y, source, at)) }
    case '+':
    case '.':
    case '^':
    case '$':
    case ']':
    case '}':
      return { kind: 'other', length: 1 }
    default:
      return { kind: 'literal', literal: character, length: 1 }
  }
}

function escapeAt(source: string, at: number): Token | undefined {
  const number = lengthAt(/\\(?:x[0-9a-fA-F]{2}|u00[0-9a-fA-F]{2})/y, source, at)
  if (number > 0) {
    const code = Number.parseInt(source.slice(at + number - 2, at + number), 16)
    return { kind: 'literal', literal: String.fromCharCode(code), length: number }
  }
  const escaped = source.charAt(at + 1)
  if (/[dDwWsSbBtnvfr]/.test(escaped)) return { kind: 'other', length: 2 }
  // Of letters and digits all others: \k, \1, \012, \cA, \q.
  return /[^0-9A-Za-z]/.test(escaped) ? { kind: 'literal', literal: escaped, length: 2 } : undefined
}

/** Of what matches there; 0 where nothing does. `pattern` is sticky. */
function lengthAt(pattern: RegExp, source: string, at: number): number {
  pattern.lastIndex = at
  return pattern.exec(source)?.[0].length ?? 0
}
