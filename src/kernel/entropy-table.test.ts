import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entropyTerms } from './entropy-table.ts'

const precisionBits = 200n

/** floor(log2(n) * 2^200) up to an error far below 2^-180, by repeated squaring in fixed point. */
function log2Fixed(n: bigint): bigint {
  const one = 1n << precisionBits
  const whole = BigInt(n.toString(2).length - 1)
  let mantissa = (n << precisionBits) >> whole
  let result = whole << precisionBits
  for (let bit = precisionBits - 1n; bit >= 0n; bit--) {
    mantissa = (mantissa * mantissa) >> precisionBits
    if (mantissa < 2n * one) continue
    mantissa >>= 1n
    result += 1n << bit
  }
  return result
}

test('each term is floor(c * log2(c) * 65536 + 1/2) in exact arithmetic', () => {
  assert.equal(entropyTerms.length, 257)
  assert.equal(entropyTerms[0], 0)
  const half = 1n << (precisionBits - 1n)
  for (let count = 1n; count <= 256n; count++) {
    const scaled = count * log2Fixed(count) * 65_536n + half
    const fraction = scaled & ((1n << precisionBits) - 1n)
    // Far enough from a whole number that the error of log2Fixed cannot matter; powers of two are exact.
    const margin = 1n << (precisionBits - 60n)
    const exact = (count & (count - 1n)) === 0n
    assert.ok(exact || (fraction > margin && fraction < (1n << precisionBits) - margin))
    assert.equal(entropyTerms[Number(count)], Number(scaled >> precisionBits))
  }
})
