/** Whether a file has the bytes that were taken of another one: the same file moved, a copy, or a packed copy. */
import { crc32 } from 'node:zlib'
import { type Fingerprint, isTailOf, takenTo } from './fingerprint.ts'
import type { LogBytes } from './log-bytes.ts'

/** Of what is checked at every look, at either end. */
const quickBytesMax = 4_096
const chunkBytes = 2 ** 18

export type QuickCheck =
  /** `tail`: the bytes before the place up to which was taken. */
  | { readonly kind: 'same'; readonly tail: Uint8Array }
  /** Shorter than what was taken of it. */
  | { readonly kind: 'emptied' }
  | { readonly kind: 'rewritten' }

/** Whether a plain file still begins and goes on as it did; cheap enough for every look. */
export async function checkQuickly(bytes: LogBytes, print: Fingerprint, sizeBytes: number): Promise<QuickCheck> {
  const offset = takenTo(print)
  if (sizeBytes < offset) return { kind: 'emptied' }
  const early = print.checks.findLast((check) => check.offset - print.from <= quickBytesMax) ?? { offset: 0, crc: 0 }
  const head = await bytes.read(print.from, Math.max(early.offset - print.from, 0))
  if (head.length < early.offset - print.from) return { kind: 'emptied' }
  if (crc32(head) !== early.crc) return { kind: 'rewritten' }
  const tail = await bytes.read(offset - print.tail.length, print.tail.length)
  return isTailOf(print, tail) ? { kind: 'same', tail } : { kind: 'rewritten' }
}

/**
 * How far a file is proven to begin with what was taken of another: the offset of the last check that holds, `from` of
 * one of which nothing was taken. Undefined: it is another file, or too short to say. Errors: PackedDamage.
 */
export async function provenTo(
  bytes: LogBytes,
  print: Fingerprint,
  stopIfAsked: () => void,
): Promise<number | undefined> {
  let crc = 0
  let at = print.from
  let proven: number | undefined
  for (const check of print.checks) {
    while (at < check.offset) {
      stopIfAsked()
      const part = await bytes.read(at, Math.min(chunkBytes, check.offset - at))
      if (part.length === 0) return proven
      crc = crc32(part, crc)
      at += part.length
    }
    if (crc !== check.crc) return undefined
    proven = check.offset
  }
  return proven
}
