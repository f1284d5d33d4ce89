/**
 * Programs of Debian 12 of which it is known, by readelf, objdump and checksec, what has to come out: those that are
 * installed in that version, and with SFD_TEST_LONG those that the archive still has.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { elfAnalyzers } from '../../src/analysis/elf/analyzers.ts'
import { functionsOf } from '../../src/analysis/elf/functions.ts'
import { hardeningOf } from '../../src/analysis/elf/hardening.ts'
import { reportOf, subjectOf } from '../../src/analysis/elf/testing/subject.ts'
import { readFrameFunctions } from '../../src/binary/eh-frame.ts'
import { fetchPackage, installedVersion } from './tools.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'

interface Case {
  readonly package: string
  readonly version: string
  readonly path: string
  /** Of large files: only then. */
  readonly isOnlyLong?: true
  readonly sections?: number
  readonly segments?: number
  readonly frames?: number
  readonly hardening: readonly string[]
  /** `class name`, some of all. */
  readonly regions?: readonly string[]
  readonly rules?: readonly string[]
  /** Of the function that branches most. */
  readonly complexity?: number
  readonly functions?: readonly string[]
}

const cases: readonly Case[] = [
  {
    ...{ package: 'coreutils', version: '9.1-1', path: '/usr/bin/ls' },
    ...{ sections: 31, segments: 13, frames: 318, complexity: 233 },
    hardening: ['pie', 'partial', 'nx', 'present', '5'],
    regions: ['capability lists folders', 'section .text'],
  },
  {
    ...{ package: 'python3.11-minimal', version: '3.11.2-6+deb12u6', path: '/usr/bin/python3.11', isOnlyLong: true },
    hardening: ['exec', 'partial', 'nx', 'present', '15'],
    rules: ['hardening-missing'],
  },
  {
    ...{ package: 'passwd', version: '1:4.13+dfsg1-1+deb12u1', path: '/usr/bin/passwd' },
    hardening: ['pie', 'full', 'nx', 'present', '8'],
    regions: ['capability authenticates users'],
  },
  {
    ...{ package: 'bash', version: '5.2.15-2+b8', path: '/usr/bin/bash', isOnlyLong: true },
    ...{ frames: 2277, complexity: 529 },
    hardening: ['pie', 'full', 'nx', 'present', '13'],
  },
  {
    ...{ package: 'libllvm15', version: '1:15.0.6-4+b1', path: '/usr/lib/x86_64-linux-gnu/libLLVM-15.so.1' },
    ...{ isOnlyLong: true, sections: 31, frames: 98_256 },
    hardening: ['dso', 'partial', 'nx', 'present', '7', '$ORIGIN/../lib'],
  },
  {
    ...{ package: 'gosu', version: '1.14-1+b10', path: '/usr/sbin/gosu' },
    ...{ sections: 14, segments: 7 },
    hardening: ['exec', 'none', 'nx', 'absent', '0'],
    functions: ['main.main', '_rt0_amd64_linux'],
  },
  {
    ...{ package: 'tini', version: '0.19.0-1+b3', path: '/usr/bin/tini' },
    hardening: ['pie', 'full', 'nx', 'absent', '1'],
  },
  {
    ...{ package: 'tini', version: '0.19.0-1+b3', path: '/usr/bin/tini-static' },
    hardening: ['exec', 'partial', 'nx', 'present', '0'],
  },
  {
    ...{ package: 'sudo', version: '1.9.13p3-1+deb12u4', path: '/usr/bin/sudo' },
    hardening: ['pie', 'full', 'nx', 'present', '7', '/usr/libexec/sudo'],
    regions: ['capability runs other programs', 'capability reads or changes other processes'],
  },
  {
    ...{ package: 'snoopy', version: '2.5.1-1', path: '/lib/x86_64-linux-gnu/libsnoopy.so.0.0.0' },
    hardening: ['dso', 'full', 'nx', 'present', '4'],
    rules: ['interposes-functions'],
  },
]

const folder = mkdtempSync(join(tmpdir(), 'sfd-cases-'))
after(() => rmSync(folder, { recursive: true, force: true }))

for (const asked of cases) {
  test(`${asked.path} of ${asked.package} ${asked.version} is read as it is known`, async (t) => {
    const root = rootOf(asked)
    if (root === undefined) return t.skip(isLong ? 'the archive does not have it' : 'not installed in that version')
    await check(asked, join(root, asked.path))
  })
}

function rootOf({ package: name, version, isOnlyLong }: Case): string | undefined {
  if (installedVersion(name) === version) return isOnlyLong && !isLong ? undefined : '/'
  return isLong ? fetchPackage(folder, { name, version }) : undefined
}

async function check(asked: Case, path: string): Promise<void> {
  const subject = subjectOf(readFileSync(path), asked.path)
  const elf = subject.elf() ?? assert.fail()
  if (asked.sections !== undefined) assert.equal(elf.sections.length, asked.sections)
  if (asked.segments !== undefined) assert.equal(elf.segments.length, asked.segments)
  if (asked.frames !== undefined) assert.equal(readFrameFunctions(subject.content, elf).functions.length, asked.frames)
  const found = hardeningOf(elf, subject.symbols('loading'), subject.content) ?? assert.fail()
  const { pie, relro, nx, canary, fortified, rpath, runpath } = found
  const paths = [rpath, runpath].filter((text) => text !== null)
  assert.deepEqual([pie, relro, nx ? 'nx' : 'no nx', canary, String(fortified), ...paths], asked.hardening)
  const reports = await Promise.all(elfAnalyzers.map((analyzer) => reportOf(analyzer, subject)))
  assert.deepEqual(
    reports.flatMap(({ problems }) => problems),
    [],
  )
  const regions = reports.flatMap((report) => report.regions)
  assert.deepEqual(
    regions.flatMap(({ finding }) => finding?.rule ?? []),
    asked.rules ?? [],
  )
  const known = new Set(regions.map(({ class: kind, name }) => `${kind} ${name}`))
  for (const region of asked.regions ?? []) assert.ok(known.has(region), region)
  const complexities = regions
    .filter((region) => region.class === 'complexity')
    .map(({ attributes }) => Number(attributes?.['complexity']))
  if (asked.complexity !== undefined) assert.equal(Math.max(...complexities), asked.complexity)
  const names = new Set(functionsOf(subject).map(({ symbol }) => symbol))
  for (const name of asked.functions ?? []) assert.ok(names.has(name), name)
}
