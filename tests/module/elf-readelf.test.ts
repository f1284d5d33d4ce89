/** Our ELF reader against readelf, over the programs and libraries of the machine: a sample, or all with SFD_TEST_LONG. */
import assert from 'node:assert/strict'
import { closeSync, fstatSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ElfLayout, readElf } from '../../src/binary/elf.ts'
import type { ElfSource } from '../../src/binary/elf-fields.ts'
import { readSymbols } from '../../src/binary/elf-symbols.ts'
import { bytesSource } from '../../src/binary/kernel-module.ts'
import { makeElf, makeNote, makeSymbols } from '../../src/binary/testing/make-elf.ts'
import { chanceOf, seedsOf } from '../fold/chance.ts'
import { hasReadelf, ourSymbol, readelfSays, sameSymbol, weSay } from './readelf.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'
const withReadelf = { skip: !hasReadelf && 'there is no readelf' }
const sampleCount = 24
/** readelf prints some hundred bytes for each symbol. */
const sampleBytesMax = 2 ** 20

test('the ELF files of the machine are read as readelf reads them', {
  skip: !hasReadelf && 'there is no readelf',
}, () => {
  const [seed = 1] = seedsOf(1)
  let compared = 0
  for (const path of chosen(seed)) {
    const fd = openSync(path, 'r')
    try {
      const elf = readElf(sourceOf(fd))
      if (elf.kind === 'not elf') continue
      const theirs = readelfSays(path)
      const { symbols, ...rest } = theirs
      assert.deepEqual(weSay(elf), rest, path)
      assert.deepEqual(elf.problems, [], path)
      compareSymbols(path, sourceOf(fd), symbols)
      compared++
    } finally {
      closeSync(fd)
    }
  }
  assert.ok(compared >= 10, `only ${compared} ELF files were found, seed ${seed}`)
})

test('files of both classes and byte orders are read as readelf reads them', withReadelf, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-elf-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const bits of [32, 64] as const) {
    for (const byteOrder of ['little', 'big'] as const) {
      const bytes = sample({ bits, byteOrder })
      const path = join(folder, `${bits}-${byteOrder}`)
      writeFileSync(path, bytes)
      const elf = readElf(bytesSource(bytes))
      assert.ok(elf.kind === 'elf')
      const { symbols, ...rest } = readelfSays(path)
      assert.deepEqual(weSay(elf), rest, path)
      assert.equal(symbols.get('.symtab')?.length, 3)
      compareSymbols(path, bytesSource(bytes), symbols)
    }
  }
})

function sample(layout: ElfLayout): Uint8Array {
  const symbols = makeSymbols(layout, [
    { name: 'one', value: 0x1001, size: 3, info: 0x02, section: 1 },
    { name: 'two', value: 0x1004, size: 200_000, info: 0x21, section: 1 },
  ])
  const note = makeNote(layout, { owner: 'GNU', type: 3, description: new Uint8Array(20).fill(0xab) })
  return makeElf({
    ...layout,
    type: 2,
    machine: layout.bits === 64 ? 21 : 8,
    entry: 0x1001,
    sections: [
      { name: '.text', type: 1, flags: 6, address: 0x1000, content: new Uint8Array(64) },
      { name: '.note.gnu.build-id', type: 7, flags: 2, content: note },
      { name: '.symtab', type: 2, link: 4, info: 2, content: symbols.table, entryBytes: symbols.entryBytes },
      { name: '.strtab', type: 3, content: symbols.names },
      { name: '.bss', type: 8, flags: 3, address: 0x8000, memoryBytes: 70_000, content: new Uint8Array(0) },
    ],
    segments: [
      { type: 1, flags: 5, section: 1 },
      { type: 4, flags: 4, section: 2 },
    ],
  })
}

function compareSymbols(path: string, source: ElfSource, theirs: ReadonlyMap<string, readonly string[]>): void {
  const elf = readElf(source)
  assert.ok(elf.kind === 'elf')
  for (const [name, table] of [
    ['.symtab', 'linking'],
    ['.dynsym', 'loading'],
  ] as const) {
    const { symbols, problems } = readSymbols(source, elf, { table })
    assert.deepEqual(problems, [], path)
    const expected = theirs.get(name) ?? []
    assert.equal(symbols.length, expected.length, `${path} ${name}`)
    const differs = symbols.findIndex((symbol, index) => !sameSymbol(ourSymbol(symbol), expected[index] ?? ''))
    const both = differs < 0 ? '' : `${ourSymbol(symbols[differs] ?? assert.fail())} | ${expected[differs]}`
    assert.equal(both, '', `${path} ${name} ${differs}`)
  }
}

/** Regular files, no links. */
function chosen(seed: number): readonly string[] {
  const folders = ['/usr/bin', '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu']
  const all = folders.flatMap((folder) => filesIn(folder)).sort()
  if (isLong) return all
  const small = all.filter((path) => sizeOf(path) <= sampleBytesMax)
  const chance = chanceOf(seed)
  return Array.from({ length: sampleCount }, () => chance.pick(small))
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => join(folder, name))
  } catch {
    return []
  }
}

function sizeOf(path: string): number {
  const fd = openSync(path, 'r')
  try {
    return fstatSync(fd).size
  } finally {
    closeSync(fd)
  }
}

function sourceOf(fd: number): ElfSource {
  return {
    size: fstatSync(fd).size,
    read: (offset, length) => {
      const bytes = new Uint8Array(length)
      return bytes.subarray(0, readSync(fd, bytes, 0, length, offset))
    },
  }
}
