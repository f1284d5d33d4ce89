/** Every analyzer of the list keeps to the rules of analyzer.ts; and the suite notices one that does not. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { utf8 } from '../base/bytes.ts'
import type { EntryMeta } from '../base/entry.ts'
import type { ContentAnalyzer, EntrySubject, Report } from './analyzer.ts'
import { contentAnalyzers, entryAnalyzers } from './analyzers.ts'
import type { Host } from './host.ts'
import type { Subject } from './subject.ts'
import { contentProblems, entryProblems } from './testing/conformance.ts'
import { type CorpusItem, corpus } from './testing/corpus.ts'
import { plainMeta } from './testing/plain-meta.ts'

const isLong = process.env['SFD_TEST_LONG'] === '1'
const seeds = process.env['SFD_TEST_SEED']?.split(',').map(Number) ?? (isLong ? [1, 2, 3, 4, 5, 6, 7, 8] : [1])
/** A few hundred KiB at most: the short lane damages the beginning of a real program. */
const program = readFileSync('/bin/sh').subarray(0, isLong ? 2 ** 20 : 100_000)

const corpora = seeds.map((seed) => [seed, [...corpus({ seed, program, size: isLong ? 'full' : 'small' })]] as const)

for (const analyzer of contentAnalyzers) {
  test(`${analyzer.name} survives noise, damage and malice, and keeps to the rules of analyzers`, async (t) => {
    await analyzer.prepare?.()
    for (const [seed, items] of corpora) {
      t.diagnostic(`seed ${seed}`)
      for (const item of items) assert.deepEqual(await contentProblems(analyzer, item), [])
    }
  })
}

for (const analyzer of entryAnalyzers) {
  test(`${analyzer.name} keeps to the rules of analyzers, whatever an entry is`, () => {
    for (const [name, subject] of entrySubjects()) assert.deepEqual(entryProblems(analyzer, subject, name), [])
  })
}

test('names of analyzers are different words, and versions count from 1', () => {
  const all = [...contentAnalyzers, ...entryAnalyzers]
  assert.equal(new Set(all.map(({ name }) => name)).size, all.length)
  for (const { name, version } of all) {
    assert.match(name, /^[a-z][a-z0-9-]*$/)
    assert.ok(Number.isInteger(version) && version >= 1, name)
  }
})

const item: CorpusItem = { name: 'x', path: '/x', bytes: utf8('some text\n') }
const place = { offset: 0, length: 1, layer: 16, class: 'test', name: 'x' }
const finding = { severity: 'low', rule: 'r', evidence: ['e'], confidence: 1, check: 'cat FILE' } as const
const lent: Uint8Array[] = []
let calls = 0

const offenders: Readonly<Record<string, (subject: Subject, report: Report) => void>> = {
  'it threw': () => assert.fail('thrown'),
  'it changed the bytes': ({ content }) => content.read(0, 1).fill(1),
  'lies outside': (_, report) => report.region({ ...place, offset: 8, length: 3 }),
  'something else the second time': (_, report) => report.problem(`call ${++calls}`),
  'at another path': ({ path }, report) => report.problem(`${path.length} bytes`),
  'no lower-case word': (_, report) => report.region({ ...place, class: 'Two Words' }),
  'has no evidence': (_, report) => report.finding(place, { ...finding, evidence: [] }),
  'names no FILE': (_, report) => report.finding(place, { ...finding, check: 'ls' }),
  'longer than 80': (_, report) => report.finding({ ...place, name: 'x'.repeat(81) }, finding),
  'JSON does not keep': (_, report) => report.region({ ...place, attributes: { a: Number.NaN } }),
  'control characters': (_, report) => report.problem('\u001b[31m'),
  'it threw where windows': ({ content, whole }) => {
    if (whole() !== undefined) return
    lent.push(content.read(0, 4))
    content.read(4, 4)
    assert.equal(lent.pop()?.[0], 0x73, 'it relied on bytes that it was lent before')
  },
}

test('the suite notices each thing that an analyzer must not do', async () => {
  for (const [words, analyze] of Object.entries(offenders)) {
    const offender: ContentAnalyzer = { name: 'offender', version: 1, takes: () => true, analyze }
    const problems = await contentProblems(offender, item)
    assert.ok(
      problems.some((problem) => problem.includes(words)),
      `${words}: ${problems.join('; ')}`,
    )
  }
  const quiet: ContentAnalyzer = {
    ...{ name: 'quiet', version: 1, takes: () => true },
    analyze(_, report) {
      report.region({ ...place, attributes: { a: 1 } })
      report.finding(place, finding)
    },
  }
  assert.deepEqual(await contentProblems(quiet, item), [])
})

function* entrySubjects(): Generator<readonly [string, EntrySubject]> {
  const owned = { package: 'p', version: '1', md5: 'd41d8cd98f00b204e9800998ecf8427e', isConfiguration: false }
  const hosts: readonly Host[] = [
    { packages: undefined },
    { packages: { ownerOf: () => undefined, ownsFolder: () => true } },
    { packages: { ownerOf: () => owned, ownsFolder: () => true } },
  ]
  const content = {
    type: { kind: 'elf', description: 'ELF', mimeType: 'application/x-elf' },
    md5: '0'.repeat(32),
    regions: [],
    problems: [],
  } as const
  const xattr = { name: utf8('security.capability'), value: Uint8Array.of(1, 0, 0, 2, 255, 255) }
  for (const kind of ['file', 'dir', 'symlink', 'fifo', 'socket', 'char', 'block'] as const) {
    for (const mode of [0, 0o644, 0o4755, 0o2755, 0o6777, 0o1777, 0o777]) {
      for (const path of ['/', '/usr/bin/x', '/etc/\u001b[31m', '/tmp/a b']) {
        const meta: EntryMeta = { ...plainMeta('x'), kind, mode, size: kind === 'file' ? 10 : 0, xattrs: [xattr] }
        for (const [index, host] of hosts.entries()) {
          for (const known of [undefined, content]) {
            const name = `${kind} ${mode.toString(8)} ${path} host ${index}`
            yield [name, { path: utf8(path), meta, content: kind === 'file' ? known : undefined, host }]
          }
        }
      }
    }
  }
}
