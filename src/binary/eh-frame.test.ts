/** Unwinding tables made here, in each form that compilers write, and damaged ones. Against readelf: tests/elf/. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { concatBytes } from '../base/bytes.ts'
import { type FrameFunctions, readFrameFunctions } from './eh-frame.ts'
import { type ElfFile, type ElfLayout, readElf } from './elf.ts'
import { bytesSource } from './kernel-module.ts'
import { makeElf } from './testing/make-elf.ts'
import { frameHead, frameRecord, frameZero } from './testing/make-frames.ts'

const textAt = 0x1000
const textBytes = 256
const framesAt = 0x3000

function fileWith(layout: ElfLayout, frames: Uint8Array, type = 3): Uint8Array {
  return makeElf({
    ...layout,
    type,
    machine: 62,
    sections: [
      { name: '.text', type: 1, flags: 6, address: textAt, content: new Uint8Array(textBytes).fill(0x90) },
      { name: '.eh_frame', type: 1, flags: 2, address: framesAt, content: frames },
    ],
    segments: [{ type: 1, flags: 5, section: 1 }],
  })
}

function read(bytes: Uint8Array): FrameFunctions & { readonly elf: ElfFile } {
  const elf = readElf(bytesSource(bytes))
  assert.ok(elf.kind === 'elf')
  return { ...readFrameFunctions(bytesSource(bytes), elf), elf }
}

const layouts: readonly ElfLayout[] = [
  { bits: 64, byteOrder: 'little' },
  { bits: 64, byteOrder: 'big' },
  { bits: 32, byteOrder: 'little' },
  { bits: 32, byteOrder: 'big' },
]

/** Forms of pointers: absolute; relative of 2, 4 and 8 bytes, signed and not. */
const encodings = [0x00, 0x03, 0x04, 0x0b, 0x0c, 0x1a, 0x1b, 0x1c]

for (const layout of layouts) {
  test(`functions of a file of ${layout.bits} bits, ${layout.byteOrder} endian, are told in every form of pointer`, () => {
    for (const encoding of encodings) {
      if (layout.bits === 32 && (encoding & 7) === 4) continue
      const base = { layout, encoding, address: framesAt }
      const head = frameHead(base)
      const first = frameRecord({ ...base, at: head.length, headAt: 0, start: textAt + 16, sizeBytes: 40 })
      const second = frameRecord({ ...base, at: head.length + first.length, headAt: 0, start: textAt, sizeBytes: 16 })
      const bytes = fileWith(layout, concatBytes([head, first, second]))
      const { functions, problems, elf } = read(bytes)
      const offset = elf.sections[1]?.offset ?? assert.fail()
      assert.deepEqual(problems, [], `encoding 0x${encoding.toString(16)}`)
      assert.deepEqual(functions, [
        { address: BigInt(textAt), offset, size: 16 },
        { address: BigInt(textAt + 16), offset: offset + 16, size: 40 },
      ])
    }
  })
}

test('a zero record inside a section is passed over, and a head may follow what names it in no way', () => {
  const base = { layout: layouts[0] as ElfLayout, encoding: 0x1b, address: framesAt }
  const head = frameHead(base)
  const one = frameRecord({ ...base, at: head.length, headAt: 0, start: textAt, sizeBytes: 8 })
  const secondAt = head.length + one.length + 4
  const plain = frameHead({ ...base, encoding: undefined })
  const two = frameRecord({
    ...base,
    encoding: 0x00,
    at: secondAt + plain.length,
    headAt: secondAt,
    start: textAt + 8,
    sizeBytes: 8,
  })
  const { functions, problems } = read(fileWith(base.layout, concatBytes([head, one, frameZero(), plain, two])))
  assert.deepEqual(problems, [])
  assert.deepEqual(
    functions.map(({ size }) => size),
    [8, 8],
  )
})

test('what reaches beyond the code is cut, what lies outside it or begins where another does is left out', () => {
  const base = { layout: layouts[0] as ElfLayout, encoding: 0x1b, address: framesAt }
  const head = frameHead(base)
  const parts = [head]
  let at = head.length
  for (const [start, sizeBytes] of [
    [textAt + 250, 100],
    [textAt + 8, 4],
    [textAt + 8, 12],
    [0x9000, 16],
    [textAt + 64, 0],
  ] as const) {
    const record = frameRecord({ ...base, at, headAt: 0, start, sizeBytes })
    parts.push(record)
    at += record.length
  }
  const { functions } = read(fileWith(base.layout, concatBytes(parts)))
  assert.deepEqual(
    functions.map(({ address, size }) => [Number(address), size]),
    [
      [textAt + 8, 12],
      [textAt + 250, 6],
    ],
  )
})

test('of a relocatable file nothing is told: its addresses are not known', () => {
  const base = { layout: layouts[0] as ElfLayout, encoding: 0x1b, address: framesAt }
  const head = frameHead(base)
  const record = frameRecord({ ...base, at: head.length, headAt: 0, start: textAt, sizeBytes: 8 })
  assert.deepEqual(read(fileWith(base.layout, concatBytes([head, record]), 1)).functions, [])
})

test('damaged tables are walked to an end, and what is told lies in the file', () => {
  const base = { layout: layouts[0] as ElfLayout, encoding: 0x1b, address: framesAt }
  const head = frameHead(base)
  const records = Array.from({ length: 6 }, (_, index) =>
    frameRecord({ ...base, at: head.length + index * 20, headAt: 0, start: textAt + 16 * index, sizeBytes: 16 }),
  )
  const good = fileWith(base.layout, concatBytes([head, ...records]))
  const from = read(good).elf.sections[2]?.offset ?? assert.fail()
  let damaged = 0
  const edit = fc.record({ at: fc.nat(head.length + 119), value: fc.constantFrom(0, 1, 0x7f, 0x80, 0xfe, 0xff) })
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
      const bytes = Uint8Array.from(good)
      for (const { at, value } of edits) bytes[from + at] = value
      const { functions, problems } = read(bytes)
      if (problems.length > 0) damaged++
      for (const { offset, size } of functions) assert.ok(size > 0 && offset >= 0 && offset + size <= bytes.length)
    }),
    { numRuns: 400 },
  )
  assert.ok(damaged > 20, `${damaged} were told to be damaged`)
})
