/**
 * Damaged ELF files: whatever the bytes say, the reader returns, says what is missing, and reads no more than a few times
 * the file. Seeds are told by the failing assertion.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import { type ElfLayout, readElf } from '../../src/binary/elf.ts'
import { elfRegions } from '../../src/binary/elf-regions.ts'
import { readSymbols } from '../../src/binary/elf-symbols.ts'
import { readKernelModule } from '../../src/binary/kernel-module.ts'
import { makeElf, makeNote, makeSymbols, Writer } from '../../src/binary/testing/make-elf.ts'
import { type Chance, chanceOf, seedsOf } from '../fold/chance.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'
const seedCount = isLong ? 20_000 : 600
/** Tables that lie over each other are read once each. */
const readsPerFileMax = 16

test('a damaged file is read to an end, within its bytes, whatever was damaged', () => {
  let withProblems = 0
  for (const seed of seedsOf(seedCount)) {
    const chance = chanceOf(seed)
    const bytes = damaged(example(chance), chance)
    const counted = countingSource(bytes)
    try {
      const elf = readElf(counted.source)
      if (elf.kind === 'not elf') continue
      const tables = (['linking', 'loading'] as const).map((table) => readSymbols(counted.source, elf, { table }))
      const symbols = tables.flatMap((table) => table.symbols)
      const regions = elfRegions(elf, { sizeBytes: bytes.length, symbols, symbolsMax: 50 })
      for (const { offset, length } of regions) {
        assert.ok(offset >= 0 && length > 0 && offset + length <= bytes.length, `region ${offset} ${length}`)
      }
      assert.ok(counted.readBytes() <= readsPerFileMax * bytes.length, `${counted.readBytes()} bytes read`)
      if (elf.problems.length + tables.flatMap((table) => table.problems).length > 0) withProblems++
      readKernelModule(bytes)
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
  assert.ok(withProblems > seedCount / 20 || seedCount < 100, `only ${withProblems} of ${seedCount} had problems`)
})

test('65,000 segments that all name the same notes are not read 65,000 times', () => {
  const layout: ElfLayout = { bits: 64, byteOrder: 'little' }
  const note = makeNote(layout, { owner: 'X', type: 9, description: new Uint8Array(600_000) })
  const bytes = makeElf({
    ...layout,
    type: 2,
    machine: 62,
    sections: [{ name: '.note', type: 7, content: note }],
    segments: Array.from({ length: 65_000 }, () => ({ type: 4, flags: 4, section: 1 })),
  })
  const counted = countingSource(bytes)
  const elf = readElf(counted.source)
  assert.ok(elf.kind === 'elf' && elf.problems.some(({ part }) => part === 'notes'))
  assert.ok(counted.readBytes() < 4 * bytes.length, `${counted.readBytes()} bytes read`)
})

function example(chance: Chance): Uint8Array {
  const layout: ElfLayout = { bits: chance.pick([32, 64]), byteOrder: chance.pick(['little', 'big']) }
  const symbols = makeSymbols(
    layout,
    Array.from({ length: 12 }, (_, i) => ({ name: `symbol${i}`, value: 0x1000 + i, size: i, info: 0x12, section: 1 })),
  )
  const dynamic = new Writer(layout, layout.bits)
  for (const value of [1, 1, 29, 3, 5, 0x4000]) dynamic.word(value)
  return makeElf({
    ...layout,
    type: chance.pick([1, 2, 3]),
    machine: 62,
    sections: [
      { name: '.text', type: 1, flags: 6, address: 0x1000, content: chance.bytes(64) },
      { name: '.dynstr', type: 3, content: utf8('\0library\0') },
      { name: '.dynamic', type: 6, address: 0x2000, link: 2, content: dynamic.bytes, entryBytes: layout.bits / 4 },
      { name: '.note', type: 7, content: makeNote(layout, { owner: 'GNU', type: 3, description: chance.bytes(20) }) },
      { name: '.symtab', type: 2, link: 6, content: symbols.table, entryBytes: symbols.entryBytes },
      { name: '.strtab', type: 3, content: symbols.names },
      { name: '.modinfo', type: 1, content: utf8('license=GPL\0name=x\0') },
    ],
    segments: [
      { type: 1, flags: 5, section: 1 },
      { type: 2, flags: 6, section: 3 },
      { type: 4, flags: 4, section: 4 },
    ],
  })
}

/** A few bytes, a few of the large values that numbers break at, or a cut. */
function damaged(bytes: Uint8Array, chance: Chance): Uint8Array {
  const edges = [0x00, 0x01, 0x7f, 0x80, 0xff]
  const tables = new Set([0, bytes.length - 576])
  for (let count = 1 + chance.below(6); count > 0; count--) {
    const near = chance.happens(60) ? chance.pick([...tables]) + chance.below(120) : chance.below(bytes.length)
    const at = Math.min(Math.max(chance.happens(50) ? 16 : 0, near), bytes.length - 1)
    const length = chance.pick([1, 1, 2, 4, 8])
    bytes.fill(chance.happens(70) ? chance.pick(edges) : chance.below(256), at, at + length)
  }
  return chance.happens(15) ? bytes.slice(0, chance.below(bytes.length)) : bytes
}

function countingSource(bytes: Uint8Array) {
  let read = 0
  return {
    readBytes: () => read,
    source: {
      size: bytes.length,
      read: (offset: number, length: number): Uint8Array => {
        assert.ok(offset >= 0 && length >= 0 && Number.isSafeInteger(offset + length), `read of ${length} at ${offset}`)
        const part = bytes.subarray(offset, offset + length)
        read += part.length
        return part
      },
    },
  }
}
