/**
 * The numbers that the sync machine keeps to, in one record. docs/adr/0014-sync.md says why these.
 *
 * All times are milliseconds of a monotonic clock.
 */

export interface SyncPolicy {
  /** Hints of one burst usually arrive within this; a first change after quiet waits no longer. */
  readonly settleMs: number
  /** Between the beginnings of two reconciles, of which the first made a commit. */
  readonly commitDistanceMs: number
  /** A hint waits no longer than this for the sake of bytes, of rest, or of a file that never holds still. */
  readonly maxWaitMs: number
  /** Written to the brick over the long run; null: as much as there is. */
  readonly bytesPerSecond: number | null
  /** May be written at once after quiet, before `bytesPerSecond` counts. */
  readonly burstBytes: number
  /** Everything is listed again that long after it was, 25 % more or less by chance; null: never. */
  readonly rescanMs: number | null
  /** The whole source is listed that often, because nothing tells of its changes; null: it is watched. */
  readonly pollMs: number | null
  /** A listing that is polled comes again no sooner than after this many times its own length. */
  readonly restPerPoll: number
  /** Passes over all content begin at most that far apart; null: never. */
  readonly scrubMs: number | null
  /** Bytes of one slice of a pass. */
  readonly scrubSliceBytes: number
  /** Part of the time that a pass may work, in (0, 1]. */
  readonly scrubShare: number
  readonly retryFirstMs: number
  readonly retryMaxMs: number
  /** A file whose times prove nothing yet is looked at again after this. */
  readonly racyAgainMs: number
  /** A file that changed while it was read is left alone for this, then twice as long each time, up to `maxWaitMs`. */
  readonly tornFirstMs: number
}

/** A file that is gone is taken for gone after this: editors delete and create. Who waits for a sync does not wait for it. */
export const goneGraceMs = 100

const mebibyte = 2 ** 20

export const syncPolicy: SyncPolicy = {
  settleMs: 15,
  commitDistanceMs: 500,
  maxWaitMs: 5_000,
  bytesPerSecond: 4 * mebibyte,
  burstBytes: 64 * mebibyte,
  rescanMs: 3_600_000,
  pollMs: null,
  restPerPoll: 4,
  scrubMs: 86_400_000,
  scrubSliceBytes: 8 * mebibyte,
  scrubShare: 0.25,
  retryFirstMs: 1_000,
  retryMaxMs: 60_000,
  racyAgainMs: 60,
  tornFirstMs: 1_000,
}
