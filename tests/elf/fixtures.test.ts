/** Each weakness, built by the compiler of the machine, is seen; what is built well is left alone. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { elfAnalyzers } from '../../src/analysis/elf/analyzers.ts'
import { functionName, functionsOf } from '../../src/analysis/elf/functions.ts'
import { hardeningOf } from '../../src/analysis/elf/hardening.ts'
import { reportOf, subjectOf } from '../../src/analysis/elf/testing/subject.ts'
import type { Region } from '../../src/base/region.ts'
import { copier, endless, hasCompiler, interposer, openWorkshop, relocatedCode } from './programs.ts'

const withCompiler = { skip: !hasCompiler && 'there is no C compiler' }
const workshop = openWorkshop()
after(() => workshop.close())

interface Said {
  readonly hardening: ReturnType<typeof hardeningOf>
  readonly findings: readonly Region[]
  readonly regions: readonly Region[]
  readonly problems: readonly string[]
  /** `rule severity`, sorted. */
  readonly rules: readonly string[]
}

async function say(bytes: Uint8Array): Promise<Said> {
  const subject = subjectOf(bytes)
  const reports = await Promise.all(elfAnalyzers.map((analyzer) => reportOf(analyzer, subject)))
  const regions = reports.flatMap((report) => report.regions)
  const findings = regions.filter(({ finding }) => finding !== undefined)
  const elf = subject.elf()
  return {
    hardening: elf && hardeningOf(elf, subject.symbols('loading'), subject.content),
    findings,
    regions,
    problems: reports.flatMap((report) => report.problems),
    rules: findings.map(({ finding }) => `${finding?.rule} ${finding?.severity}`).sort(),
  }
}

async function build(name: string, source: string, options: readonly string[]): Promise<Said & { path: string }> {
  const path = workshop.build(name, source, options) ?? assert.fail(`${name} cannot be built with ${options.join(' ')}`)
  return { path, ...(await say(workshop.bytes(path))) }
}

/** What readelf prints for a finding's own check. */
function checked(path: string, { finding }: Region): string {
  const command = (finding?.check ?? assert.fail('no check')).replaceAll('FILE', `'${path}'`)
  const { stdout, status } = spawnSync('sh', ['-c', command], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  })
  assert.equal(status, 0, command)
  return stdout
}

test('a program built with nothing is weak in every way, and each finding can be checked', withCompiler, async () => {
  const options = ['-O1', '-fno-stack-protector', '-U_FORTIFY_SOURCE', '-no-pie', '-z', 'execstack', '-z', 'norelro']
  const { hardening, findings, rules, path } = await build('weak', copier, options)
  const { details, ...fixed } = hardening ?? assert.fail()
  assert.deepEqual(fixed, {
    ...{ relro: 'none', nx: false, pie: 'exec', canary: 'absent', fortified: 0, rpath: null, runpath: null },
  })
  assert.deepEqual([details.isStatic, details.stackHeader, details.hasSymbols], [false, 'executable', true])
  assert.deepEqual(rules, ['executable-stack medium', 'hardening-missing low'])
  // 693: a protection mechanism fails or is missing; a default that is weak (1188) is another fault.
  assert.equal(findings.find(({ finding }) => finding?.rule === 'hardening-missing')?.finding?.weakness, 'CWE-693')
  for (const finding of findings) assert.notEqual(checked(path, finding), '')
})

test('a program built with everything has no finding', withCompiler, async () => {
  const options = ['-O2', '-fstack-protector-all', '-D_FORTIFY_SOURCE=2', '-fPIE', '-pie', '-z', 'relro', '-z', 'now']
  const { hardening, rules } = await build('strong', copier, [...options, '-z', 'noexecstack'])
  const { details, ...fixed } = hardening ?? assert.fail()
  assert.deepEqual(fixed, {
    ...{ relro: 'full', nx: true, pie: 'pie', canary: 'present', fortified: 2, rpath: null, runpath: null },
  })
  assert.deepEqual(details.fortifiedFunctions, ['__printf_chk', '__strcpy_chk'])
  assert.deepEqual(rules, [])
})

test('of a static program without symbols the stack protector is seen in its code', withCompiler, async (t) => {
  const path = workshop.build('static', copier, ['-O1', '-static', '-s', '-fstack-protector-all'])
  if (path === undefined) return t.skip('there is no static C library')
  const { hardening, rules } = await say(workshop.bytes(path))
  assert.equal(hardening?.canary, 'present')
  assert.ok((hardening?.details.canarySites ?? 0) > 20, `${hardening?.details.canarySites} sites`)
  assert.equal(hardening?.details.isStatic, true)
  assert.deepEqual(rules, [])
  const without = await build('bare', endless, ['-O1', '-static', '-nostdlib', '-s', '-fno-stack-protector'])
  assert.deepEqual([without.hardening?.canary, without.hardening?.details.canarySites], ['absent', 0])
})

test(
  'code that can be written, and code that the loader writes, are findings where they lie',
  withCompiler,
  async () => {
    const writable = await build('writable', endless, ['-O1', '-static', '-nostdlib', '-Wl,-N'])
    const [finding = assert.fail()] = writable.findings.filter((region) => region.finding?.rule === 'writable-code')
    assert.match(checked(writable.path, finding), /RWE/)
    assert.ok(finding.length > 0)
    const relocated = await build('relocated', relocatedCode, ['-shared', '-nostdlib', '-Wl,-z,notext'])
    assert.ok(relocated.rules.includes('text-relocations medium'), relocated.rules.join())
    for (const region of relocated.findings) assert.notEqual(checked(relocated.path, region), '')
  },
)

test('search paths that others can fill are findings, each at its text; others are not', withCompiler, async () => {
  const bad = '-Wl,--disable-new-dtags,-rpath,.:/tmp/lib:/usr/lib/good:$ORIGIN/../lib:/home/me/lib'
  const { findings, hardening, path } = await build('searching', copier, ['-O1', bad])
  assert.deepEqual(
    findings.map(({ name, finding }) => [name, finding?.rule, finding?.severity]),
    [
      ['Looks for libraries in .', 'library-search-path', 'medium'],
      ['Looks for libraries in /tmp/lib', 'library-search-path', 'medium'],
      ['Looks for libraries in /home/me/lib', 'library-search-path', 'low'],
    ],
  )
  const text = hardening?.rpath ?? assert.fail()
  for (const { offset, length } of findings) {
    assert.equal(Buffer.from(workshop.bytes(path).subarray(offset, offset + length)).toString(), text)
  }
})

test(
  'a library that stands before execve and readdir is a finding; a program that uses gets is one',
  withCompiler,
  async () => {
    const library = await build('interposer.so', interposer, ['-O1', '-shared', '-fPIC'])
    assert.deepEqual(library.rules, ['interposes-functions medium', 'interposes-functions medium'])
    for (const region of library.findings) assert.match(checked(library.path, region), /execve|readdir/)
    const capabilities = library.regions.filter((region) => region.class === 'capability')
    assert.deepEqual(capabilities, [])
    const source = 'extern char *gets(char *); char line[9]; int main(void) { return gets(line) == 0; }'
    const reader = await build('gets', source, ['-O1'])
    assert.deepEqual(reader.rules, ['uses-gets medium'])
    for (const region of reader.findings) assert.match(checked(reader.path, region), / gets@/)
  },
)

test(
  'functions are the same with and without symbols; without the table of sections, imports too',
  withCompiler,
  async () => {
    const path = workshop.build('functions', copier, ['-O1', '-fno-lto']) ?? assert.fail()
    const named = functionsOf(subjectOf(workshop.bytes(path)))
    const main = named.find(({ symbol }) => symbol === 'main') ?? assert.fail()
    const stripped = workshop.build('functions-stripped', copier, ['-O1', '-fno-lto', '-s']) ?? assert.fail()
    const unnamed = functionsOf(subjectOf(workshop.bytes(stripped)))
    const same = unnamed.find(({ address }) => address === main.address) ?? assert.fail()
    const plain = `sub_${main.address.toString(16)}`
    const name = process.arch === 'x64' ? `main (${plain})` : plain
    assert.deepEqual([same.length, same.from, functionName(same)], [main.length, 'frame', name])
    const bytes = Uint8Array.from(workshop.bytes(stripped))
    bytes.fill(0, 40, 48)
    bytes.fill(0, 60, 64)
    const sectionless = subjectOf(bytes)
    assert.ok(functionsOf(sectionless).some(({ address }) => address === main.address))
    const loading = subjectOf(workshop.bytes(stripped))
      .symbols('loading')
      .symbols.map(({ name }) => name)
    assert.ok(loading.includes('strcpy'))
    assert.deepEqual(
      sectionless.symbols('loading').symbols.map(({ name }) => name),
      loading,
    )
    assert.ok((await say(bytes)).regions.some(({ class: kind, name }) => kind === 'capability' && /shell/.test(name)))
  },
)

test('a big-endian object and a cut program give what is there, and say what is not', withCompiler, async (t) => {
  const five = join(workshop.folder, 'five')
  writeFileSync(five, 'hello')
  const object = join(workshop.folder, 'five.o')
  if (spawnSync('objcopy', ['-I', 'binary', '-O', 'elf64-big', five, object]).status !== 0) return t.skip('no objcopy')
  const big = await say(workshop.bytes(object))
  const sizes = big.regions.filter(({ class: kind }) => kind === 'section').map(({ name, length }) => [name, length])
  assert.deepEqual(sizes.slice(0, 2), [
    ['.data', 5],
    ['.symtab', 96],
  ])
  assert.deepEqual([big.problems, big.rules, big.hardening], [[], [], undefined])
  const whole = workshop.bytes(workshop.build('cut', copier, ['-O1']) ?? assert.fail())
  const cut = await say(whole.subarray(0, 3000))
  assert.equal(cut.regions.filter(({ class: kind }) => kind === 'section').length, 0)
  assert.ok(cut.regions.some(({ class: kind }) => kind === 'segment'))
  assert.ok(
    cut.problems.some((text) => text.startsWith('sections: ')),
    cut.problems.join('\n'),
  )
})

test('sections that name each other in a circle are read once each', withCompiler, async () => {
  const bytes = Uint8Array.from(workshop.bytes(workshop.build('circle', copier, ['-O1']) ?? assert.fail()))
  const view = new DataView(bytes.buffer)
  const table = Number(view.getBigUint64(40, true))
  const count = view.getUint16(60, true)
  for (let index = 0; index < count; index++) view.setUint32(table + index * 64 + 40, (index + count - 1) % count, true)
  const { problems, regions } = await say(bytes)
  assert.ok(regions.some(({ class: kind }) => kind === 'section'))
  assert.ok(
    problems.some((text) => text.includes('no names')),
    problems.join('\n'),
  )
})
