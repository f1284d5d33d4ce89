/**
 * Whether there is room to commit: below the share that has to stay free, bricks wait, and history is given up first.
 *
 * It looks at the filesystem of the bricks; what is done about it others do.
 */
import { statSync } from 'node:fs'
import { freeSpace } from './machine-limits.ts'

export interface DiskGuardParts {
  readonly path: string
  /** Share of the filesystem, 0 .. 1. */
  readonly minFree: number
}

export class DiskGuard {
  readonly #parts: DiskGuardParts
  readonly #identity: string | undefined

  constructor(parts: DiskGuardParts) {
    this.#parts = parts
    this.#identity = identityOf(parts.path)
  }

  /** Why nothing may be written for now; undefined where it may. */
  noRoom(): string | undefined {
    return this.away() ?? this.#shortage()
  }

  /** Why the folder is not the one that it was: it was unmounted, or another is mounted over it. */
  away(): string | undefined {
    const { path } = this.#parts
    const identity = identityOf(path)
    if (identity === this.#identity) return undefined
    return `${path} is not the folder that it was when the daemon started; nothing is written until it is back.`
  }

  /** NaN where the filesystem cannot be asked. */
  freeBytes(): number {
    try {
      return freeSpace(this.#parts.path).freeBytes
    } catch {
      return Number.NaN
    }
  }

  /** A state folder that is gone or cannot be asked is as good as full: nothing can be written there. */
  #shortage(): string | undefined {
    const { path, minFree } = this.#parts
    try {
      const { freeBytes, totalBytes } = freeSpace(path)
      if (freeBytes >= minFree * totalBytes) return undefined
      const free = `${(freeBytes / 2 ** 20).toFixed(0)} MiB of ${(totalBytes / 2 ** 20).toFixed(0)} MiB are free`
      return `${free} in ${path}; commits wait until ${(100 * minFree).toFixed(0)} % are.`
    } catch (error) {
      return `${path} cannot be asked for its free space, so commits wait: ${String(error)}`
    }
  }
}

function identityOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat && `${stat.dev}:${stat.ino}`
}
