import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { drawTexture, readTexture } from './v2br-texture.ts'

/** The curve as the origin's readers walk it: least significant digit first, x to the right, y down. */
function walk(order: number, position: number): { x: number; y: number } {
  let [x, y, rest] = [0, 0, position]
  for (let side = 1; side < 2 ** order; side *= 2) {
    const right = 1 & (rest >> 1)
    const below = 1 & (rest ^ right)
    if (below === 0) {
      if (right === 1) [x, y] = [side - 1 - x, side - 1 - y]
      ;[x, y] = [y, x]
    }
    x += side * right
    y += side * below
    rest >>= 2
  }
  return { x, y }
}

function drawn(order: number, content: Uint8Array): Buffer {
  const fill = (start: number, target: Uint8Array): void => {
    target.fill(0)
    target.set(content.subarray(start, start + target.length))
  }
  const all: Buffer[] = []
  for (const piece of drawTexture(order, fill)) all.push(Buffer.from(piece))
  return Buffer.concat(all)
}

function read(order: number, size: number, texture: Uint8Array): Buffer {
  const all: Buffer[] = []
  const fill = (start: number, target: Uint8Array): void => target.set(texture.subarray(start, start + target.length))
  for (const piece of readTexture({ order, size }, fill)) all.push(Buffer.from(piece))
  return Buffer.concat(all)
}

const noise = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 2_654_435_761) >>> 24)

test('order 2 begins as the origin says', () => {
  const content = Uint8Array.from({ length: 16 }, (_, i) => i)
  const texture = drawn(2, content)
  const rows = Array.from({ length: 4 }, (_, y) => Array.from({ length: 4 }, (_, x) => texture[(y * 4 + x) * 4]))
  assert.deepEqual(rows, [
    [0, 1, 14, 15],
    [3, 2, 13, 12],
    [4, 7, 8, 11],
    [5, 6, 9, 10],
  ])
})

for (const order of [0, 1, 2, 3, 7, 8, 9, 10]) {
  test(`every byte of a picture of order ${order} is where the origin's curve has it, in all four channels`, () => {
    const content = noise(4 ** order)
    const texture = drawn(order, content)
    assert.equal(texture.length, 4 * content.length)
    const expected = Buffer.alloc(texture.length)
    for (const [position, byte] of content.entries()) {
      const { x, y } = walk(order, position)
      const at = 4 * (y * 2 ** order + x)
      expected.fill(byte, at, at + 4)
    }
    assert.ok(texture.equals(expected))
  })
}

test('what was drawn is read as it was, whatever its length', () => {
  const cases = fc.tuple(fc.constantFrom(0, 1, 4, 8, 9), fc.double({ min: 0, max: 1, noNaN: true }))
  fc.assert(
    fc.property(cases, ([order, share]) => {
      const content = noise(Math.round(4 ** order * share))
      assert.ok(read(order, content.length, drawn(order, content)).equals(content))
    }),
    { numRuns: 30 },
  )
})

test('only red is read', () => {
  const texture = drawn(1, Uint8Array.of(10, 20, 30, 40)).map((byte, at) => (at % 4 === 0 ? byte : 99))
  assert.deepEqual([...read(1, 4, texture)], [10, 20, 30, 40])
})
