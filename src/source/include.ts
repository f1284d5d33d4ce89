/**
 * Which files of a tree are wanted where not all are: globs as of excludes, of which one has to match.
 *
 * A pattern that names a directory stands for everything beneath it. Directories themselves are always wanted: what
 * lies in them may be. What is excluded stays out.
 */

import { ExcludeMatcher } from './exclude.ts'

export class IncludeMatcher {
  readonly #matcher: ExcludeMatcher | undefined

  /** Pattern bytes; text is taken as UTF-8. None: everything is wanted. Errors: USAGE. */
  constructor(patterns: readonly (string | Uint8Array)[] = []) {
    this.#matcher = patterns.length === 0 ? undefined : new ExcludeMatcher({ patterns, option: 'include' })
  }

  /** Of anything but a directory. */
  includes(path: Uint8Array): boolean {
    return this.#matcher === undefined || this.#matcher.covers(path, 'other')
  }
}
