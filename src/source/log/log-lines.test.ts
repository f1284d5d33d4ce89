import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../base/bytes.ts'
import { lineNameMax, lineRegions, linesMax } from './log-lines.ts'

function regionsOf(text: string | Uint8Array, cuts: readonly number[] = []): (readonly [number, number, string])[] {
  const bytes = typeof text === 'string' ? utf8(text) : text
  const regions = lineRegions({ start: 1_000, bytes, cuts, writtenMs: 0 })
  return regions.map(({ offset, length, name }) => [offset - 1_000, length, name])
}

test('each line is a region with its newline; the last one may lack it', () => {
  assert.deepEqual(regionsOf('a\n\nbc\nd'), [
    [0, 2, 'a'],
    [2, 1, ''],
    [3, 3, 'bc'],
    [6, 1, 'd'],
  ])
  assert.deepEqual(regionsOf(''), [])
})

test('where another file begins, a line ends', () => {
  assert.deepEqual(regionsOf('half' + 'new\n', [1_004]), [
    [0, 4, 'half'],
    [4, 4, 'new'],
  ])
})

test('names are short and printable, whatever the bytes are', () => {
  const [[, , name] = []] = regionsOf(Uint8Array.of(0x1b, 0x5b, 0xff, 0x41, 0x0a))
  assert.equal(name, '·[·A')
  const [[, , long = ''] = []] = regionsOf('😀'.repeat(500))
  assert.equal([...long].length, lineNameMax)
})

test('of very many lines only the newest are regions, the others are one', () => {
  const regions = regionsOf('x\n'.repeat(linesMax + 5))
  assert.equal(regions.length, linesMax + 1)
  assert.deepEqual(regions[0], [0, 10, '5 lines'])
})
