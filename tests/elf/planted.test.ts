/** What is planted into finished programs, done here in the ways in which it is done: each is seen, and the program before is not. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { loadingAnalyzer } from '../../src/analysis/elf/loading.ts'
import { reportOf, subjectOf } from '../../src/analysis/elf/testing/subject.ts'
import { concatBytes } from '../../src/base/bytes.ts'
import type { Region } from '../../src/base/region.ts'
import { copier, hasCompiler, openWorkshop } from './programs.ts'

const withCompiler = { skip: !hasCompiler && 'there is no C compiler' }
const workshop = openWorkshop()
after(() => workshop.close())

async function findings(bytes: Uint8Array): Promise<readonly Region[]> {
  const { regions, problems } = await reportOf(loadingAnalyzer, subjectOf(bytes))
  assert.deepEqual(problems, [])
  return regions
}

function said(regions: readonly Region[]): readonly string[] {
  return regions.map(({ name, finding }) => `${finding?.severity} ${finding?.rule}: ${name}`)
}

function built(name: string, ...options: readonly string[]): Uint8Array {
  return workshop.bytes(workshop.build(name, copier, ['-O1', ...options]) ?? assert.fail(`${name} cannot be built`))
}

/** Code behind the end, loaded by what was a note's header; with `begin` the program begins there, too. */
function infected(host: Uint8Array, options: { readonly begins: 'there' | 'as before' }): Uint8Array {
  const start = Math.ceil(host.length / 4096) * 4096
  const code = new Uint8Array(64).fill(0x90)
  const bytes = concatBytes([host, new Uint8Array(start - host.length), code])
  const view = new DataView(bytes.buffer)
  const headers = Number(view.getBigUint64(32, true))
  for (let index = 0; index < view.getUint16(56, true); index++) {
    const at = headers + index * 56
    if (view.getUint32(at, true) !== 4) continue
    view.setUint32(at, 1, true)
    view.setUint32(at + 4, 5, true)
    for (const [field, value] of [start, 0xc000000 + start, 0xc000000 + start, 64, 64, 4096].entries()) {
      view.setBigUint64(at + 8 + field * 8, BigInt(value), true)
    }
    if (options.begins === 'there') view.setBigUint64(24, BigInt(0xc000000 + start), true)
    return bytes
  }
  return assert.fail('the program has no note')
}

test('code that was added behind a finished program is told, and that it begins there', withCompiler, async () => {
  const host = built('host')
  assert.deepEqual(await findings(host), [])
  const quiet = await findings(infected(host, { begins: 'as before' }))
  assert.deepEqual(said(quiet), ['high code-outside-sections: Code that belongs to no section'])
  assert.deepEqual(
    quiet.map(({ offset, length }) => [offset, length]),
    [[Math.ceil(host.length / 4096) * 4096, 64]],
  )
  const loud = said(await findings(infected(host, { begins: 'there' })))
  assert.deepEqual(loud[1], 'high code-outside-sections: Begins outside its sections of code')
})

test(
  'the check shows all sections of code, also those that are written or belong to a group',
  withCompiler,
  async () => {
    const sections = ['wax, "awx", @progbits', 'grouped, "axG", @progbits, one, comdat']
    const source = `${sections.map((words) => `\t.section .${words}\n\tnop\n`).join('')}\t.text\n\t.globl main\nmain:\n\tret\n`
    const bytes = infected(workshop.bytes(workshop.build('odd', source, []) ?? assert.fail()), { begins: 'there' })
    const check = (await findings(bytes)).find(({ name }) => name.startsWith('Begins'))?.finding?.check ?? ''
    const path = join(workshop.folder, 'odd.infected')
    writeFileSync(path, bytes)
    const shown = spawnSync('sh', ['-c', check.replace('FILE', path)], { encoding: 'utf8' }).stdout
    for (const words of ['Entry point', '.text ', '.wax ', '.grouped ', '.init '])
      assert.ok(shown.includes(words), shown)
    assert.ok(!shown.includes('.rodata') && !shown.includes('.dynstr'), shown)
    // A linker takes the flag G away; in a table of readelf it stands so.
    const row = '  [ 5] .text.g PROGBITS 0000000000000000 000041 000001 00 AXG  0   0  1\n'
    const [, filter = ''] = check.split(' | ')
    assert.equal(spawnSync('sh', ['-c', filter], { input: row, encoding: 'utf8' }).stdout, row)
  },
)

test('a loader, a library or an auditor out of a place that others can fill is told', withCompiler, async () => {
  assert.deepEqual(said(await findings(built('loader', '-Wl,--dynamic-linker=/tmp/ld.so'))), [
    'medium loads-from-open-place: Is started by /tmp/ld.so',
  ])
  assert.deepEqual(said(await findings(built('audited', '-Wl,--audit=watch.so'))), [
    'medium loads-auditor: Loads watch.so to watch its libraries',
  ])
  const folder = join(workshop.folder, 'lib')
  mkdirSync(folder)
  const library = workshop.build('lib/other.so', 'int other = 1;', ['-shared', '-fPIC']) ?? assert.fail()
  const regions = await findings(built('needing', '-Wl,--no-as-needed', library))
  const place = library.startsWith('/tmp/') ? [`medium loads-from-open-place: Needs the library ${library}`] : []
  assert.deepEqual(said(regions), place)
})
