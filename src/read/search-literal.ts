/**
 * A text that every match of a regular expression holds, where one is plain to see: `password` of `.*password\s*=`. Where it
 * is not, the expression need not be tried; so most expressions cost as much as their text.
 */

/** Of an expression without the flags `u` and `v`, one character a byte. Undefined where none of two bytes is sure. */
export function requiredText(source: string): string | undefined {
  let best = ''
  let run = ''
  const end = (): void => {
    if (run.length > best.length) best = run
    run = ''
  }
  let depth = 0
  for (const { text, literal } of tokens(source)) {
    if (depth === 0 && text === '|') return undefined
    if (depth === 0 && literal !== undefined) run += literal
    else {
      // What may be left out, or come any number of times, is not sure.
      if (depth === 0 && /^[*?{]/.test(text)) run = run.slice(0, -1)
      end()
    }
    if (text === '(') depth++
    if (text === ')') depth--
  }
  end()
  return best.length >= 2 ? best : undefined
}

interface Token {
  /** A parenthesis, a bar, a quantifier, a class, an escape, a character. */
  readonly text: string
  /** The one character that it matches. */
  readonly literal?: string
}

function* tokens(source: string): Generator<Token> {
  const pattern =
    /\[(?:\\.|[^\]\\])*\]|\\x([0-9a-fA-F]{2})|\\u[0-9a-fA-F]{4}|\\c[A-Za-z]|\\(.)|\{\d+(?:,\d*)?\}|[\s\S]/g
  for (const [text, hex, escaped] of source.matchAll(pattern)) {
    if (hex !== undefined) yield { text, literal: String.fromCharCode(Number.parseInt(hex, 16)) }
    else if (escaped !== undefined && /[^0-9A-Za-z]/.test(escaped)) yield { text, literal: escaped }
    else if (text.length === 1 && /[^()|*+?.^$[\]{}\\]/.test(text)) yield { text, literal: text }
    else yield { text }
  }
}
