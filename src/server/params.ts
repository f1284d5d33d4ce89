/** Parameters of requests: texts in, numbers that are known to be good out. Every function throws a Refusal, status 400. */
import { fromHex, utf8 } from '../base/bytes.ts'
import { pathProblem } from '../brick/entry-record.ts'
import { tileBytes, tileBytesMax, tilesMax } from '../wire/api.ts'
import { invalid, Refusal } from './refusal.ts'

const runsTextMax = 8192

export type Query = (name: string) => string | undefined

/** A decimal integer in [min, max]. */
export function integer(query: Query, { name, min, max }: { name: string; min: number; max: number }): number {
  const text = query(name)
  if (text === undefined || !/^\d{1,16}$/.test(text)) throw invalid(`${name} must be a decimal integer.`)
  const value = Number(text)
  if (value < min || value > max) throw outside(`${name} is ${text}; it must be from ${min} to ${max}.`)
  return value
}

/** [from, to) inside [0, length), not empty. */
export function range(query: Query, length: number): { from: number; to: number } {
  const from = integer(query, { name: 'from', min: 0, max: length })
  const to = integer(query, { name: 'to', min: 0, max: length })
  if (from >= to) throw outside(`from is ${from}, to is ${to}: the range is empty.`)
  return { from, to }
}

/** 0, 2, 4, .. 4 * height + 2. */
export function level(query: Query, height: number): number {
  const value = integer(query, { name: 'l', min: 0, max: 4 * height + 2 })
  if (value % 2 !== 0) throw outside(`l is ${value}; levels are even.`)
  return value
}

/** `a` or `a-b`, comma-separated; in the order given. `end`: the first index that does not exist. */
export function runs(query: Query, { level: at, end }: { level: number; end: number }): number[] {
  const text = query('i') ?? ''
  if (text.length > runsTextMax || !/^\d{1,10}(-\d{1,10})?(,\d{1,10}(-\d{1,10})?)*$/.test(text)) {
    throw invalid('i must be runs of indexes, such as 3-7,12.')
  }
  const countMax = Math.min(tilesMax, Math.floor(tileBytesMax / tileBytes(at)))
  const indexes: number[] = []
  for (const run of text.split(',')) {
    const [first = 0, last = first] = run.split('-').map(Number)
    if (last < first) throw invalid(`The run ${run} goes backwards.`)
    if (last >= end) throw outside(`${run}: the last index of this level is ${end - 1}.`)
    if (indexes.length + last - first + 1 > countMax) throw invalid(`At most ${countMax} of this level at once.`)
    for (let index = first; index <= last; index++) indexes.push(index)
  }
  return indexes
}

/** `path`, or `pathHex` where the bytes are not UTF-8. */
export function entryPath(query: Query): Uint8Array {
  const [text, hex] = [query('path'), query('pathHex')]
  if ((text === undefined) === (hex === undefined)) throw invalid('Name the entry by either path or pathHex.')
  const path = text === undefined ? fromHex(hex ?? '') : utf8(text)
  if (path === undefined) throw invalid('pathHex must be an even number of hex digits.')
  const problem = pathProblem(path)
  if (problem !== undefined) throw invalid(`That is not the path of an entry: ${problem}.`)
  return path
}

/** True where the client takes that content encoding. */
export function accepts(acceptEncoding: string | undefined, encoding: string): boolean {
  for (const item of acceptEncoding?.toLowerCase().split(',') ?? []) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim())
    if (name === encoding) return !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
  }
  return false
}

function outside(message: string): Refusal {
  return new Refusal({ status: 400, code: 'RANGE_INVALID', message })
}
