import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { EntryMeta } from '../../base/entry.ts'
import { packageState } from './package-state.ts'
import { elfOf, findingsOf, packagesOf, regionsOf } from './testing/said.ts'

const entry = [packageState]
const elf = elfOf('a test')
const md5 = createHash('md5').update(elf).digest('hex')
const other = '0'.repeat(32)
const run = { mode: 0o755 }

const rows: readonly (readonly [
  string,
  string,
  string | Uint8Array,
  Partial<EntryMeta>,
  Parameters<typeof packagesOf>[0],
  readonly string[],
])[] = [
  ['a program as it was brought', '/usr/bin/x', elf, run, { '/usr/bin/x': { md5 } }, []],
  ['a program that differs', '/usr/bin/x', elf, run, { '/usr/bin/x': { md5: other } }, ['high package-changed']],
  [
    'a setuid program that differs',
    '/usr/bin/x',
    elf,
    { mode: 0o4755 },
    { '/usr/bin/x': { md5: other } },
    ['critical package-changed'],
  ],
  [
    'a module of a language that differs',
    '/usr/lib/x.py',
    'import os\n',
    {},
    { '/usr/lib/x.py': { md5: other } },
    ['high package-changed'],
  ],
  ['data that differ', '/usr/share/x', 'text\n', {}, { '/usr/share/x': { md5: other } }, ['info package-changed']],
  ['a setting that differs', '/etc/x', 'text\n', {}, { '/etc/x': { md5: other, configuration: true } }, []],
  ['a program without an MD5', '/usr/bin/x', elf, run, { '/usr/bin/x': {} }, []],
  ['a program among packaged ones', '/usr/bin/new', elf, run, { '/usr/bin/x': { md5 } }, ['low package-unowned']],
  ['a program where packages have nothing', '/opt/app/new', elf, run, { '/usr/bin/x': { md5 } }, []],
  ['data among packaged programs', '/usr/bin/new', elf, {}, { '/usr/bin/x': { md5 } }, []],
  ['a program of the administrator', '/usr/local/bin/new', elf, run, { '/usr/local/bin/x': { md5 } }, []],
]

for (const [name, path, bytes, meta, files, expected] of rows) {
  test(`${name}: ${expected[0] ?? 'nothing'}`, async () => {
    assert.deepEqual(await findingsOf({ path, bytes, meta, entry, packages: packagesOf(files) }), expected)
  })
}

test('a file tells the package that brought it', async () => {
  const [found] = await regionsOf({
    path: '/usr/bin/x',
    bytes: elf,
    entry,
    packages: packagesOf({ '/usr/bin/x': { md5 } }),
  })
  const { class: kind, name, attributes } = found ?? {}
  assert.deepEqual(
    { kind, name, attributes },
    {
      ...{ kind: 'package', name: 'made 1.0' },
      attributes: { package: 'made', version: '1.0', unchanged: true },
    },
  )
})

test('nothing is said of a machine without packages', async () => {
  assert.deepEqual(await regionsOf({ path: '/usr/bin/new', bytes: elf, meta: run, entry }), [])
})
