/**
 * Hints that wait to be delivered: each path once, a bounded number.
 *
 * A root with more than `hintsPerRootMax` waiting hints is told as one subtree hint of the directory that all of
 * them lie in. Less is known then, nothing is lost.
 */

import type { ByteText } from '../linux/libc.ts'

/** `entry`: this path; `subtree`: this path and everything beneath it. */
export type HintScope = 'entry' | 'subtree'

/** Root index, path from the root, scope: a tuple, because thousands of them cross a thread border at once. */
export type HintTuple = readonly [root: number, path: ByteText, scope: HintScope]

export const hintsPerRootMax = 4096

export class HintBatch {
  readonly #roots = new Map<number, RootHints>()

  get isEmpty(): boolean {
    return this.#roots.size === 0
  }

  add(root: number, path: ByteText, scope: HintScope): void {
    const hints = this.#roots.get(root)
    if (hints === undefined) {
      this.#roots.set(root, { kind: 'listed', scopes: new Map([[path, scope]]) })
    } else if (hints.kind === 'merged') hints.subtree = commonDirectory(hints.subtree, path)
    else if (scope === 'subtree' || !hints.scopes.has(path)) {
      hints.scopes.set(path, scope)
      if (hints.scopes.size > hintsPerRootMax) this.#roots.set(root, merged(hints.scopes))
    }
  }

  /** What waits for this root is forgotten. */
  drop(root: number): void {
    this.#roots.delete(root)
  }

  /** Everything that waited, oldest first of each root, without what a subtree hint of the same batch covers. */
  take(): HintTuple[] {
    const taken: HintTuple[] = []
    for (const [root, hints] of this.#roots) {
      if (hints.kind === 'merged') taken.push([root, hints.subtree, 'subtree'])
      else {
        for (const [path, scope] of hints.scopes) if (!isCovered(hints.scopes, path)) taken.push([root, path, scope])
      }
    }
    this.#roots.clear()
    return taken
  }
}

type RootHints =
  | { readonly kind: 'listed'; readonly scopes: Map<ByteText, HintScope> }
  | { readonly kind: 'merged'; subtree: ByteText }

const rootPath = '' as ByteText

function merged(scopes: ReadonlyMap<ByteText, HintScope>): RootHints {
  let subtree: ByteText | undefined
  for (const path of scopes.keys()) subtree = subtree === undefined ? path : commonDirectory(subtree, path)
  return { kind: 'merged', subtree: subtree ?? rootPath }
}

/** The deepest path that is, or contains, both. */
function commonDirectory(a: ByteText, b: ByteText): ByteText {
  let end = 0
  for (let i = 0; i <= a.length && i <= b.length; i++) {
    const aEnds = i === a.length || a[i] === '/'
    const bEnds = i === b.length || b[i] === '/'
    if (aEnds && bEnds) end = i
    if (i === a.length || i === b.length || a[i] !== b[i]) break
  }
  return a.slice(0, end) as ByteText
}

/** Whether a directory above the path has a subtree hint itself. */
function isCovered(scopes: ReadonlyMap<ByteText, HintScope>, path: ByteText): boolean {
  if (path !== '' && scopes.get(rootPath) === 'subtree') return true
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    if (scopes.get(path.slice(0, slash) as ByteText) === 'subtree') return true
  }
  return false
}
