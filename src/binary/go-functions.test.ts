/** Tables of Go's runtime made here, in each form that is read, and damaged ones. Against a Go program: tests/elf/. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { concatBytes, utf8 } from '../base/bytes.ts'
import { readElf } from './elf.ts'
import { type GoFunctions, readGoFunctions } from './go-functions.ts'
import { bytesSource } from './kernel-module.ts'
import { makeElf } from './testing/make-elf.ts'

const textAt = 0x1000
const made = [
  { name: 'main.main', start: textAt, size: 32 },
  { name: 'main.größe', start: textAt + 32, size: 96 },
]

function words(width: 4 | 8, values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * width)
  const view = new DataView(bytes.buffer)
  for (const [index, value] of values.entries()) {
    if (width === 8) view.setBigUint64(index * 8, BigInt(value), true)
    else view.setUint32(index * 4, value, true)
  }
  return bytes
}

/** Head, names, then the table of functions with what is known of each behind it. */
function table(form: {
  magic: number
  entryBytes: 4 | 8
  headWords: (at: number[]) => number[]
  base: number
}): Uint8Array {
  const { magic, entryBytes, headWords, base } = form
  const names = concatBytes(made.map(({ name }) => utf8(`${name}\0`)))
  const nameAt = [0, utf8(`${made[0]?.name}\0`).length]
  const head = Uint8Array.from([...words(4, [magic]), 0, 0, 1, 8])
  const namesAt = 8 + 8 * 8
  const tableAt = Math.ceil((namesAt + names.length) / 8) * 8
  const infoFrom = (2 * made.length + 1) * entryBytes
  const infoBytes = entryBytes + 4
  const rows = made.flatMap(({ start }, index) => [start - base, infoFrom + index * infoBytes])
  const end = textAt + 128 - base
  const infos = made.map(({ start }, index) =>
    concatBytes([words(entryBytes, [start - base]), words(4, [nameAt[index] ?? 0])]),
  )
  const padding = new Uint8Array(tableAt - namesAt - names.length)
  return concatBytes([
    head,
    words(8, headWords([namesAt, tableAt])),
    names,
    padding,
    words(entryBytes, [...rows, end]),
    ...infos,
  ])
}

const forms = {
  'Go 1.16': table({
    magic: 0xfffffffa,
    entryBytes: 8,
    base: 0,
    headWords: ([n = 0, t = 0]) => [2, 1, n, 0, 0, 0, t, 0],
  }),
  'Go 1.18': table({
    magic: 0xfffffff0,
    entryBytes: 4,
    base: textAt,
    headWords: ([n = 0, t = 0]) => [2, 1, textAt, n, 0, 0, 0, t],
  }),
  'Go 1.20, its code anywhere': table({
    ...{ magic: 0xfffffff1, entryBytes: 4, base: textAt },
    headWords: ([n = 0, t = 0]) => [2, 1, 0, n, 0, 0, 0, t],
  }),
}

function read(content: Uint8Array): GoFunctions & { readonly codeAt: number; readonly sizeBytes: number } {
  const bytes = makeElf({
    ...{ bits: 64, byteOrder: 'little', type: 2, machine: 62 },
    sections: [
      { name: '.text', type: 1, flags: 6, address: textAt, content: new Uint8Array(128) },
      { name: '.gopclntab', type: 1, flags: 2, content },
    ],
    segments: [{ type: 1, flags: 5, section: 1 }],
  })
  const elf = readElf(bytesSource(bytes))
  assert.ok(elf.kind === 'elf')
  const codeAt = elf.sections[1]?.offset ?? assert.fail()
  return { ...readGoFunctions(bytesSource(bytes), elf), codeAt, sizeBytes: bytes.length }
}

for (const [name, bytes] of Object.entries(forms)) {
  test(`functions of a program of ${name} are told with their names`, () => {
    const { functions, problems, codeAt } = read(bytes)
    assert.deepEqual(problems, [])
    assert.deepEqual(
      functions,
      made.map(({ start, size, name: symbol }) => ({
        name: symbol,
        address: BigInt(start),
        offset: codeAt + start - textAt,
        size,
      })),
    )
  })
}

test('a table of another form is a problem, not a guess', () => {
  const old = Uint8Array.from(forms['Go 1.16'])
  old[0] = 0xfb
  const { functions, problems } = read(old)
  assert.deepEqual(functions, [])
  assert.deepEqual(
    problems.map(({ detail }) => detail),
    ['.gopclntab: a form that is not known'],
  )
})

test('damaged tables are read to an end, and what is told begins in the file', () => {
  const edit = fc.record({ at: fc.nat(150), value: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff) })
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(forms)),
      fc.array(edit, { minLength: 1, maxLength: 5 }),
      (form, edits) => {
        const bytes = Uint8Array.from(form)
        for (const { at, value } of edits) if (at < bytes.length) bytes[at] = value
        const { functions, sizeBytes } = read(bytes)
        for (const { offset, size } of functions) assert.ok(offset >= 0 && offset < sizeBytes && size > 0)
      },
    ),
    { numRuns: 300 },
  )
})
