/** What the sync machine is told, and what it orders: plain records. */
import type { DirtyScope } from './dirty-set.ts'

/** Why something is looked at. `again`: its times proved nothing, or it was torn. `opened`: nothing is known of it. */
export type HintCause = 'opened' | 'overflow' | 'changed' | 'scrub' | 'rescan' | 'poll' | 'again'
/** `sync`: somebody waits for it. */
export type SyncReason = HintCause | 'retry' | 'sync'

export type SyncOrder =
  /** Nothing is dirty, and nothing will be by itself; or the brick is paused. */
  | { readonly kind: 'idle' }
  /** Ask again at that time. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'reconcile'; readonly scopes: readonly DirtyScope[]; readonly reason: SyncReason }
  /** Read up to so many bytes of content again. */
  | { readonly kind: 'scrub'; readonly bytesMax: number }
  /** One is under way. */
  | { readonly kind: 'busy' }

export interface Finished {
  readonly outcome: 'committed' | 'unchanged'
  /** To the brick's file. */
  readonly writtenBytes: number
  /** `all`: of an empty brick, or everything was read again. Default `changed`. */
  readonly read?: 'all' | 'changed'
  /** What the look at the source took by itself, milliseconds: what is polled rests by that. Default: all of the time. */
  readonly lookMs?: number
  /** Files whose times could not prove that they held still. */
  readonly racy?: readonly Uint8Array[]
  /** Files that changed each time they were read. */
  readonly torn?: readonly Uint8Array[]
}

/** All that was hinted before it was made; see `hasReached`. */
export type Barrier = number & { readonly brand: 'Barrier' }
