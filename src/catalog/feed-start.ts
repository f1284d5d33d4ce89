/** Where a reader goes on in the feed, and whether what it has can be continued. */

export interface FeedStart {
  /** Number of the last message that the reader has; undefined: only what happens from now on. */
  readonly since: number | undefined
  /** The epoch that it is a number of; undefined: the present one. */
  readonly epoch: string | undefined
}

/** The number to go on from; `fresh` where what the reader has cannot be continued. */
export function startOf(
  { since, epoch }: FeedStart,
  now: { readonly epoch: string; readonly sequence: number },
): { readonly after: number; readonly fresh: boolean } {
  const isOther = epoch !== undefined && epoch !== now.epoch
  const isAhead = since !== undefined && since > now.sequence
  if (isOther || isAhead) return { after: now.sequence, fresh: true }
  return { after: since ?? now.sequence, fresh: false }
}
