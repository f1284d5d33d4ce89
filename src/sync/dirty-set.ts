/**
 * What is known to be possibly different, as paths: a bounded set that forgets detail rather than facts.
 *
 * A subtree swallows what lies beneath it, unless it is looked at less closely; beyond `dirtyPathsMax` everything is
 * dirty, and is read again if any of it had to be. A path is bytes; keys are one character a byte.
 */
import { bytesKey } from '../base/bytes.ts'

export const dirtyPathsMax = 20_000

export interface DirtyScope {
  readonly path: Uint8Array
  readonly reach: 'entry' | 'subtree'
  /** What the scope reaches is read again even where its metadata says that it is what it was. */
  readonly look?: 'content'
}

const slash = '/'

export class DirtySet {
  readonly #scopes = new Map<string, DirtyScope>()

  get isEmpty(): boolean {
    return this.#scopes.size === 0
  }

  get isEverything(): boolean {
    return this.#scopes.get('')?.reach === 'subtree'
  }

  add(scope: DirtyScope): void {
    const key = bytesKey(scope.path)
    const known = this.#scopes.get(key)
    this.#scopes.set(key, known === undefined ? scope : both(known, scope))
    if (this.#scopes.size > dirtyPathsMax) this.#forgetDetail()
  }

  /** Takes a hint of one entry back; false where there is none of its own. */
  withdraw(path: Uint8Array): boolean {
    const key = bytesKey(path)
    const known = this.#scopes.get(key)
    if (known?.reach !== 'entry' || known.look === 'content') return false
    return this.#scopes.delete(key)
  }

  /** Everything may be different. What has to be read again still has. */
  addAll(): void {
    for (const [key, { look }] of this.#scopes) if (look === undefined) this.#scopes.delete(key)
    this.add(everything)
  }

  /** Empties the set. What a subtree covers is left out; parents come before children. */
  take(): DirtyScope[] {
    const keys = [...this.#scopes.keys()].sort()
    const taken: DirtyScope[] = []
    for (const key of keys) {
      const scope = this.#scopes.get(key) as DirtyScope
      if (!this.#isCovered(key, scope)) taken.push(scope)
    }
    this.#scopes.clear()
    return taken
  }

  #forgetDetail(): void {
    const isReadAgain = [...this.#scopes.values()].some(({ look }) => look === 'content')
    this.#scopes.clear()
    this.#scopes.set('', isReadAgain ? { ...everything, look: 'content' } : everything)
  }

  #isCovered(key: string, { look }: DirtyScope): boolean {
    for (let parent = parentOf(key); parent !== undefined; parent = parentOf(parent)) {
      const above = this.#scopes.get(parent)
      if (above?.reach === 'subtree' && (look === undefined || above.look === 'content')) return true
    }
    return false
  }
}

const everything: DirtyScope = { path: new Uint8Array(0), reach: 'subtree' }

function both(a: DirtyScope, b: DirtyScope): DirtyScope {
  const reach = a.reach === 'subtree' ? 'subtree' : b.reach
  const look = a.look ?? b.look
  return { path: a.path, reach, ...(look !== undefined && { look }) }
}

function parentOf(key: string): string | undefined {
  if (key === '') return undefined
  const at = key.lastIndexOf(slash)
  return at < 0 ? '' : key.slice(0, at)
}
