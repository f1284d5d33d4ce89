/**
 * A regular expression as a person writes it, made to match bytes: texts are searched as one character a byte, so what is
 * beyond ASCII stands for the bytes of its UTF-8. Only rewrites; matching is search-engine.ts.
 */
import { bytesKey, displayPath, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { requiredText } from './search-literal.ts'

export interface ByteRegex {
  readonly kind: 'regex'
  /** Over one character a byte. */
  readonly source: string
  /** With `g`. */
  readonly flags: string
  /** One character a byte; every match holds it, with `i` among the flags in any case. */
  readonly required: string | undefined
}

/** Of expressions without the flags `u` and `v`. Errors: USAGE. */
export function byteRegex(query: Uint8Array, letterCase: 'exact' | 'any'): ByteRegex {
  const pattern = bytesKey(query)
  const flags = letterCase === 'any' ? 'gim' : 'gm'
  // Of what is refused here the message names what was written.
  const mayFold = letterCase === 'any' || /\(\?[ms]*i/.test(pattern)
  try {
    const source = rewritten(pattern, mayFold)
    new RegExp(source, flags)
    return { kind: 'regex', source, flags, required: requiredText(source) }
  } catch (error) {
    if (error instanceof FoundryError) throw error
    const why = error instanceof Error ? error.message.replace(/^Invalid regular expression: .*: /, '') : String(error)
    throw usage(`The regular expression ${displayPath(query)} cannot be used: ${why}.`)
  }
}

/** `pattern`: one character a byte. */
function rewritten(pattern: string, mayFold: boolean): string {
  let source = ''
  for (let at = 0; at < pattern.length; ) {
    const next = part(pattern, at)
    const isFolded = mayFold && next.text.startsWith('[')
    source += isFolded ? withExactBytes(next.text) : next.text
    at += next.length
  }
  return source
}

interface Part {
  readonly text: string
  /** Characters of the pattern that it stands for. */
  readonly length: number
}

function part(pattern: string, at: number): Part {
  const character = pattern.charAt(at)
  if (character === '[') return classAt(pattern, at)
  if (character === '\\') return escaped(pattern, at) ?? { text: pattern.slice(at, at + 2), length: 2 }
  if (character < '\x80') return { text: character, length: 1 }
  const length = sequenceLength(pattern, at)
  return { text: bytesGroup(pattern.slice(at, at + length)), length }
}

/** An escape that means something else over bytes. */
function escaped(pattern: string, at: number): Part | undefined {
  const text = pattern.slice(at)
  refuseProperties(text)
  const unit = /^\\u([0-9a-fA-F]{4})/.exec(text)
  if (unit !== null) {
    const character = String.fromCharCode(Number.parseInt(unit[1] as string, 16))
    if (character < '\x80') return { text: unit[0], length: unit[0].length }
    return { text: bytesGroup(bytesKey(utf8(character))), length: unit[0].length }
  }
  const byte = /^\\(?:x[89a-fA-F][0-9a-fA-F]|[23][0-7]{2})/.exec(text)
  return byte === null ? undefined : { text: `(?-i:${byte[0]})`, length: byte[0].length }
}

/** A whole class; one without an end is left to be refused. */
function classAt(pattern: string, at: number): Part {
  let text = ''
  for (let next = at; next < pattern.length; ) {
    const piece = pattern.charAt(next) === '\\' ? pattern.slice(next, next + 2) : pattern.charAt(next)
    if (piece >= '\x80') throw beyondAscii()
    if (piece.startsWith('\\')) {
      refuseProperties(pattern.slice(next))
      if (/^\\u(?!00[0-7])[0-9a-fA-F]{4}/.test(pattern.slice(next))) throw beyondAscii()
    }
    text += piece
    next += piece.length
    if (piece === ']') break
  }
  return { text, length: text.length }
}

/** Bytes beyond ASCII are no letters here, and have no case; where the class names none, it stays as it is. */
function withExactBytes(text: string): string {
  const isNegated = text.startsWith('[^')
  const named = isNegated ? `[${text.slice(2)}` : text
  const expression = new RegExp(named)
  const isIn = (byte: number): boolean => expression.test(String.fromCharCode(byte))
  const high = Array.from({ length: 128 }, (_, i) => i + 128)
  if (!high.some(isIn)) return text
  const exact = high.filter((byte) => isIn(byte) !== isNegated)
  const bytes = `(?-i:[${exact.map(byteEscape).join('')}])`
  return isNegated ? `(?:(?!${named})[\\0-\\x7f]|${bytes})` : `(?:(?=[\\0-\\x7f])${named}|${bytes})`
}

function byteEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}

function refuseProperties(text: string): void {
  if (/^\\u\{/.test(text)) throw usage('\\u{..} stands for characters; over bytes write \\xHH for each byte.')
  if (/^\\p\{/i.test(text)) throw usage('\\p{..} asks for kinds of characters; over bytes there are none.')
}

/** Bytes of one character, always as they are. */
function bytesGroup(bytes: string): string {
  const codes = [...bytes].map((byte) => byteEscape(byte.charCodeAt(0)))
  return `(?-i:${codes.join('')})`
}

/** Of the UTF-8 sequence that begins there; 1 where none does. */
function sequenceLength(pattern: string, at: number): number {
  const lead = pattern.charCodeAt(at)
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1
  return /^[\x80-\xbf]*$/.test(pattern.slice(at + 1, at + length)) && at + length <= pattern.length ? length : 1
}

function beyondAscii(): FoundryError {
  return usage(
    'A class matches one byte, and a character beyond ASCII has several: write (a|b) instead of [ab], or \\xHH.',
  )
}

function usage(message: string): FoundryError {
  return new FoundryError('USAGE', message)
}
