/**
 * Which entries of a tree are left out: globs on relative byte paths, and single inodes (our own state).
 *
 * What is excluded takes everything beneath it along; there is no way to include again. Patterns, as in .gitignore:
 * - no slash but a last one: the name at any level (`*.o`, `cache/`); else the path from the root (`/top/only`, `a/b`);
 * - a last slash: directories only;
 * - `*` and `?` match inside one name, `[a-z]` and `[!a-z]` one byte, `**` as a whole part any number of parts
 *   (last: everything inside), `\` takes the next byte as it is.
 * Matching costs at most pattern length times path length: no pattern makes it explode.
 */

import { bytesKey, displayPath, utf8 } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { type Glob, matchesName, matchesParts, parseName } from './glob.ts'

/** A plain record: can be sent to a worker thread. */
export interface ExcludeSpec {
  /** Pattern bytes; text is taken as UTF-8. */
  readonly patterns?: readonly (string | Uint8Array)[]
  readonly inodes?: readonly { readonly dev: bigint; readonly ino: bigint }[]
  /** What errors call the patterns; `exclude` is the default. */
  readonly option?: string
}

/** `dir` or anything else; patterns with a last slash match directories only. */
export type PathKind = 'dir' | 'other'

export class ExcludeMatcher {
  /** What it was made from. */
  readonly spec: ExcludeSpec
  readonly #names: Rule[] = []
  readonly #paths: Rule[] = []
  readonly #devicesByIno = new Map<bigint, bigint[]>()

  /** A pattern that cannot mean anything is FoundryError USAGE. */
  constructor(spec: ExcludeSpec = {}) {
    this.spec = spec
    for (const pattern of spec.patterns ?? []) {
      const bytes = typeof pattern === 'string' ? utf8(pattern) : pattern
      const { rule, anchored } = parseRule(bytes, spec.option ?? 'exclude')
      if (anchored) this.#paths.push(rule)
      else this.#names.push(rule)
    }
    for (const { dev, ino } of spec.inodes ?? []) {
      this.#devicesByIno.set(ino, [...(this.#devicesByIno.get(ino) ?? []), dev])
    }
  }

  /** Whether this very path is excluded; that its parents are not is known to the caller. The root never is. */
  excludes(path: Uint8Array, kind: PathKind): boolean {
    return this.#hasPatterns && this.#excludesParts(bytesKey(path).split('/'), kind)
  }

  /** The same for a path that is at hand as one character per byte. */
  excludesText(path: string, kind: PathKind): boolean {
    return this.#hasPatterns && this.#excludesParts(path.split('/'), kind)
  }

  /** Whether the path or a directory above it is excluded. */
  covers(path: Uint8Array, kind: PathKind): boolean {
    return this.coversText(bytesKey(path), kind)
  }

  /** The same for a path that is at hand as one character per byte. */
  coversText(path: string, kind: PathKind): boolean {
    if (!this.#hasPatterns) return false
    const parts = path.split('/')
    for (let count = 1; count < parts.length; count++) {
      if (this.#excludesParts(parts.slice(0, count), 'dir')) return true
    }
    return this.#excludesParts(parts, kind)
  }

  excludesInode(inode: { readonly dev: bigint; readonly ino: bigint }): boolean {
    return this.#devicesByIno.get(inode.ino)?.includes(inode.dev) ?? false
  }

  get hasInodes(): boolean {
    return this.#devicesByIno.size > 0
  }

  get #hasPatterns(): boolean {
    return this.#names.length > 0 || this.#paths.length > 0
  }

  #excludesParts(parts: readonly string[], kind: PathKind): boolean {
    const name = parts.at(-1) as string
    if (name === '') return false
    return (
      this.#names.some((rule) => rule.applies(kind) && matchesName(rule.parts[0] as Glob, name)) ||
      this.#paths.some((rule) => rule.applies(kind) && matchesParts(rule.parts, parts))
    )
  }
}

interface Rule {
  readonly parts: readonly Glob[]
  readonly applies: (kind: PathKind) => boolean
}

function parseRule(pattern: Uint8Array, option: string): { rule: Rule; anchored: boolean } {
  let text = bytesKey(pattern)
  const directoriesOnly = text.endsWith('/')
  if (directoriesOnly) text = text.slice(0, -1)
  const anchored = text.includes('/')
  if (text.startsWith('/')) text = text.slice(1)
  const parts = text.split('/')
  const refused = (why: string): FoundryError =>
    new FoundryError('USAGE', `--${option} ${displayPath(pattern)}: ${why}.`)
  if (text.startsWith('!')) throw refused('nothing can be included again; write \\! for a name that begins with !')
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw refused('every part between slashes has to be a name, and paths begin at the source')
  }
  const applies = (kind: PathKind): boolean => kind === 'dir' || !directoriesOnly
  const globs = parts.map(parseName)
  if (anchored && globs.at(-1)?.kind === 'anyParts') globs.push(parseName('*'))
  return { rule: { parts: globs, applies }, anchored }
}
