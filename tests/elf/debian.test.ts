/**
 * Programs and libraries of the machine, read by us and by readelf, objdump and checksec: a sample, or 300 of them with
 * SFD_TEST_LONG. Where we and a tool differ there is a reason in this file, or it is a failure.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { addressNamesOf } from '../../src/analysis/elf/address-names.ts'
import { disassemblerOf } from '../../src/analysis/elf/capstone.ts'
import { complexityOf } from '../../src/analysis/elf/complexity.ts'
import { disassemble } from '../../src/analysis/elf/disassemble.ts'
import { functionsOf } from '../../src/analysis/elf/functions.ts'
import { type Hardening, hardeningOf } from '../../src/analysis/elf/hardening.ts'
import { subjectOf } from '../../src/analysis/elf/testing/subject.ts'
import type { Subject } from '../../src/analysis/subject.ts'
import { readFrameFunctions } from '../../src/binary/eh-frame.ts'
import type { ElfFile } from '../../src/binary/elf.ts'
import { readVersions } from '../../src/binary/elf-versions.ts'
import { chanceOf, seedsOf } from '../fold/chance.ts'
import {
  type ChecksecSaid,
  fetchChecksec,
  frameRanges,
  hasBinutils,
  instructionsSaid,
  notesSaid,
  stubsSaid,
  systemElfFiles,
  versionsSaid,
} from './tools.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'
const skip = !hasBinutils && 'there are no binutils'
const [seed = 1] = seedsOf(1)
const sample = isLong ? { count: 300, sizeBytesMax: 32 * 2 ** 20 } : { count: 8, sizeBytesMax: 200_000 }
const disassembledMax = isLong ? 40 : 2
const functionsEach = isLong ? 12 : 3

test(`what readelf and objdump say of programs and libraries, we say (seed ${seed})`, { skip }, async (t) => {
  const paths = chosen()
  assert.ok(paths.length >= sample.count / 2, `only ${paths.length} files`)
  let disassembled = 0
  for (const path of paths) {
    const subject = subjectOf(readFileSync(path), path)
    const elf = subject.elf() ?? assert.fail(path)
    compareTables(path, subject, elf)
    if (elf.header.machine === 62 || elf.header.machine === 183) {
      compareStubs(path, subject)
      if (disassembled++ < disassembledMax) await compareCode(path, subject, elf)
    }
  }
  t.diagnostic(`${paths.length} files`)
})

test(`what checksec says of 300 programs and libraries, we say (seed ${seed})`, {
  skip: skip || (!isLong && 'only with SFD_TEST_LONG: it takes a third of a second a file'),
}, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sfd-checksec-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const checksec = fetchChecksec(folder)
  if (checksec === undefined) return t.skip('the archive cannot be reached')
  const reasons = new Map<string, number>()
  const unexplained: string[] = []
  for (const path of chosen()) {
    const subject = subjectOf(readFileSync(path), path)
    const elf = subject.elf() ?? assert.fail(path)
    const ours = hardeningOf(elf, subject.symbols('loading'), subject.content)
    if (ours === undefined) continue
    const theirs = checksec(path)
    const said = inTheirWords(ours)
    for (const key of Object.keys(said) as (keyof ChecksecSaid)[]) {
      if (said[key] === theirs[key]) continue
      const reason = reasonFor(key, { ours, theirs, subject })
      if (reason === undefined) unexplained.push(`${path} ${key}: we ${said[key]}, checksec ${theirs[key]}`)
      else reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    }
  }
  for (const [reason, count] of reasons) t.diagnostic(`${count} differ: ${reason}`)
  assert.deepEqual(unexplained, [])
})

function chosen(): readonly string[] {
  const all = [...systemElfFiles(sample)]
  const chance = chanceOf(seed)
  return Array.from(
    { length: Math.min(sample.count, all.length) },
    () => all.splice(chance.below(all.length), 1)[0] ?? '',
  )
}

function compareTables(path: string, subject: Subject, elf: ElfFile): void {
  const frames = readFrameFunctions(subject.content, elf)
  assert.deepEqual(frames.problems, [], path)
  const said = frames.functions.map(({ address, size }) => `${address.toString(16)} ${size.toString(16)}`)
  assert.deepEqual(said, frameRanges(path), path)
  const { problems, ...versions } = readVersions(subject.content, elf)
  assert.deepEqual(problems, [], path)
  assert.deepEqual(versions, versionsSaid(path), path)
  assert.deepEqual(elf.notes.map(({ owner, size }) => `${owner} ${size}`).sort(), notesSaid(path).toSorted(), path)
}

function compareStubs(path: string, subject: Subject): void {
  const names = addressNamesOf(subject)
  const differs = stubsSaid(path).filter((stub) => {
    const [address = '', name] = stub.split(' ')
    return names.get(BigInt(`0x${address}`)) !== name
  })
  assert.deepEqual(differs, [], path)
}

/** The largest functions, instruction by instruction. */
async function compareCode(path: string, subject: Subject, elf: ElfFile): Promise<void> {
  const largest = [...functionsOf(subject)].sort((a, b) => b.length - a.length)
  for (const range of largest.filter(({ length }) => length < 16_384).slice(0, functionsEach)) {
    const { lines } = await disassemble(subject.content, elf, range)
    const theirs = instructionsSaid(path, { start: range.address, stop: range.address + BigInt(range.length) })
    const ours = lines.map(({ address }) => address.toString(16))
    const where = `${path} at 0x${range.address.toString(16)}`
    assert.deepEqual(
      ours,
      theirs.slice(0, ours.length).map(({ address }) => address),
      where,
    )
    assert.ok(ours.length > 0, path)
    if (elf.header.machine !== 62 || ours.length < theirs.length) continue
    const place = { content: subject.content, kind: 'x86-64', disassembler: await disassemblerOf('x86-64') } as const
    const jumps = theirs.filter(({ isConditionalJump }) => isConditionalJump).length
    assert.equal(complexityOf(range, place).complexity, 1 + jumps, where)
  }
}

function inTheirWords({ relro, canary, nx, pie, rpath, runpath, fortified, details }: Hardening): ChecksecSaid {
  const yes = (is: boolean): string => (is ? 'yes' : 'no')
  return {
    relro: relro === 'none' ? 'no' : relro,
    canary: yes(canary === 'present'),
    nx: yes(nx),
    pie: { pie: 'yes', dso: 'dso', exec: 'no' }[pie],
    rpath: yes(rpath !== null),
    runpath: yes(runpath !== null),
    symbols: yes(details.hasSymbols),
    fortified: String(fortified),
  }
}

/** Why we say something else, where that is known to be right. */
function reasonFor(
  key: keyof ChecksecSaid,
  { ours, theirs, subject }: { ours: Hardening; theirs: ChecksecSaid; subject: Subject },
): string | undefined {
  const own = subject.symbols('loading').symbols.filter(({ section, name }) => section !== 0 && name.endsWith('_chk'))
  if (key === 'fortified' && own.length > 0 && ours.fortified < Number(theirs.fortified)) {
    return 'it defines checking functions itself, as runtimes of sanitizers do: that is no use of them'
  }
  if (key === 'canary' && (ours.details.canarySites ?? 0) >= 2) return 'it reads the protector’s value in its code'
  return undefined
}
