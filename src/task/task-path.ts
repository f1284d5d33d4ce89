/** Paths as a task may write them. Text in, text out; nothing is looked up on disk, and nothing is expanded. */
import { utf8 } from '../base/bytes.ts'

/** Why a text is no path of this kind: what is wrong and what to write instead; undefined where it is one. */
export type PathProblem = string | undefined

export const pathBytesMax = 4_096
const nameBytesMax = 255

/** Of `source` and each of `paths`. */
export function sourceProblem(text: string): PathProblem {
  return textProblem(text) ?? expansionProblem(text) ?? absoluteProblem(text) ?? partsProblem(text)
}

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

function absoluteProblem(text: string): PathProblem {
  if (text.startsWith('/')) return undefined
  return 'is relative, and a task has no working directory; write the path from / on'
}

function partsProblem(text: string): PathProblem {
  return text.split('/').includes('..') ? 'goes up with ..; write the path in full' : undefined
}
