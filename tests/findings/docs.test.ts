/** docs/findings.md has a row for exactly the rules that the code can report. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { secretRules } from '../../src/analysis/secrets/rules.ts'

const root = join(import.meta.dirname, '../..')
const sources = globSync('src/{analysis,source}/**/*.ts', { cwd: root })
  .filter((path) => !/\.test\.ts$|\/testing\//.test(path))
  .map((path) => readFileSync(join(root, path), 'utf8'))
const page = readFileSync(join(root, 'docs/findings.md'), 'utf8')
const rows = page.split('\n').flatMap((line) => {
  const name = /^\| `([^`]+)` \|/.exec(line)?.[1]
  return name === undefined ? [] : [{ name, cells: cellsOf(line) }]
})

/** A `|` inside a cell is written `\|`. */
function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim())
}

/** All first groups, in all sources. */
function found(pattern: RegExp): string[] {
  return sources.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1] as string))
}

/** `rule: 'x'`, `rule = 'x'`, and the further members of a union of names. */
function literalRules(): string[] {
  const quoted = found(/\brule(?::| =)((?:\s*\|?\s*'[a-z0-9-]+')+)/g)
  return quoted.flatMap((names) => [...names.matchAll(/'([^']+)'/g)].map((match) => match[1] as string))
}

const families: Readonly<Record<string, () => readonly string[]>> = {
  'secret-': () => [...secretRules.map(({ id }) => id), ...found(/\bkind: '(private-key)'/g)],
  'injection-': () => found(/\btype FamilyName = (.+)/g).flatMap((union) => union.replaceAll(/[' ]/g, '').split('|')),
}

test('docs/findings.md has one row for each rule of the code, and none for another', () => {
  const names = Object.entries(families).flatMap(([prefix, members]) => members().map((member) => prefix + member))
  const ruled = [...new Set([...literalRules(), ...names])].sort()
  assert.deepEqual(rows.map(({ name }) => name).sort(), ruled)
})

test('names of rules that the code puts together are of the families that this test knows', () => {
  const prefixes = [...new Set(found(/\brule(?::| =) `([^`$]*)/g))].sort()
  assert.deepEqual(prefixes, Object.keys(families).sort())
})

test('every row has all the columns of its table, none of them empty', () => {
  const tables = page.split('\n\n').filter((part) => part.startsWith('| Rule |'))
  let count = 0
  for (const [head = '', , ...lines] of tables.map((table) => table.trim().split('\n'))) {
    for (const line of lines) {
      count++
      const cells = cellsOf(line)
      assert.ok(cells.length === cellsOf(head).length && !cells.includes(''), line)
    }
  }
  assert.equal(count, rows.length)
})
