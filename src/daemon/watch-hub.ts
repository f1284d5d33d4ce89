/** One watcher for all roots, and who hears of which. */

import { must } from '../base/assert.ts'
import { startWatcher, type Watcher, type WatchRoot } from '../source/watch.ts'
import type { RootIdentity, WatchCode, WatchStats } from '../source/watch-protocol.ts'
import type { DirtyScope } from '../sync/dirty-set.ts'
import type { Log } from './log.ts'

/** Who follows one root. */
export interface RootListener {
  hint(scope: DirtyScope): void
  /** Events were lost. */
  lost(): void
  problem(problem: RootProblem): void
  recovered(recovery: RootRecovery): void
}

/** Why a part of a root is not followed by events. */
export interface RootProblem {
  readonly code: WatchCode
  /** Of the subtree; empty: all of it. */
  readonly path: Uint8Array
  readonly message: string
}

/** A problem of that code and path is over. */
export interface RootRecovery extends Pick<RootProblem, 'code' | 'path'> {
  readonly identity: RootIdentity
}

export interface WatchHubParts {
  /** Absolute path of an existing folder of ours. */
  readonly cookieFolder: Uint8Array
  readonly log: Log
  /** The kernel dropped events; told once, before the listeners are. */
  readonly overflow: () => void
}

export class WatchHub {
  readonly #listeners = new Map<number, RootListener>()
  #watcher: Watcher | undefined
  #nextIndex = 0

  static async start({ cookieFolder, log, overflow }: WatchHubParts): Promise<WatchHub> {
    const hub = new WatchHub()
    const sink: Parameters<typeof startWatcher>[0] = {
      hints: (batch) => {
        for (const { root, path, scope } of batch) hub.#listeners.get(root)?.hint({ path, reach: scope })
      },
      overflow: (roots) => {
        overflow()
        for (const root of roots) hub.#listeners.get(root)?.lost()
      },
      problem: (problem) => {
        if (problem.code !== 'SILENT') log.warn(problem.message, { code: problem.code })
        hub.#listeners.get(problem.root)?.problem(problem)
      },
      recovered: (recovery) => hub.#listeners.get(recovery.root)?.recovered(recovery),
    }
    hub.#watcher = await startWatcher(sink, { cookieFolder, ownWrites: 'ignored' })
    return hub
  }

  /** The number under which roots are added for this listener. */
  register(listener: RootListener): number {
    const index = this.#nextIndex++
    this.#listeners.set(index, listener)
    return index
  }

  forget(index: number): void {
    this.#listeners.delete(index)
    this.#watcher?.removeRoot(index)
  }

  /** Resolves when it is watched as far as it can be, with which directory that is. Error: SOURCE_MISSING. */
  async add(root: WatchRoot): Promise<RootIdentity> {
    const { identity } = await must(this.#watcher, 'watcher').addRoot(root)
    return identity
  }

  /** Resolves when everything that the kernel queued before the call has been told. */
  async flush(): Promise<void> {
    await this.#watcher?.flush()
  }

  async stats(): Promise<WatchStats> {
    return must(this.#watcher, 'watcher').stats()
  }

  async close(): Promise<void> {
    await this.#watcher?.close()
  }
}
