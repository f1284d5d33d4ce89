/**
 * The command line as bytes. Node.js decodes arguments as UTF-8 and loses what is none; a path is bytes.
 *
 * An argument travels as text in which each byte outside valid UTF-8 stands as one lone surrogate, U+DC80 to U+DCFF
 * (Python's surrogateescape); `argumentBytes` is the way back.
 */
import { readFileSync } from 'node:fs'
import { concatBytes, utf8, utf8Text } from '../base/bytes.ts'

/** What follows the program's name. */
export function commandLine(): readonly string[] {
  const decoded = process.argv.slice(2)
  if (!decoded.some((text) => text.includes(replacement))) return decoded
  const raw = rawArguments().slice(-decoded.length)
  return raw.length === decoded.length ? raw.map(argumentText) : decoded
}

/** The bytes that the argument had. */
export function argumentBytes(text: string): Uint8Array {
  if (!/[\udc80-\udcff]/.test(text)) return utf8(text)
  const parts: Uint8Array[] = []
  for (const character of text) {
    const code = character.codePointAt(0) as number
    parts.push(code >= escapeFirst && code <= escapeLast ? Uint8Array.of(code - escapeBase) : utf8(character))
  }
  return concatBytes(parts)
}

/** Text from which `argumentBytes` gives the same bytes again. */
export function argumentText(bytes: Uint8Array): string {
  const whole = utf8Text(bytes)
  if (whole !== undefined) return whole
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at] as number)
    const character = at + length <= bytes.length ? utf8Text(bytes.subarray(at, at + length)) : undefined
    text += character ?? String.fromCharCode(escapeBase + (bytes[at] as number))
    at += character === undefined ? 1 : length
  }
  return text
}

/** What a decoder writes for bytes that it cannot decode. */
const replacement = '\ufffd'
const escapeBase = 0xdc00
const escapeFirst = 0xdc80
const escapeLast = 0xdcff

function rawArguments(): Uint8Array[] {
  const line = readFileSync('/proc/self/cmdline')
  const parts: Uint8Array[] = []
  for (let at = 0; at < line.length; ) {
    const end = line.indexOf(0, at)
    parts.push(line.subarray(at, end < 0 ? line.length : end))
    at = end < 0 ? line.length : end + 1
  }
  return parts
}

/** Of the UTF-8 sequence that begins with this byte; 1 where none does. */
function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4
  if (lead >= 0xe0) return 3
  return lead >= 0xc0 ? 2 : 1
}
