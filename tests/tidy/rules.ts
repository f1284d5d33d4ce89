/**
 * The rules of the house for one file of src/: which folders and packages it may reach, what it may not call.
 *
 * Works on the syntax tree alone (oxc-parser), so type-only imports, re-exports, `import('...').T`, dynamic imports and
 * `new URL('...', import.meta.url)` all count. Knows nothing of taste: formatting and lint are Biome's.
 */

import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import { parseSync } from 'oxc-parser'
import type { FolderRule, Table } from './table.ts'

export interface SourceFile {
  /** From the root, with `/`: src/fold/pipeline.ts */
  readonly path: string
  readonly text: string
}

/** Lines of a file that needs no reason in its header ("Long because ..."). */
export const linesMax = 300

/** One sentence for each breach, starting with path:line; empty where the file is as it should be. */
export function problemsOf(file: SourceFile, table: Table): string[] {
  const { program, errors } = parseSync(file.path, file.text)
  const firstError = errors[0]
  if (firstError !== undefined) return [`${file.path}: does not parse: ${firstError.message}`]
  const found: Finding[] = []
  walk(program as unknown as Node, (node) => found.push(...findingsAt(node)))
  const problems = found.flatMap((finding) => judged(finding, file, table))
  return [...problems, ...lengthProblems(file, table), ...staleException(found, file, table)]
}

type Finding = { readonly at: number } & (
  | { readonly kind: 'import' | 'url'; readonly specifier: string }
  | { readonly kind: 'ambient'; readonly what: string }
  | { readonly kind: 'form'; readonly what: string }
)

/** Any syntax node: its fields are looked at by name, never trusted. */
interface Node {
  readonly type: string
  readonly start: number
  readonly [field: string]: unknown
}

const ambientMembers = new Set([
  'Date.now',
  'performance.now',
  'performance.timeOrigin',
  'Math.random',
  'process.hrtime',
  'process.uptime',
  'AbortSignal.timeout',
])
const timers = new Set(['setTimeout', 'setInterval', 'setImmediate'])
const globals = new Set(['globalThis', 'window', 'self', 'global'])
const chance = new Set(['randomUUID', 'randomBytes', 'randomInt', 'randomFill', 'randomFillSync', 'getRandomValues'])

function findingsAt(node: Node): Finding[] {
  const at = node.start
  switch (node.type) {
    case 'ImportDeclaration':
      return [...imported(node), ...names(node['specifiers'], 'imported').flatMap((name) => chanceNamed(name, at))]
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return imported(node)
    case 'ExportNamedDeclaration':
      return [...(isNode(node['source']) ? imported(node) : []), ...defaultExport(node)]
    case 'ExportDefaultDeclaration':
      return [{ kind: 'form', at, what: 'default export: give it a name' }]
    case 'TSEnumDeclaration':
      return [{ kind: 'form', at, what: 'enum: use a union of literals' }]
    case 'NewExpression':
      return constructed(node)
    case 'CallExpression':
      return called(node)
    case 'MemberExpression':
      return member(node)
    default:
      return []
  }
}

function imported(node: Node): Finding[] {
  const source = isNode(node['source']) ? node['source'] : undefined
  const specifier = source?.['value']
  if (typeof specifier === 'string') {
    const isTimers = specifier === 'node:timers' || specifier === 'node:timers/promises'
    const ambient: Finding[] = isTimers ? [{ kind: 'ambient', at: node.start, what: specifier }] : []
    return [{ kind: 'import', at: node.start, specifier }, ...ambient]
  }
  return [{ kind: 'form', at: node.start, what: 'import of a computed name: nobody can follow it' }]
}

function defaultExport(node: Node): Finding[] {
  const isDefault = names(node['specifiers'], 'exported').includes('default')
  return isDefault ? [{ kind: 'form', at: node.start, what: 'default export: give it a name' }] : []
}

function constructed(node: Node): Finding[] {
  const [first, second] = nodes(node['arguments'])
  const callee = nameOf(node['callee'])
  if (callee === 'Date' && first === undefined) return [{ kind: 'ambient', at: node.start, what: 'new Date()' }]
  if (callee !== 'URL' || dotted(second) !== 'import.meta.url') return []
  const specifier = first?.['value']
  if (typeof specifier === 'string') return [{ kind: 'url', at: node.start, specifier }]
  return [{ kind: 'form', at: node.start, what: 'URL of a computed name beside the code: nobody can follow it' }]
}

function called(node: Node): Finding[] {
  const callee = nameOf(node['callee'])
  if (callee === undefined) return []
  if (callee === 'require') return [{ kind: 'form', at: node.start, what: 'require: use import' }]
  if (callee === 'Date' || timers.has(callee)) return [{ kind: 'ambient', at: node.start, what: `${callee}()` }]
  return []
}

function member(node: Node): Finding[] {
  const object = nameOf(node['object'])
  const property = nameOf(node['property']) ?? (isNode(node['property']) ? node['property']['value'] : undefined)
  if (typeof property !== 'string') return []
  const what = `${object ?? '...'}.${property}`
  const isTimer = object !== undefined && globals.has(object) && timers.has(property)
  if (ambientMembers.has(what) || isTimer) return [{ kind: 'ambient', at: node.start, what }]
  return chanceNamed(property, node.start)
}

function chanceNamed(name: string, at: number): Finding[] {
  return chance.has(name) ? [{ kind: 'ambient', at, what: name }] : []
}

function judged(finding: Finding, file: SourceFile, table: Table): string[] {
  const folder = folderOf(file.path)
  const rule = ruleFor(file, table)
  const where = `${file.path}:${file.text.slice(0, finding.at).split('\n').length}`
  if (rule === undefined) return [`${where}: src/${folder} is not in the import table`]
  switch (finding.kind) {
    case 'form':
      return isGenerated(file, table) ? [] : [`${where}: ${finding.what}`]
    case 'ambient':
      if (isTest(file) || table.adapters.includes(folder) || table.adapterFiles[file.path] !== undefined) return []
      return [`${where}: ${finding.what} is for adapters (${table.adapters.join(', ')}): take it as a parameter`]
    case 'url':
      return relativeProblems({ folder, rule, where, file, specifier: finding.specifier, leavesSource: 'allowed' })
    case 'import':
      if (finding.specifier.startsWith('.')) {
        const leavesSource = isTest(file) ? 'allowed' : 'refused'
        return relativeProblems({ folder, rule, where, file, specifier: finding.specifier, leavesSource })
      }
      return packageProblems({ folder, rule, where, file, specifier: finding.specifier })
  }
}

function ruleFor(file: SourceFile, table: Table): FolderRule | undefined {
  const folder = folderOf(file.path)
  const rule = table.folders[folder]
  const more = isTest(file) ? (table.testImports[folder] ?? []) : []
  return rule && { ...rule, imports: [...rule.imports, ...more] }
}

interface Edge {
  readonly folder: string
  readonly rule: FolderRule
  /** path:line, for the sentence. */
  readonly where: string
  readonly file: SourceFile
  readonly specifier: string
}

function relativeProblems(edge: Edge & { readonly leavesSource: 'allowed' | 'refused' }): string[] {
  const { folder, rule, where, file, specifier, leavesSource } = edge
  const target = posix.join(posix.dirname(file.path), specifier)
  if (!target.startsWith('src/')) {
    return leavesSource === 'allowed' ? [] : [`${where}: ${specifier} lies outside src/`]
  }
  const to = folderOf(target)
  if (to === folder || to === 'base' || rule.imports.includes(to)) return []
  return [`${where}: ${folder} may not import ${to} (${specifier})`]
}

function packageProblems({ folder, rule, where, file, specifier }: Edge): string[] {
  const isNodeModule = specifier.startsWith('node:') || isBuiltin(specifier)
  if (isNodeModule && !specifier.startsWith('node:')) return [`${where}: write node:${specifier}`]
  if (rule.packages.includes(specifier) || rule.packages.includes(packageName(specifier))) return []
  if (isTest(file) && (isNodeModule || packageName(specifier) === 'fast-check')) return []
  if (isNodeModule && specifier !== 'node:sqlite') {
    return rule.environment === 'node' ? [] : [`${where}: ${folder} is ${rule.environment}: no ${specifier}`]
  }
  return [`${where}: ${folder} may not use the package ${packageName(specifier)}`]
}

function lengthProblems(file: SourceFile, table: Table): string[] {
  const lineCount = file.text.split('\n').length - 1
  if (lineCount <= linesMax || isGenerated(file, table)) return []
  const header = /^\s*\/\*\*[\s\S]*?\*\//.exec(file.text)?.[0] ?? ''
  if (header.includes('Long because')) return []
  return [`${file.path}: ${lineCount} lines; above ${linesMax} the header says why ("Long because ...")`]
}

function staleException(found: readonly Finding[], file: SourceFile, table: Table): string[] {
  if (table.adapterFiles[file.path] === undefined || found.some((finding) => finding.kind === 'ambient')) return []
  return [`${file.path}: needs its exception in adapterFiles no more`]
}

function walk(node: Node, visit: (node: Node) => void): void {
  visit(node)
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit)
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'
}

function nodes(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter(isNode) : []
}

function nameOf(value: unknown): string | undefined {
  if (!isNode(value) || value.type !== 'Identifier') return undefined
  return typeof value['name'] === 'string' ? value['name'] : undefined
}

function names(specifiers: unknown, field: 'imported' | 'exported'): string[] {
  return nodes(specifiers).flatMap((specifier) => nameOf(specifier[field]) ?? [])
}

/** `import.meta.url` for that expression, else undefined. */
function dotted(value: Node | undefined): string | undefined {
  if (value?.type !== 'MemberExpression' || nameOf(value['property']) !== 'url') return undefined
  return isNode(value['object']) && value['object'].type === 'MetaProperty' ? 'import.meta.url' : undefined
}

function folderOf(path: string): string {
  return path.split('/')[1] ?? ''
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function isTest(file: SourceFile): boolean {
  return file.path.endsWith('.test.ts')
}

function isGenerated(file: SourceFile, table: Table): boolean {
  return table.generated.includes(file.path)
}
