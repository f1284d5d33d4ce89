/**
 * `A:B` of `--range`: a half-open interval of bytes, decimal or 0x; a side left out is the beginning or the end. In a
 * brick of a process's memory it may be one of addresses.
 */
import { FoundryError } from '../base/errors.ts'
import type { ByteRange } from '../read/range.ts'

/** Error: RANGE_INVALID where it is not two numbers. Whether it fits is for the reader to say. */
export function parseRange(text: string, length: number): ByteRange {
  const parts = text.split(':')
  const [from, to] = [numberOf(parts[0] ?? '', 0), numberOf(parts[1] ?? '', length)]
  if (parts.length === 2 && from !== undefined && to !== undefined) return { from, to }
  throw invalid(text, 'two offsets in decimal or 0x hexadecimal')
}

export interface AddressRange {
  readonly from: bigint
  /** Undefined: to the end. */
  readonly to: bigint | undefined
  /** `addresses`: it says so (`va:`); `either`: it is hexadecimal, and may be one of offsets as well. */
  readonly means: 'addresses' | 'either'
}

/** The range as addresses; undefined where it can be none. Error: RANGE_INVALID of one with `va:` that is none. */
export function parseAddresses(text: string): AddressRange | undefined {
  const isSaid = text.startsWith(prefix)
  const parts = (isSaid ? text.slice(prefix.length) : text).split(':')
  const [first = '', second = ''] = parts
  const isRange = parts.length === 2 && isAddress(first) && (second === '' || isAddress(second))
  if (isRange) {
    const to = second === '' ? undefined : BigInt(second)
    return { from: BigInt(first), to, means: isSaid ? 'addresses' : 'either' }
  }
  if (isSaid) throw invalid(text, 'two addresses in hexadecimal, as in va:0x7ffd1000:0x7ffd2000')
  return undefined
}

const prefix = 'va:'

function isAddress(text: string): boolean {
  return /^0[xX][0-9a-fA-F]{1,16}$/.test(text)
}

function invalid(text: string, what: string): FoundryError {
  return new FoundryError('RANGE_INVALID', `The range ${text} is not A:B, ${what}.`)
}

function numberOf(text: string, missing: number): number | undefined {
  if (text === '') return missing
  if (!/^(0[xX][0-9a-fA-F]{1,14}|[0-9]{1,16})$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}
