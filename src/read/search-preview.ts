/** A match and what stands around it, for a person's eye: one line, nothing that a terminal or a page would act upon. */
import type { HitEncoding } from './search-pattern.ts'

export interface Preview {
  /** At most 40, 120 and 40 characters. What cannot be printed is `.`, white space a space. */
  readonly before: string
  readonly match: string
  readonly after: string
}

/** Bytes that have to be in sight before and behind a match. */
export const previewBytes = 80
const besideMax = 40
const matchMax = 120

export interface PreviewPlace {
  readonly bytes: Buffer
  /** Nothing outside is shown. */
  readonly start: number
  readonly end: number
  readonly at: number
  readonly length: number
  readonly encoding: HitEncoding
}

export function previewOf({ bytes, start, end, at, length, encoding }: PreviewPlace): Preview {
  const unit = encoding === 'utf-16le' || encoding === 'utf-16be' ? 2 : 1
  const behind = at + length
  const before = Math.min(besideMax * unit, at - start)
  const after = Math.min(besideMax * unit, end - behind)
  const text = (from: number, to: number): string => shown(bytes.subarray(from, to), encoding)
  return {
    before: text(at - (before - (before % unit)), at).slice(-besideMax),
    match: text(at, at + Math.min(length, matchMax * unit)).slice(0, matchMax),
    after: text(behind, behind + after).slice(0, besideMax),
  }
}

function shown(bytes: Uint8Array, encoding: HitEncoding): string {
  const text = decoders[encoding].decode(bytes)
  return text.replace(/\s/g, ' ').replace(/[\p{C}\p{Zl}\p{Zp}\ufffd]/gu, '.')
}

const utf8Decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const decoders = {
  bytes: utf8Decoder,
  'utf-8': utf8Decoder,
  'utf-16le': new TextDecoder('utf-16le', { ignoreBOM: true }),
  'utf-16be': new TextDecoder('utf-16be', { ignoreBOM: true }),
} as const
