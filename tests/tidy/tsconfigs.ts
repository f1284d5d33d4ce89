/** The compiler's view of the import table: the text of every tsconfig.json, made from the folders that have code. */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment, Table } from './table.ts'

/** Folders of src/ with at least one .ts file that is not a test, in the table's order; unknown ones last. */
export function foldersWithCode(root: string, table: Table): string[] {
  const known = Object.keys(table.folders)
  const rank = (name: string) => (known.includes(name) ? known.indexOf(name) : known.length)
  return readdirSync(join(root, 'src'), { withFileTypes: true })
    .filter((item) => item.isDirectory() && hasCode(join(root, 'src', item.name)))
    .map((item) => item.name)
    .sort((a, b) => rank(a) - rank(b))
}

/** Path from the root -> text. */
export function tsconfigTexts(table: Table, present: readonly string[]): Map<string, string> {
  const texts = new Map<string, string>()
  for (const name of present) {
    const rule = table.folders[name]
    if (rule === undefined) continue
    const allowed = [...(name === 'base' ? [] : ['base']), ...rule.imports.filter((other) => other !== 'base')]
    texts.set(
      `src/${name}/tsconfig.json`,
      json({
        extends: '../../tsconfig.base.json',
        compilerOptions: compilerOptions(rule.environment),
        include: rule.environment === 'pure' ? ['**/*.ts', '../platform.d.ts'] : ['**/*.ts'],
        exclude: ['**/*.test.ts', '**/*.as.ts'],
        references: allowed.filter((other) => present.includes(other)).map((other) => ({ path: `../${other}` })),
      }),
    )
  }
  texts.set('tests/tsconfig.json', json(wideConfig(present, ['**/*.ts', '../src/**/*.test.ts'])))
  texts.set('scripts/tsconfig.json', json(wideConfig(present, ['**/*.ts', '../bench/**/*.ts'])))
  const projects = [...present.map((name) => `src/${name}`), 'tests', 'scripts']
  texts.set('tsconfig.json', json({ files: [], references: projects.map((path) => ({ path })) }))
  return texts
}

function hasCode(folder: string): boolean {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).some(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
  )
}

function compilerOptions(environment: Environment): object {
  if (environment === 'pure') return {}
  if (environment === 'node') return { types: ['node'] }
  return { lib: ['es2024', 'dom', 'dom.iterable', 'dom.asynciterable'] }
}

/** Tests and scripts see both environments, and nobody imports them: nothing is emitted. */
function wideConfig(present: readonly string[], include: readonly string[]): object {
  return {
    extends: '../tsconfig.base.json',
    compilerOptions: {
      composite: false,
      incremental: true,
      emitDeclarationOnly: false,
      noEmit: true,
      rootDir: '..',
      types: ['node'],
      lib: ['es2024', 'dom', 'dom.iterable', 'dom.asynciterable'],
    },
    include,
    references: present.map((name) => ({ path: `../src/${name}` })),
  }
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
