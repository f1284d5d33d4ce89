/**
 * What is known to be possibly different, as paths: a bounded set that forgets detail rather than facts.
 *
 * A subtree swallows what lies beneath it; beyond `dirtyPathsMax` everything is dirty. A path is bytes; keys are one
 * character a byte.
 */
import { bytesKey } from '../base/bytes.ts'

export const dirtyPathsMax = 20_000

export interface DirtyScope {
  readonly path: Uint8Array
  readonly reach: 'entry' | 'subtree'
}

const slash = '/'

export class DirtySet {
  readonly #scopes = new Map<string, DirtyScope>()

  get isEmpty(): boolean {
    return this.#scopes.size === 0
  }

  add(scope: DirtyScope): void {
    const key = bytesKey(scope.path)
    const known = this.#scopes.get(key)
    if (known?.reach === 'subtree') return
    this.#scopes.set(key, scope)
    if (this.#scopes.size > dirtyPathsMax) this.addAll()
  }

  /** Everything may be different. */
  addAll(): void {
    this.#scopes.clear()
    this.#scopes.set('', { path: new Uint8Array(0), reach: 'subtree' })
  }

  /** Empties the set. What a subtree covers is left out; parents come before children. */
  take(): DirtyScope[] {
    const keys = [...this.#scopes.keys()].sort()
    const taken: DirtyScope[] = []
    for (const key of keys) {
      if (!this.#isCovered(key)) taken.push(this.#scopes.get(key) as DirtyScope)
    }
    this.#scopes.clear()
    return taken
  }

  #isCovered(key: string): boolean {
    for (let parent = parentOf(key); parent !== undefined; parent = parentOf(parent)) {
      if (this.#scopes.get(parent)?.reach === 'subtree') return true
    }
    return false
  }
}

function parentOf(key: string): string | undefined {
  if (key === '') return undefined
  const at = key.lastIndexOf(slash)
  return at < 0 ? '' : key.slice(0, at)
}
