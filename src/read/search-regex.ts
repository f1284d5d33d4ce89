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

/** Of expressions without the flags `u` and `v`. `.*` at the beginning is left out: it says nothing. Errors: USAGE. */
export function byteRegex(query: Uint8Array, letterCase: 'exact' | 'any'): ByteRegex {
  const written = rewritten(bytesKey(query))
  const flags = letterCase === 'any' ? 'gim' : 'gm'
  try {
    new RegExp(written, flags)
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^Invalid regular expression: .*: /, '') : String(error)
    throw usage(`The regular expression ${displayPath(query)} cannot be used: ${why}.`)
  }
  const source = written.includes('|') ? written : written.replace(/^\.\*\??(?=[^*+?{])/, '')
  return { kind: 'regex', source, flags, required: requiredText(source) }
}

/** `pattern`: one character a byte. */
function rewritten(pattern: string): string {
  let source = ''
  let isInClass = false
  for (let at = 0; at < pattern.length; ) {
    const next: Part = isInClass ? classPart(pattern, at) : part(pattern, at)
    if (next.isSpecial) isInClass = next.text === '['
    source += next.text
    at += next.length
  }
  return source
}

interface Part {
  readonly text: string
  /** Characters of the pattern that it stands for. */
  readonly length: number
  /** It opens or closes a class. */
  readonly isSpecial?: true
}

function part(pattern: string, at: number): Part {
  const character = pattern.charAt(at)
  if (character === '[') return { text: '[', length: 1, isSpecial: true }
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
  const byte = /^\\x([89a-fA-F][0-9a-fA-F])/.exec(text)
  return byte === null ? undefined : { text: `(?-i:${byte[0]})`, length: byte[0].length }
}

function classPart(pattern: string, at: number): Part {
  const character = pattern.charAt(at)
  if (character === ']') return { text: ']', length: 1, isSpecial: true }
  if (character === '\\') {
    const text = pattern.slice(at)
    refuseProperties(text)
    if (/^\\u(?!00[0-7])[0-9a-fA-F]{4}/.test(text)) throw beyondAscii()
    return { text: pattern.slice(at, at + 2), length: 2 }
  }
  if (character < '\x80') return { text: character, length: 1 }
  throw beyondAscii()
}

function refuseProperties(text: string): void {
  if (/^\\u\{/.test(text)) throw usage('\\u{..} stands for characters; over bytes write \\xHH for each byte.')
  if (/^\\p\{/i.test(text)) throw usage('\\p{..} asks for kinds of characters; over bytes there are none.')
}

/** Bytes of one character, always as they are. */
function bytesGroup(bytes: string): string {
  const codes = [...bytes].map((byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
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
