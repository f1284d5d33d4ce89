/**
 * The roots that are asked for: what watches each, whether it is still in its place, and its way back.
 *
 * A root that is lost stays asked for. Nothing of what lies at its path then is told, until the root is back: a
 * directory of the same mount, or the same directory of the same filesystem. Time comes in as ticks, one a second.
 */

import type { ByteText } from '../linux/libc.ts'
import { type Mount, readMounts } from '../linux/mounts.ts'
import type { HintBatch } from './hint-batch.ts'
import { silentProblem, tellUnwatched } from './watch-cover.ts'
import type { MarkedTrees } from './watch-marks.ts'
import type { WatchedRoot } from './watch-nodes.ts'
import type { FromThread, RootOrder, RootStats, WatchBackend, WatchCode } from './watch-protocol.ts'
import { changeOf, findDirectory, findRoot, identityOf, pathWithin, type RootChange, shownRoot } from './watch-roots.ts'
import type { WatchedTrees } from './watch-tree.ts'

/** Ticks until a limit is tried again; doubles each time up to the second. */
const retryTicksFirst = 1
const retryTicksMax = 64

export interface KeepingParts {
  /** Undefined while no inotify instance is to be had. */
  readonly trees: () => WatchedTrees | undefined
  readonly marks: MarkedTrees | undefined
  /** Whether roots of this kind get a mark rather than watches, where both are possible. */
  readonly marksKinds: readonly RootOrder['kind'][]
  readonly hints: HintBatch
  readonly tell: (message: FromThread) => void
}

interface Kept {
  root: WatchedRoot
  backend: WatchBackend
  /** `covering`: not all of it is watched yet. */
  state: 'covering' | 'watched' | 'lost'
  /** What is wrong with it as a whole, while it is covered again as well. */
  lost: Extract<WatchCode, 'ROOT_GONE' | 'ROOT_REPLACED'> | undefined
  isAdded: boolean
  retryAtTick: number
  retryTicks: number
  /** Of a filesystem that must not be asked often: the mount at its path. */
  readonly mountAtFirst: number
}

export class KeptRoots {
  readonly #parts: KeepingParts
  readonly #kept = new Map<number, Kept>()
  #mounts: readonly Mount[] = readMounts()
  #tick = 0

  constructor(parts: KeepingParts) {
    this.#parts = parts
  }

  /** A root of that index is added anew: its problems are over, or told again. */
  add(order: RootOrder): void {
    const former = this.#kept.get(order.index)
    this.remove(order.index)
    const root = findRoot(order)
    if (former !== undefined && root !== undefined) this.#clearProblems(former, root)
    if (root === undefined) {
      this.#parts.tell({ kind: 'missing', index: order.index })
      return
    }
    const kept: Kept = {
      root,
      backend: 'none',
      state: 'covering',
      lost: undefined,
      isAdded: false,
      retryAtTick: 0,
      retryTicks: retryTicksFirst,
      mountAtFirst: mountOver(this.#mounts, root.directory),
    }
    this.#kept.set(order.index, kept)
    this.#attach(kept)
  }

  remove(index: number): void {
    const kept = this.#kept.get(index)
    if (kept === undefined) return
    this.#kept.delete(index)
    this.#detach(kept)
  }

  /** All directories of a root are watched, as far as they can be. */
  covered(root: WatchedRoot): void {
    const { index } = root.order
    const kept = this.#kept.get(index)
    if (kept?.root !== root || kept.state !== 'covering') return
    kept.state = 'watched'
    if (kept.backend === 'inotify' && root.watchCount === 0 && root.unwatched.size === 0) {
      kept.backend = 'none'
      root.silentPaths.add(whole)
      const message = `${shownRoot(root)} may not be opened for watching: it has to be polled, or watched with more rights.`
      this.#parts.tell({ kind: 'problem', root: index, code: 'SILENT', path: whole, message })
    }
    if (root.unwatched.size > 0) this.#retryLater(kept)
    const identity = identityOf(root)
    if (!kept.isAdded) {
      kept.isAdded = true
      this.#parts.tell({ kind: 'added', index, watches: root.watchCount, backend: kept.backend, identity })
    } else if (kept.lost !== undefined) {
      this.#parts.hints.add(index, root.onlyName ?? whole, root.onlyName === undefined ? 'subtree' : 'entry')
      this.#parts.tell({ kind: 'recovered', root: index, code: kept.lost, path: whole, identity })
      kept.lost = undefined
    }
  }

  /** Finds roots that went, with or without an event, and those that are back. */
  check(): void {
    for (const kept of [...this.#kept.values()]) this.#check(kept)
  }

  tick(count: number): void {
    this.#tick += count
    this.check()
    for (const kept of this.#kept.values()) {
      if (kept.state === 'watched' && kept.root.unwatched.size > 0 && kept.retryAtTick <= this.#tick) this.#retry(kept)
    }
  }

  /** Something was mounted or unmounted: roots are checked, and what changed beneath them is looked at. */
  mountsChanged(): void {
    const before = this.#mounts
    this.#mounts = readMounts()
    this.#parts.marks?.renew()
    this.check()
    const changed = changedPlaces(before, this.#mounts)
    for (const { root, state, backend } of this.#kept.values()) {
      if (state !== 'watched' || root.onlyName !== undefined) continue
      for (const place of changed) {
        const path = pathWithin(root, place)
        if (path === undefined || path === '') continue
        if (backend === 'inotify') this.#parts.trees()?.coverAgain(root, path)
        this.#parts.hints.add(root.order.index, path, 'subtree')
      }
    }
  }

  /** Watches what had to wait for an inotify instance. */
  instanceCame(): void {
    for (const kept of this.#kept.values()) {
      if (kept.state === 'watched' && kept.backend === 'none' && kept.root.unwatched.has(whole)) this.#retry(kept)
    }
  }

  stats(): RootStats[] {
    return [...this.#kept.values()].map(({ root, backend, lost }) => ({
      root: root.order.index,
      backend,
      watches: root.watchCount,
      lost: lost ?? null,
      unwatched: root.unwatched.size,
    }))
  }

  #clearProblems({ root, lost }: Pick<Kept, 'root' | 'lost'>, now: WatchedRoot): void {
    const common = { kind: 'recovered', root: root.order.index, identity: identityOf(now) } as const
    for (const path of root.unwatched) this.#parts.tell({ ...common, code: 'WATCH_LIMIT', path })
    for (const path of root.silentPaths) this.#parts.tell({ ...common, code: 'SILENT', path })
    if (lost !== undefined) this.#parts.tell({ ...common, code: lost, path: whole })
  }

  #attach(kept: Kept): void {
    const { root } = kept
    const { marks, marksKinds, tell } = this.#parts
    const trees = this.#parts.trees()
    kept.state = 'covering'
    kept.backend = 'none'
    if (root.isSilent) {
      root.silentPaths.add(whole)
      tell(silentProblem(root, { path: whole, filesystem: root.filesystem }))
      this.covered(root)
    } else if (canBeMarked(root) && marksKinds.includes(root.order.kind) && marks?.add(root) === true) {
      kept.backend = 'fanotify'
      this.covered(root)
    } else if (trees === undefined) {
      tellUnwatched(this.#parts, root, { paths: [whole], limit: 'instances' })
      this.covered(root)
    } else {
      kept.backend = 'inotify'
      trees.add(root)
    }
  }

  #detach({ root }: Kept): void {
    this.#parts.trees()?.remove(root)
    this.#parts.marks?.remove(root)
    this.#parts.hints.drop(root.order.index)
  }

  #check(kept: Kept): void {
    const change = kept.root.isSilent ? this.#changeOfSilent(kept) : changeOf(kept.root)
    if (kept.state === 'lost') {
      if (change === 'same' || change === 'recreated' || change === 'remounted') this.#reattach(kept)
      return
    }
    if (change === 'same') return
    this.#lose(kept, change)
    if (change !== 'gone' && change !== 'other') this.#reattach(kept)
  }

  /** A share whose host is away would hold up everybody else: only what is mounted at its path is looked at. */
  #changeOfSilent({ root, mountAtFirst }: Kept): RootChange {
    if (mountOver(this.#mounts, root.directory) !== mountAtFirst) return 'other'
    return root.filesystem === 'proc' || root.filesystem === 'sysfs' ? changeOf(root) : 'same'
  }

  #lose(kept: Kept, change: RootChange): void {
    const { root } = kept
    const { index } = root.order
    this.#detach(kept)
    if (!kept.isAdded) {
      this.#kept.delete(index)
      this.#parts.tell({ kind: 'missing', index })
      return
    }
    kept.state = 'lost'
    kept.backend = 'none'
    const code = change === 'gone' ? 'ROOT_GONE' : 'ROOT_REPLACED'
    if (kept.lost === code) return
    kept.lost = code
    const message = `${shownRoot(root)} ${lossText[change]} It is watched again once it is back.`
    this.#parts.tell({ kind: 'problem', root: index, code, path: whole, message })
  }

  #reattach(kept: Kept): void {
    if (!this.#kept.has(kept.root.order.index)) return
    const found = findDirectory(kept.root.order)
    if (found === undefined) return
    this.#clearProblems({ root: kept.root, lost: undefined }, found)
    kept.root = found
    this.#attach(kept)
  }

  #retry(kept: Kept): void {
    const { root } = kept
    const trees = this.#parts.trees()
    kept.retryAtTick = Number.POSITIVE_INFINITY
    if (trees === undefined) {
      this.#retryLater(kept)
      return
    }
    if (kept.backend === 'none') {
      kept.backend = 'inotify'
      trees.admit(root)
    }
    trees.retry(root, (outcome) => {
      if (outcome === 'limited') kept.retryTicks = Math.min(retryTicksMax, kept.retryTicks * 2)
      this.#retryLater(kept)
    })
  }

  #retryLater(kept: Kept): void {
    if (kept.root.unwatched.size === 0) kept.retryTicks = retryTicksFirst
    kept.retryAtTick = this.#tick + kept.retryTicks
  }
}

const whole = '' as ByteText

const lossText: Record<RootChange, string> = {
  same: '',
  gone: 'is no longer at its path.',
  recreated: 'was replaced by another directory.',
  remounted: 'was mounted anew.',
  other: 'is hidden: another filesystem is at its path, or its own was unmounted. Nothing counts as removed.',
}

/** What is mounted in it has to be told of as well, which one mark cannot. */
function canBeMarked(root: WatchedRoot): boolean {
  return root.order.crossFilesystems === 'no'
}

/** Number of the mount that a path lies on. */
function mountOver(mounts: readonly Mount[], path: ByteText): number {
  let found: Mount | undefined
  for (const mount of mounts) {
    const isAbove = pathWithin({ directory: mount.at }, path) !== undefined
    if (isAbove && mount.at.length >= (found?.at.length ?? 0)) found = mount
  }
  return found?.id ?? 0
}

/** Where something is mounted that was not, or no longer is. */
function changedPlaces(before: readonly Mount[], now: readonly Mount[]): ReadonlySet<ByteText> {
  const keyOf = ({ id, at }: Mount): string => `${id} ${at}`
  const [old, current] = [new Set(before.map(keyOf)), new Set(now.map(keyOf))]
  const came = now.filter((mount) => !old.has(keyOf(mount)))
  const went = before.filter((mount) => !current.has(keyOf(mount)))
  return new Set([...came, ...went].map(({ at }) => at))
}
