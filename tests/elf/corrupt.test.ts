/**
 * Corrupted ELF files: flipped bits, cuts, hostile counts and offsets. Whatever was done to them, every analyzer and every
 * reader returns, within bounds, and what is told lies in the file. The seed is told by the failing assertion.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { addressNamesOf } from '../../src/analysis/elf/address-names.ts'
import { elfAnalyzers } from '../../src/analysis/elf/analyzers.ts'
import { disassemble } from '../../src/analysis/elf/disassemble.ts'
import { functionsOf } from '../../src/analysis/elf/functions.ts'
import { reportOf, subjectOf } from '../../src/analysis/elf/testing/subject.ts'
import { readFrameFunctions } from '../../src/binary/eh-frame.ts'
import { type ElfSource, readElf } from '../../src/binary/elf.ts'
import { readSymbolSlots } from '../../src/binary/elf-relocations.ts'
import { readVersions } from '../../src/binary/elf-versions.ts'
import { bytesSource } from '../../src/binary/kernel-module.ts'
import { type Chance, chanceOf, seedsOf } from '../fold/chance.ts'
import { copier, hasCompiler, interposer, openWorkshop } from './programs.ts'
import { systemElfFiles } from './tools.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'
const seedCount = isLong ? 5_000 : 200
/** Each table once, those that lie over each other once each, names for each reader. */
const readsPerFileMax = 24

const workshop = openWorkshop()
after(() => workshop.close())

test(`${seedCount} corrupted files are analysed to an end, and nothing that is told lies outside them`, {
  skip: !hasCompiler && 'there is no C compiler',
}, async () => {
  const models = modelFiles()
  let withProblems = 0
  let withRegions = 0
  for (const seed of seedsOf(seedCount)) {
    const chance = chanceOf(seed)
    const bytes = corrupted(chance.pick(models), chance)
    try {
      const said = await analyse(bytes)
      if (said.problems > 0) withProblems++
      if (said.regions > 0) withRegions++
      readWithin(bytes)
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
  if (seedCount < 100 || process.env['SFD_TEST_SEED'] !== undefined) return
  assert.ok(withProblems > seedCount / 5, `only ${withProblems} of ${seedCount} had problems`)
  assert.ok(withRegions > seedCount / 2, `only ${withRegions} of ${seedCount} had regions`)
})

/** Programs made here, and with SFD_TEST_LONG some of the system. */
function modelFiles(): readonly Uint8Array[] {
  const built = [
    workshop.build('program', copier, ['-O1', '-g0']),
    workshop.build('stripped', copier, ['-O1', '-s']),
    workshop.build('library', interposer, ['-O1', '-shared', '-fPIC']),
    workshop.build('object', copier, ['-O1', '-c']),
  ]
  const paths = built.filter((path) => path !== undefined)
  const system = isLong ? systemElfFiles({ sizeBytesMax: 60_000 }).slice(0, 40) : []
  return [...paths, ...system].map((path) => readFileSync(path))
}

async function analyse(bytes: Uint8Array): Promise<{ readonly problems: number; readonly regions: number }> {
  const subject = subjectOf(bytes)
  let problems = 0
  let regions = 0
  for (const analyzer of elfAnalyzers) {
    const report = await reportOf(analyzer, subject)
    problems += report.problems.length
    regions += report.regions.length
    const outside = report.problems.filter((text) => text.includes('outside the content'))
    assert.deepEqual(outside, [], analyzer.name)
    for (const { finding, name } of report.regions) {
      if (finding === undefined) continue
      assert.ok(finding.evidence.length > 0 && finding.check?.includes('FILE') === true, name)
    }
  }
  const elf = subject.elf()
  if (elf === undefined) return { problems, regions }
  const names = addressNamesOf(subject)
  const range = functionsOf(subject)[0] ?? { offset: 0, length: 64 }
  const { lines } = await disassemble(subject.content, elf, { ...range, names })
  for (const { offset, bytes: code } of lines) assert.ok(offset + code.length <= bytes.length)
  return { problems, regions }
}

/** Readers by themselves: how much they read is bounded by the file, however often its tables name the same bytes. */
function readWithin(bytes: Uint8Array): void {
  let read = 0
  const plain = bytesSource(bytes)
  const source: ElfSource = {
    size: plain.size,
    read: (offset, length) => {
      assert.ok(offset >= 0 && length >= 0 && Number.isSafeInteger(offset + length), `read of ${length} at ${offset}`)
      const part = plain.read(offset, length)
      read += part.length
      return part
    },
  }
  const elf = readElf(source)
  if (elf.kind === 'not elf') return
  for (const { offset, size } of readFrameFunctions(source, elf).functions) {
    assert.ok(offset >= 0 && size > 0 && offset + size <= bytes.length)
  }
  readVersions(source, elf)
  readSymbolSlots(source, elf)
  assert.ok(read <= readsPerFileMax * bytes.length, `${read} bytes read of ${bytes.length}`)
}

/** One to four injuries: in the headers, in the tables that they name, anywhere; a cut now and then. */
function corrupted(model: Uint8Array, chance: Chance): Uint8Array {
  const bytes = Uint8Array.from(model)
  for (let count = 1 + chance.below(4); count > 0; count--) injure(bytes, chance)
  if (chance.happens(12)) return bytes.subarray(0, chance.below(bytes.length))
  return bytes
}

const hostile = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x7fffffffffffffffn,
  0xffffffffffffffffn,
]

function injure(bytes: Uint8Array, chance: Chance): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const at = placeIn(bytes, view, chance)
  if (chance.happens(30)) {
    bytes[at] = (bytes[at] as number) ^ (1 << chance.below(8))
    return
  }
  const value = chance.happens(70) ? chance.pick(hostile) : BigInt(chance.below(2 * bytes.length))
  const width = chance.pick([2, 4, 8])
  if (at + width > bytes.length) return
  if (width === 2) view.setUint16(at, Number(value & 0xffffn), true)
  else if (width === 4) view.setUint32(at, Number(value & 0xffffffffn), true)
  else view.setBigUint64(at, value, true)
}

function placeIn(bytes: Uint8Array, view: DataView, chance: Chance): number {
  const kind = chance.below(10)
  if (kind < 2) return 16 + 2 * chance.below(24)
  const sections = Number(view.getBigUint64(40, true))
  const count = view.getUint16(60, true)
  const isWhole = sections > 0 && sections + count * 64 <= bytes.length && count > 0
  if (kind < 4) return Math.min(64 + 4 * chance.below(14 * 12), bytes.length - 1)
  if (!isWhole || kind === 9) return chance.below(bytes.length)
  const header = sections + 64 * chance.below(count)
  if (kind < 7) return header + 4 * chance.below(16)
  const offset = Number(BigInt.asUintN(52, view.getBigUint64(header + 24, true)))
  const size = Number(BigInt.asUintN(52, view.getBigUint64(header + 32, true)))
  if (size === 0 || offset + size > bytes.length) return chance.below(bytes.length)
  return offset + chance.below(size)
}
