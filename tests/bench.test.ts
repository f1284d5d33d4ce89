/** `npm run bench -- --quick`: that the bench still measures everything it names. Says nothing about time. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { type Row, type Section, textOfSection } from '../bench/table.ts'

const folder = mkdtempSync(join(tmpdir(), 'sfd-bench-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const main = join(import.meta.dirname, '../bench/main.ts')

/** Programs of others may be missing on this machine; ours may not. */
const rowsOf: Readonly<Record<string, readonly string[]>> = {
  kernel: ['memcpy', 'fold kernel', 'plain JavaScript, by table', 'plain JavaScript, every byte walks'],
  'kernels-cached': ['memcpy', 'fold', 'unfold', 'describe, all owned', 'reduce'],
  'quick-store': ['sfd', 'tar | zstd -1 -T0', 'borg, lz4', 'restic'],
  'quick-back': ['sfd', 'tar | zstd -1 -T0', 'borg, lz4', 'restic'],
  'commit-bytes': ['1 byte of 32 MiB in one file', '50 pages of 32 MiB, told by the source', '1 file of 2000'],
  diff: ['1 tile of 32 MiB', '1 tile of 32 MiB: cmp', '1 file of 2000', '1 file of 2000: diff -rq'],
  latency: ['sfd up'],
  modules: ['sfd fold modules:', 'xz -dc'],
  analysis: ['for the first time', 'nothing changed'],
  memory: ['first look', 'look, 50 pages changed', 'look, it did not run', 'reading all of it', 'growth of the target'],
  'watch-busy': ['in path order', 'anywhere'],
  'watch-missed': ['made while it was stopped', 'mkdir -p a/b/c, write'],
  'watch-folders': ['inotify', 'fanotify'],
  'watch-restart': ['sfd up'],
  'watch-idle': ['sfd up'],
}

const isLong = process.env['SFD_TEST_LONG'] === '1'
/** What takes no minute; the others run in the long lane. */
const partsInShort = ['kernel', 'bytes', 'diff']
const idsInShort = new Set(['kernel', 'kernels-cached', 'commit-bytes', 'diff'])

test('the quick bench has every row, commits within their byte budgets, misses nothing, and leaves nothing behind', async () => {
  const only = isLong ? [] : partsInShort.flatMap((part) => ['--only', part])
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [main, '--quick', '--json', ...only, '--tmp', folder],
    {
      maxBuffer: 16 * 1024 * 1024,
    },
  )
  const { sections, failures } = JSON.parse(stdout) as { sections: Section[]; failures: string[] }
  assert.deepEqual(failures, [])
  const found = new Map(sections.map((section) => [section.id, section]))
  const expected = Object.entries(rowsOf).filter(([id]) => isLong || idsInShort.has(id))
  assert.deepEqual([...found.keys()].sort(), expected.map(([id]) => id).sort())
  for (const [id, names] of expected) {
    const { rows, columns } = found.get(id) as Section
    if (rows[0]?.skipped === 'no C compiler (cc)') continue
    for (const name of names) {
      const row = rows.find((candidate) => candidate.name === name)
      assert.ok(row !== undefined, `${id} has no row ${name}`)
      assertMeasured(row, { id, keys: columns.map(({ key }) => key) })
    }
  }
  for (const { name, values, budgets } of found.get('commit-bytes')?.rows ?? []) {
    assert.ok(Number(values['growthBytes']) > 0, `${name} wrote nothing`)
    assert.ok(
      Number(values['writtenBytes']) >= Number(values['growthBytes']),
      `${name} wrote less than the brick grew by`,
    )
    const written = budgets.find(({ limit }) => limit.endsWith('KiB written'))
    assert.equal(written?.verdict, 'ok', `${name}: ${values['writtenBytes']} bytes, ${written?.limit}`)
  }
  for (const id of ['watch-busy', 'watch-missed']) {
    for (const { name, values } of found.get(id)?.rows ?? []) assert.equal(values['missed'], 0, `${id}, ${name}`)
  }
  assert.deepEqual(readdirSync(folder), [])
})

const accounted = ['cpuMedianSeconds', 'cpuMinSeconds', 'cpuSeconds', 'peakBytes', 'firstFoldPeakBytes', 'readBytes']

function assertMeasured({ name, values, skipped }: Row, { id, keys }: { id: string; keys: readonly string[] }): void {
  if (name !== 'sfd' && skipped === 'not installed') return
  // Its marks need a right that only root has.
  if (name === 'fanotify' && skipped !== null) return
  assert.equal(skipped, null, `${id}, ${name}`)
  /** Accounting needs GNU time or python3, and a kernel that counts. */
  const optional = new Set(accounted)
  if (id === 'memory') return assert.ok(Object.keys(values).length > 0, `${id}, ${name}: nothing was measured`)
  for (const key of keys) {
    const value = values[key]
    if (value === null && optional.has(key)) continue
    assert.ok(typeof value === 'number' && Number.isFinite(value) && value >= 0, `${id}, ${name}: ${key} is ${value}`)
  }
}

test('a table is aligned, says what is over its budget, and why a row is empty', () => {
  const section: Section = {
    id: 'x',
    title: 'Title',
    notes: ['a note'],
    columns: [
      { key: 'sizeBytes', title: 'size', unit: 'bytes' },
      { key: 'wallSeconds', title: 'wall', unit: 'seconds' },
    ],
    rows: [
      {
        name: 'first',
        values: { sizeBytes: 1536, wallSeconds: 12.345 },
        budgets: [
          { limit: '<= 1 KiB', verdict: 'over' },
          { limit: '< 20 s', verdict: 'ok' },
        ],
        skipped: null,
      },
      { name: 'second one', values: { sizeBytes: 7, wallSeconds: null }, budgets: [], skipped: null },
      { name: 'third', values: {}, budgets: [], skipped: 'not installed' },
    ],
  }
  assert.equal(
    textOfSection(section),
    `Title
  a note
                 size     wall   budget
  first       1.5 KiB  12.35 s   OVER (<= 1 KiB), ok (< 20 s)
  second one      7 B        -
  third       not measured: not installed
`,
  )
})
