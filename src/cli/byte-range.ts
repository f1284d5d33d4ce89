/** `A:B` of `--range`: a half-open interval of bytes, decimal or 0x; a side left out is the beginning or the end. */
import { FoundryError } from '../base/errors.ts'
import type { ByteRange } from '../read/range.ts'

/** Error: RANGE_INVALID where it is not two numbers. Whether it fits is for the reader to say. */
export function parseRange(text: string, length: number): ByteRange {
  const parts = text.split(':')
  const [from, to] = [numberOf(parts[0] ?? '', 0), numberOf(parts[1] ?? '', length)]
  if (parts.length === 2 && from !== undefined && to !== undefined) return { from, to }
  throw new FoundryError('RANGE_INVALID', `The range ${text} is not A:B, two offsets in decimal or 0x hexadecimal.`)
}

function numberOf(text: string, missing: number): number | undefined {
  if (text === '') return missing
  if (!/^(0[xX][0-9a-fA-F]{1,14}|[0-9]{1,16})$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}
