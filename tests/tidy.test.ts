/** Keeps the house in order: every file of src/ against the import table and the rules, and the rules against bad code. */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { missingFromLock } from './tidy/lock.ts'
import { linesMax, problemsOf } from './tidy/rules.ts'
import { type Table, table } from './tidy/table.ts'
import { foldersWithCode, tsconfigTexts } from './tidy/tsconfigs.ts'

const root = join(import.meta.dirname, '..')
/** Fewer would mean that the walk is broken, not that the house is small. */
const fileCountMin = 40

/** *.as.ts is AssemblyScript, another language: its own compiler looks after it. */
const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !/\.(d|as)\.ts$/.test(name))
  .map((name) => ({ path: `src/${name}`, text: readFileSync(join(root, 'src', name), 'utf8') }))

test('every file of src keeps to the import table and the rules', () => {
  assert.ok(files.length >= fileCountMin, `only ${files.length} files seen`)
  assert.deepEqual(
    files.flatMap((file) => problemsOf(file, table)),
    [],
  )
})

test('src holds nothing but folders of the table that have code, and platform.d.ts', () => {
  const present = foldersWithCode(root, table)
  const stray = readdirSync(join(root, 'src')).filter((name) => name !== 'platform.d.ts' && !present.includes(name))
  assert.deepEqual(stray, [], 'without code, or beside the folders')
  assert.deepEqual(
    present.filter((name) => table.folders[name] === undefined),
    [],
    'not in the import table',
  )
})

test('the import table has no cycle', () => {
  const done = new Set<string>()
  const visit = (name: string, path: readonly string[]): void => {
    assert.ok(!path.includes(name), `cycle: ${[...path, name].join(' -> ')}`)
    if (done.has(name)) return
    for (const next of table.folders[name]?.imports ?? []) visit(next, [...path, name])
    done.add(name)
  }
  for (const name of Object.keys(table.folders)) visit(name, [])
  assert.equal(done.size, Object.keys(table.folders).length)
})

test('exceptions of single files name files that exist', () => {
  const missing = Object.keys(table.adapterFiles).filter((path) => !files.some((file) => file.path === path))
  assert.deepEqual(missing, [])
})

test('the compiler sees the same edges: every tsconfig.json is as `npm run tsconfig` writes it', () => {
  for (const [path, text] of tsconfigTexts(table, foldersWithCode(root, table))) {
    let written = ''
    try {
      written = readFileSync(join(root, path), 'utf8')
    } catch {}
    assert.equal(written, text, `${path} is out of date: npm run tsconfig`)
  }
})

test('package-lock.json holds every platform, so that `npm ci` takes it anywhere', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  assert.deepEqual([...missingFromLock(lock).keys()], [], 'missing: npm run lock')
})

test('a platform that is missing in a lock is found, beside its owner and with what its name says', () => {
  const owner = { version: '1.2.3', dev: true, optionalDependencies: { '@a/b-linux-x64-musl': '1.2.3' } }
  const lock = { packages: { 'node_modules/x/node_modules/b': owner, 'node_modules/b': owner } }
  const entry = { version: '1.2.3', cpu: ['x64'], dev: true, libc: ['musl'], optional: true, os: ['linux'] }
  assert.deepEqual(Object.fromEntries(missingFromLock(lock)), {
    'node_modules/x/node_modules/@a/b-linux-x64-musl': entry,
    'node_modules/@a/b-linux-x64-musl': entry,
  })
  const besides = (version: string) => ({ ...lock.packages, 'node_modules/@a/b-linux-x64-musl': { version } })
  assert.equal(missingFromLock({ packages: besides('1.2.3') }).size, 0)
  assert.deepEqual(
    [...missingFromLock({ packages: besides('1.2.2') }).keys()],
    ['node_modules/x/node_modules/@a/b-linux-x64-musl', 'node_modules/b/node_modules/@a/b-linux-x64-musl'],
  )
})

const small: Table = {
  folders: {
    base: { environment: 'pure', imports: [], packages: [] },
    low: { environment: 'pure', imports: [], packages: [] },
    high: { environment: 'node', imports: ['low'], packages: ['hono', '@scope/name'] },
    edge: { environment: 'node', imports: [], packages: [] },
  },
  testImports: { low: ['edge'] },
  adapters: ['edge'],
  adapterFiles: { 'src/high/clock.ts': 'the one clock' },
  generated: ['src/low/generated.ts'],
}

/** `expected` is a part of the only sentence, or null for none. */
function check(path: string, text: string, expected: string | null): void {
  const problems = problemsOf({ path, text }, small)
  assert.equal(problems.length, expected === null ? 0 : 1, `${text}\n${problems.join('\n')}`)
  if (expected !== null) assert.ok(problems[0]?.includes(expected), problems[0])
}

test('a forbidden folder edge is found in every form of import', () => {
  const why = 'low may not import high'
  check('src/low/a.ts', "import { x } from '../high/x.ts'", why)
  check('src/low/a.ts', "import type { X } from '../high/x.ts'", why)
  check('src/low/a.ts', "import '../high/x.ts'", why)
  check('src/low/a.ts', "export { x } from '../high/x.ts'", why)
  check('src/low/a.ts', "export * from '../high/x.ts'", why)
  check('src/low/a.ts', "export type { X } from '../high/x.ts'", why)
  check('src/low/a.ts', "type X = import('../high/x.ts').X", why)
  check('src/low/a.ts', "const x = await import('../high/x.ts')", why)
  check('src/low/a.ts', "const x = new URL('../high/x-worker.ts', import.meta.url)", why)
  check('src/low/deep/a.ts', "import { x } from '../../high/x.ts'", why)
  check('src/low/a.test.ts', "import { x } from '../high/x.ts'", why)
  check('src/high/a.ts', "import { x } from '../edge/x.ts'", 'high may not import edge')
})

test('an allowed edge, the own folder and base pass', () => {
  check('src/high/a.ts', "import { x } from '../low/x.ts'", null)
  check('src/high/a.ts', "import { x } from './x.ts'\nimport { y } from '../base/y.ts'", null)
  check('src/high/a.ts', "const x = new URL('./x-worker.ts', import.meta.url)", null)
  check('src/high/a.ts', "const page = new URL('../../dist/map/', import.meta.url)", null)
})

test('a unit test may import what testImports adds, the code beside it may not', () => {
  check('src/low/a.test.ts', "import { tool } from '../edge/tool.ts'", null)
  check('src/low/a.ts', "import { tool } from '../edge/tool.ts'", 'low may not import edge')
})

test('an import that cannot be followed or leaves src is found', () => {
  check('src/high/a.ts', 'const x = await import(name)', 'computed')
  check('src/high/a.ts', 'const x = new URL(name, import.meta.url)', 'computed')
  check('src/high/a.ts', "const x = require('node:fs')", 'require')
  check('src/high/a.ts', "import { x } from '../../scripts/x.ts'", 'outside src')
  check('src/other/a.ts', "import { x } from './x.ts'", 'not in the import table')
})

test('packages and node modules are found outside the folders that may use them', () => {
  check('src/low/a.ts', "import { readFile } from 'node:fs/promises'", 'low is pure')
  check('src/low/a.ts', "import type { Stats } from 'node:fs'", 'low is pure')
  check('src/low/a.ts', "import { Hono } from 'hono'", 'may not use the package hono')
  check('src/high/a.ts', "import { Hono } from 'hono/tiny'\nimport x from '@scope/name/deep'", null)
  check('src/high/a.ts', "import x from '@scope/other'", 'may not use the package @scope/other')
  check('src/high/a.ts', "import { readFile } from 'node:fs/promises'", null)
  check('src/high/a.ts', "import { readFile } from 'fs/promises'", 'write node:fs/promises')
  check('src/high/a.ts', "import { DatabaseSync } from 'node:sqlite'", 'may not use the package node:sqlite')
  check('src/low/a.test.ts', "import { test } from 'node:test'\nimport fc from 'fast-check'", null)
})

test('clock, chance and timers are found outside adapters', () => {
  const bad = [
    'const t = Date.now()',
    'const now = Date.now',
    'const t = new Date()',
    'const t = Date()',
    'const t = performance.now()',
    'const x = Math.random()',
    'const x = crypto.randomUUID()',
    'const x = globalThis.crypto.getRandomValues(bytes)',
    "import { randomBytes as fresh } from 'node:crypto'",
    'setTimeout(run, 5)',
    'globalThis.setInterval(run, 5)',
    'setImmediate(run)',
    "import { setTimeout as sleep } from 'node:timers/promises'",
    'const signal = AbortSignal.timeout(5)',
    'const t = process.hrtime.bigint()',
  ]
  for (const text of bad) {
    check('src/high/a.ts', text, 'is for adapters')
    check('src/edge/a.ts', text, null)
    check('src/high/clock.ts', text, null)
  }
  check('src/high/a.ts', 'const t = new Date(5)\nconst u = Date.UTC(2000, 0)\nclock.now()', null)
  check('src/high/clock.ts', 'export const x = 1', 'needs its exception')
})

test('default exports, enums and long files without a reason are found', () => {
  check('src/high/a.ts', 'export default function run() {}', 'default export')
  check('src/high/a.ts', 'const run = 1\nexport { run as default }', 'default export')
  check('src/high/a.ts', 'enum Kind { A }', 'enum')
  check('src/high/a.ts', 'const x = ', 'does not parse')
  const long = '// line\n'.repeat(linesMax + 1)
  check('src/high/a.ts', long, '"Long because')
  check('src/high/a.ts', `/** A table.\n * Long because uniform. */\n${long}`, null)
  check('src/low/generated.ts', long, null)
})
