/** Every class and byte order, from files made here: what was put in comes out. Against readelf: tests/module/. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concatBytes, fromHex, utf8 } from '../base/bytes.ts'
import { type ElfFile, type ElfLayout, readElf } from './elf.ts'
import { elfRegions, offsetOfSymbol } from './elf-regions.ts'
import { readSymbols } from './elf-symbols.ts'
import { bytesSource } from './kernel-module.ts'
import { makeElf, makeNote, makeSymbols, Writer } from './testing/make-elf.ts'

const layouts: readonly ElfLayout[] = [
  { bits: 64, byteOrder: 'little' },
  { bits: 64, byteOrder: 'big' },
  { bits: 32, byteOrder: 'little' },
  { bits: 32, byteOrder: 'big' },
]

function elfOf(bytes: Uint8Array): ElfFile {
  const elf = readElf(bytesSource(bytes))
  return elf.kind === 'elf' ? elf : assert.fail(elf.why)
}

/** .text at 0x1000, .dynamic with names, a note, symbols. */
function example(layout: ElfLayout): Uint8Array {
  const symbols = makeSymbols(layout, [
    { name: 'local', value: 0x1002, size: 3, info: 0x01, section: 1 },
    { name: 'größe', value: 0x1008, size: 8, info: 0x12, section: 1 },
    { name: 'elsewhere', value: 0, size: 0, info: 0x10, section: 0 },
  ])
  const dynamic = new Writer(layout, (4 * layout.bits) / 4)
  for (const [tag, value] of [
    [1, 1],
    [14, 5],
    [0, 0],
    [1, 1],
  ] as const) {
    dynamic.word(tag)
    dynamic.word(value)
  }
  const buildId = fromHex('00112233445566778899aabbccddeeff00112233') ?? assert.fail()
  return makeElf({
    ...layout,
    type: 3,
    machine: 62,
    entry: 0x1000,
    sections: [
      { name: '.text', type: 1, flags: 6, address: 0x1000, content: new Uint8Array(64).fill(0x90) },
      { name: '.dynstr', type: 3, content: utf8('\0abc\0me.so\0') },
      {
        name: '.dynamic',
        type: 6,
        flags: 3,
        address: 0x2000,
        link: 2,
        content: dynamic.bytes,
        entryBytes: layout.bits / 4,
      },
      { name: '.note.id', type: 7, content: makeNote(layout, { owner: 'GNU', type: 3, description: buildId }) },
      { name: '.symtab', type: 2, link: 6, info: 2, content: symbols.table, entryBytes: symbols.entryBytes },
      { name: '.strtab', type: 3, content: symbols.names },
      { name: '.bss', type: 8, flags: 3, address: 0x3000, memoryBytes: 4096, content: new Uint8Array(0) },
    ],
    segments: [
      { type: 1, flags: 5, section: 1 },
      { type: 2, flags: 6, section: 3 },
      { type: 4, flags: 4, section: 4 },
    ],
  })
}

for (const layout of layouts) {
  test(`a file of ${layout.bits} bits in ${layout.byteOrder} endian order gives its parts`, () => {
    const bytes = example(layout)
    const elf = elfOf(bytes)
    assert.deepEqual(elf.problems, [])
    const { bits, byteOrder, type, machine, entry } = elf.header
    assert.deepEqual({ bits, byteOrder, type, machine, entry }, { ...layout, type: 3, machine: 62, entry: 0x1000n })
    assert.deepEqual(elf.sections.map(({ name, size }) => `${name} ${size}`).slice(0, 3), [
      ' 0',
      '.text 64',
      '.dynstr 11',
    ])
    assert.deepEqual(
      elf.segments.map(({ type: kind, flags, address, fileBytes }) => [kind, flags, address, fileBytes]).slice(0, 2),
      [
        [1, 5, 0x1000n, 64],
        [2, 6, 0x2000n, layout.bits],
      ],
    )
    assert.deepEqual(elf.dynamic, [
      { tag: 1n, value: 1n, text: 'abc' },
      { tag: 14n, value: 5n, text: 'me.so' },
      { tag: 0n, value: 0n },
    ])
    assert.equal(elf.buildId, '00112233445566778899aabbccddeeff00112233')
    const { symbols, problems } = readSymbols(bytesSource(bytes), elf, { table: 'linking' })
    assert.deepEqual(problems, [])
    assert.deepEqual(
      symbols.map(({ name, value, size, type: kind, binding, section }) => [name, value, size, kind, binding, section]),
      [
        ['', 0n, 0, 0, 0, 0],
        ['local', 0x1002n, 3, 1, 0, 1],
        ['größe', 0x1008n, 8, 2, 1, 1],
        ['elsewhere', 0n, 0, 0, 1, 0],
      ],
    )
    assert.deepEqual(readSymbols(bytesSource(bytes), elf, { table: 'loading' }).symbols, [])
  })
}

test('regions lie where the bytes are: segments, sections without .bss, symbols by their address', () => {
  const bytes = example({ bits: 64, byteOrder: 'little' })
  const elf = elfOf(bytes)
  const { symbols } = readSymbols(bytesSource(bytes), elf, { table: 'linking' })
  const text = elf.sections[1]?.offset ?? assert.fail()
  const regions = elfRegions(elf, { sizeBytes: bytes.length, symbols: [...symbols, ...symbols], symbolsMax: 10 })
  assert.deepEqual(
    regions.filter(({ class: kind }) => kind === 'symbol').map(({ offset, length, name }) => [offset, length, name]),
    [
      [text + 2, 3, 'local'],
      [text + 8, 8, 'größe'],
    ],
  )
  assert.ok(!regions.some(({ name }) => name === '.bss'))
  assert.ok(regions.every(({ offset, length }) => length > 0 && offset + length <= bytes.length))
  assert.deepEqual(regions[0], {
    offset: text,
    length: 64,
    layer: 16,
    class: 'segment',
    name: 'LOAD r-x',
    attributes: { address: '0x1000', memoryBytes: 64 },
  })
  const cut = elfRegions(elf, { sizeBytes: text + 10, symbols, symbolsMax: 10 })
  assert.deepEqual(cut.find(({ name }) => name === 'größe')?.length, 2)
  const largest = elfRegions(elf, { sizeBytes: bytes.length, symbols, symbolsMax: 1 })
  assert.deepEqual(
    largest.filter(({ class: kind }) => kind === 'symbol').map(({ name }) => name),
    ['größe'],
  )
})

test('in a relocatable file a symbol counts from its section', () => {
  const bytes = example({ bits: 64, byteOrder: 'little' })
  bytes[16] = 1
  const elf = elfOf(bytes)
  const text = elf.sections[1]?.offset ?? assert.fail()
  const symbol = { name: 'x', value: 5n, size: 1, type: 2, binding: 1, visibility: 0, section: 1 }
  assert.equal(offsetOfSymbol(elf, symbol), text + 5)
  assert.equal(offsetOfSymbol(elf, { ...symbol, value: 64n }), undefined)
  assert.equal(offsetOfSymbol(elf, { ...symbol, section: 7 }), undefined)
})

test('what is no ELF file is said to be none, and why', () => {
  const check = (bytes: Uint8Array, why: RegExp): void => {
    const elf = readElf(bytesSource(bytes))
    assert.ok(elf.kind === 'not elf' && why.test(elf.why), JSON.stringify(elf.kind))
  }
  const good = example({ bits: 64, byteOrder: 'little' })
  check(new Uint8Array(0), /does not begin/)
  check(utf8('#!/bin/sh\n'), /does not begin/)
  check(good.slice(0, 63), /after 63 of 64 bytes/)
  check(
    Uint8Array.from(good, (byte, at) => (at === 4 ? 3 : byte)),
    /class is 3/,
  )
  check(
    Uint8Array.from(good, (byte, at) => (at === 5 ? 0 : byte)),
    /byte order is 0/,
  )
})

test('a file that is cut gives what is left and says what is missing', () => {
  const good = example({ bits: 64, byteOrder: 'little' })
  const elf = elfOf(good.slice(0, 400))
  assert.equal(elf.segments.length, 3)
  assert.deepEqual(elf.sections, [])
  assert.ok(elf.problems.some(({ part, detail }) => part === 'sections' && /0 of 64 bytes/.test(detail)))
})

test('more than 65,279 sections: the true numbers stand in the first one', () => {
  const good = example({ bits: 64, byteOrder: 'little' })
  const elf = elfOf(good)
  const many = Uint8Array.from(good)
  const view = new DataView(many.buffer)
  view.setUint16(60, 0, true)
  view.setUint16(62, 0xffff, true)
  view.setBigUint64(elf.header.sectionsAt + 32, BigInt(elf.sections.length), true)
  view.setUint32(elf.header.sectionsAt + 40, elf.sections.length - 1, true)
  assert.deepEqual(elfOf(many).sections.slice(1), elf.sections.slice(1))
})

test('names that a million entries share cost no more than four times their table', () => {
  const layout: ElfLayout = { bits: 64, byteOrder: 'little' }
  const long = 'x'.repeat(60_000)
  const made = makeSymbols(layout, [{ name: long, value: 0, size: 1, info: 2, section: 1 }])
  const one = made.table.subarray(24)
  const table = concatBytes([made.table.subarray(0, 24), ...Array.from({ length: 500 }, () => one)])
  const bytes = makeElf({
    ...layout,
    type: 1,
    machine: 62,
    sections: [
      { name: '.symtab', type: 2, link: 2, content: table, entryBytes: 24 },
      { name: '.strtab', type: 3, content: made.names },
    ],
  })
  const { symbols, problems } = readSymbols(bytesSource(bytes), elfOf(bytes), { table: 'linking' })
  const told = symbols.reduce((sum, { name }) => sum + name.length, 0)
  assert.equal(symbols.length, 501)
  assert.ok(told > 60_000 && told < 2 ** 20 + 5 * made.names.length, `${told} characters`)
  assert.equal(problems.length, 1)
})
