/**
 * What to look for in bytes, parsed from what a person wrote: needles (a text in three encodings, hex with wildcards) or a
 * regular expression over bytes. Plain data: it goes to threads. Nothing is matched here.
 */
import { bytesKey, displayPath, utf8Text } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { type ByteRegex, byteRegex } from './search-regex.ts'

export interface SearchQuery {
  readonly form: 'text' | 'hex' | 'regex'
  /** As it was typed; of texts and expressions UTF-8, or any bytes. */
  readonly query: Uint8Array
  /** `any`: letters of ASCII match in both cases. */
  readonly letterCase: 'exact' | 'any'
}

export type HitEncoding = 'bytes' | 'utf-8' | 'utf-16le' | 'utf-16be'

/** Matches where `byte & mask[i] === bytes[i]` for all i. */
export interface Needle {
  readonly encoding: HitEncoding
  readonly bytes: Uint8Array
  /** 0xff: the whole byte counts; 0: any byte. */
  readonly mask: Uint8Array
}

export type SearchPattern =
  /** In order of preference where two match at one place. */
  { readonly kind: 'needles'; readonly needles: readonly Needle[] } | ByteRegex

/** Longest query; bytes. */
export const queryBytesMax = 1_024

/** Errors: USAGE. */
export function parsePattern({ form, query, letterCase }: SearchQuery): SearchPattern {
  if (query.length === 0) throw usage('There is nothing to look for: the query is empty.')
  if (query.length > queryBytesMax) throw usage(`The query has ${query.length} bytes; at most ${queryBytesMax} go.`)
  switch (form) {
    case 'text':
      return { kind: 'needles', needles: textNeedles(query, letterCase) }
    case 'hex':
      return { kind: 'needles', needles: [hexNeedle(bytesKey(query))] }
    case 'regex':
      return byteRegex(query, letterCase)
  }
}

function textNeedles(query: Uint8Array, letterCase: 'exact' | 'any'): Needle[] {
  const needles = [needle('utf-8', query, letterCase)]
  const text = utf8Text(query)
  // One character in UTF-16 is a letter and a zero: that is nearly everywhere.
  if (text === undefined || text.length < 2) return needles
  const little = new Uint8Array(Buffer.from(text, 'utf16le'))
  const big = new Uint8Array(Buffer.from(little).swap16())
  return [...needles, needle('utf-16le', little, letterCase), needle('utf-16be', big, letterCase)]
}

/** One character a byte. */
export function bytesNeedle(text: string, letterCase: 'exact' | 'any'): Needle {
  return needle(
    'bytes',
    Uint8Array.from(text, (character) => character.charCodeAt(0)),
    letterCase,
  )
}

/** In UTF-16 a letter of ASCII has a zero beside it: no other character has such a unit. */
function needle(encoding: HitEncoding, bytes: Uint8Array, letterCase: 'exact' | 'any'): Needle {
  const unit = encoding === 'utf-16le' || encoding === 'utf-16be' ? 2 : 1
  const low = encoding === 'utf-16be' ? 1 : 0
  const mask = bytes.map((byte, i) => {
    if (letterCase === 'exact' || !isLetter(byte)) return wholeByte
    if (unit === 1) return eitherCase
    return i % 2 === low && bytes[i ^ 1] === 0 ? eitherCase : wholeByte
  })
  return { encoding, bytes: bytes.map((byte, i) => byte & (mask[i] as number)), mask }
}

function hexNeedle(text: string): Needle {
  const digits = text.replace(/\s+/g, '')
  const odd = /[^0-9a-fA-F?]/.exec(digits)
  if (odd !== null) {
    const shown = displayPath(Uint8Array.of(odd[0].charCodeAt(0)))
    throw usage(`'${shown}' is no hex digit. Write bytes as pairs of digits, ? for any half: 7f 45 ?? 4?.`)
  }
  if (digits.length === 0) throw usage('There is nothing to look for: the query is empty.')
  if (digits.length % 2 !== 0) throw usage(`Hex bytes are pairs of digits; these are ${digits.length}.`)
  const bytes = new Uint8Array(digits.length / 2)
  const mask = new Uint8Array(digits.length / 2)
  for (let i = 0; i < bytes.length; i++) {
    const [high, low] = [nibble(digits.charAt(2 * i)), nibble(digits.charAt(2 * i + 1))]
    bytes[i] = (high.value << 4) | low.value
    mask[i] = (high.mask << 4) | low.mask
  }
  if (mask.every((bits) => bits === 0)) throw usage('Every byte matches ??: name at least half of one.')
  return { encoding: 'bytes', bytes, mask }
}

function nibble(digit: string): { readonly value: number; readonly mask: number } {
  return digit === '?' ? { value: 0, mask: 0 } : { value: Number.parseInt(digit, 16), mask: 0xf }
}

const wholeByte = 0xff
/** A letter of ASCII without the bit that tells its case. */
const eitherCase = 0xdf

function isLetter(byte: number): boolean {
  const upper = byte & eitherCase
  return upper >= 0x41 && upper <= 0x5a
}

function usage(message: string): FoundryError {
  return new FoundryError('USAGE', message)
}
