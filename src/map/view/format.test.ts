import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byteClassOf } from './byte-class.ts'
import { byteCharacter, endCut, groupedInteger, hexOffset, iecSize, middleCut, scaleBar, startCut } from './format.ts'

test('sizes are in IEC units with at most three digits', () => {
  const cases = [
    [0, '0\u00a0B'],
    [1023, '1023\u00a0B'],
    [1024, '1\u00a0KiB'],
    [1536, '1.5\u00a0KiB'],
    [4096, '4\u00a0KiB'],
    [123_456_789, '118\u00a0MiB'],
  ] as const
  for (const [bytes, text] of cases) assert.equal(iecSize(bytes), text)
})

test('offsets have no gaps, so that they can be pasted; integers are grouped by three', () => {
  assert.equal(hexOffset(0), '0x0')
  assert.equal(hexOffset(0x1a2f0), '0x1a2f0')
  assert.equal(groupedInteger(1_234_567), '1\u2009234\u2009567')
})

test('every byte has one class and at most one character', () => {
  const counts = new Map<string, number>()
  for (let byte = 0; byte < 256; byte++) counts.set(byteClassOf(byte), (counts.get(byteClassOf(byte)) ?? 0) + 1)
  assert.deepEqual(Object.fromEntries(counts), { zero: 1, control: 27, text: 100, high: 127, ff: 1 })
  assert.equal(byteCharacter(0x0a), 'LF')
  assert.equal(byteCharacter(0x48), 'H')
  assert.equal(byteCharacter(0x80), undefined)
})

test('the scale bar is a power of two of units and fits', () => {
  for (const scale of [0.001, 0.06, 1, 3, 128]) {
    const { units, pixels } = scaleBar({ scale, pixelsMax: 72 })
    assert.ok(Number.isInteger(Math.log2(units)) && pixels <= 72 && pixels > 36)
  }
})

test('a long text loses its middle and keeps both ends', () => {
  assert.equal(middleCut('0123456789', 10), '0123456789')
  assert.equal(middleCut('0123456789', 9), '0123…6789')
  assert.equal(middleCut('0123456789', 4), '01…9')
})

test('a title is cut at its end, between words where one ends near, and says nothing rather than too little', () => {
  const within = (count: number) => ({ fits: (text: string) => text.length <= count, countMin: 6 })
  const title = 'Copy of bash with setuid root'
  assert.equal(endCut(title, within(40)), title)
  assert.equal(endCut(title, within(16)), 'Copy of bash…')
  assert.equal(endCut('abcdefghijklmnopqrst', within(10)), 'abcdefghi…')
  assert.equal(endCut(title, within(5)), undefined)
})

test('a long path loses its beginning, whole folders where that leaves enough', () => {
  assert.equal(startCut('brick/usr/bin/cat', 40), 'brick/usr/bin/cat')
  assert.equal(startCut('brick/usr/bin/cat', 12), '…/bin/cat')
  assert.equal(startCut('brick/a-very-long-name', 10), '…long-name')
})
