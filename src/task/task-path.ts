/** Paths as a task may write them. Text in, text out; nothing is looked up on disk, and nothing is expanded. */
import { utf8 } from '../base/bytes.ts'

/** Why a text is no path of this kind: what is wrong and what to write instead; undefined where it is one. */
export type PathProblem = string | undefined

export const pathBytesMax = 4_096
const nameBytesMax = 255

/** Of `source` and each of `paths`. */
export function sourceProblem(text: string): PathProblem {
  const problem = textProblem(text) ?? expansionProblem(text)
  if (problem !== undefined) return problem
  return isScheme(text) ? schemeProblem(text) : (absoluteProblem(text) ?? partsProblem(text))
}

/** What is no path as a source: a process, a log, the journal, kernel modules, devices. */
const schemes = ['proc:', 'log:', 'journal:', 'modules:', 'devices:'] as const

export function isScheme(text: string): boolean {
  return schemes.some((scheme) => text.startsWith(scheme))
}

/** Each process has a brick of its own, also the next one of the same name or number. */
export function isProcessSource(text: string): boolean {
  return text.startsWith('proc:') || /^\/proc\/(\d+|self)\/*$/.test(text)
}

/** Pattern of a source in the published schema. */
export const sourcePattern = `^(/|${schemes.join('|')})`

/** Of `destination`: absolute, or relative to the folder of all bricks. */
export function destinationProblem(text: string): PathProblem {
  const problem = textProblem(text) ?? expansionProblem(text) ?? partsProblem(text)
  if (problem !== undefined) return problem
  const last = withoutSuffix(normalPath(text)).split('/').at(-1)
  if (last === '' || text.endsWith('/')) return 'has no name at its end: write the name of the brick after the slash'
  if (text.split('/').some((part) => part.startsWith('.') && part !== '.')) {
    return 'has a name that begins with a dot; bricks are never hidden'
  }
  return undefined
}

/** Patterns of `include` and `exclude`, as src/source/exclude.ts reads them. */
export function patternProblem(text: string): PathProblem {
  const problem = textProblem(text)
  if (problem !== undefined) return problem
  if (text.startsWith('!')) return 'begins with !: nothing can be taken back; write \\! for a name that begins so'
  const parts = text.replace(/\/$/, '').replace(/^\//, '').split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    return 'has an empty part, . or ..: patterns begin at the source, with a name between slashes'
  }
  return undefined
}

/** One slash between names, none at the end, no `.`; `$$` stands for one `$`. Call it on what has no problem. */
export function normalPath(text: string): string {
  const scheme = schemes.find((each) => text.startsWith(each))
  if (scheme !== undefined) return `${scheme}${normalRest(text.slice(scheme.length))}`
  const parts = text
    .replaceAll('$$', '$')
    .split('/')
    .filter((part) => part !== '' && part !== '.')
  return (text.startsWith('/') ? '/' : '') + parts.join('/')
}

export function withoutSuffix(path: string): string {
  return path.replace(/\.brick$/, '')
}

/** Both normal and absolute. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)
}

function textProblem(text: string): PathProblem {
  if (text === '') return 'is empty'
  if (!text.isWellFormed()) return 'is not valid Unicode: it holds half of a surrogate pair'
  if (text.includes('\0')) return 'holds a zero byte, which no path has'
  if (utf8(text).length > pathBytesMax) return `is longer than ${pathBytesMax} bytes`
  if (text.split('/').some((part) => utf8(part).length > nameBytesMax))
    return `has a name longer than ${nameBytesMax} bytes`
  return undefined
}

function expansionProblem(text: string): PathProblem {
  if (text.startsWith('~')) return 'begins with ~, which is not expanded; write the path in full'
  const variable = /\$(?:[A-Za-z_][A-Za-z0-9_]*|\{[^}]*\}?|\()/.exec(text.replaceAll('$$', '  '))
  if (variable === null) return undefined
  return `holds ${variable[0]}: variables are not expanded; write the path in full, and $$ for a dollar sign`
}

function schemeProblem(text: string): PathProblem {
  const colon = text.indexOf(':') + 1
  const [scheme, rest] = [text.slice(0, colon), text.slice(colon)]
  if (scheme === 'proc:' && rest === '') return 'names no process; write its number or its name, as in proc:nginx'
  if (scheme === 'log:' || (scheme === 'modules:' && rest !== '')) return absoluteProblem(rest) ?? partsProblem(rest)
  if (scheme === 'devices:' && rest !== '') return 'has something after devices:, which means all devices'
  return undefined
}

/** A path after a scheme is as normal as one without; anything else stays as it is. */
function normalRest(rest: string): string {
  return rest.startsWith('/') ? normalPath(rest) : rest.replaceAll('$$', '$')
}

function absoluteProblem(text: string): PathProblem {
  if (text.startsWith('/')) return undefined
  return 'is relative, and a task has no working directory; write the path from / on'
}

function partsProblem(text: string): PathProblem {
  return text.split('/').includes('..') ? 'goes up with ..; write the path in full' : undefined
}
