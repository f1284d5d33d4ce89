/** The last commit of a source that has come to its end: the same content, and META says when that was seen. */

import type { Timestamp } from '../base/entry.ts'
import { rfc3339 } from '../base/entry-text.ts'
import type { Head } from './brick-file.ts'
import type { BrickWriter } from './brick-writer.ts'

/**
 * The new head; the head as it is where the brick says so already; undefined where there is no commit that could.
 * Errors: DISK_*.
 */
export function endedCommit(writer: BrickWriter, time: Timestamp): Head | undefined {
  const { head, meta } = writer
  if (head === undefined || meta === undefined) return undefined
  if (meta.ended !== undefined) return head
  const { extras } = writer.file.commit(head.commit, head.record)
  const { length, height, root, topOverview, entries, slots, contentRoot, treeHash, metaHash } = head.record
  return writer.commit({
    time,
    ...{ length, height, root, topOverview, entries, slots, contentRoot, treeHash, metaHash },
    meta: { ...meta, ended: rfc3339(time) ?? '' },
    replacedBytes: 0,
    extras: { reason: 'ended', dirty: [], dirtyTiles: 0, counts: extras.counts },
  })
}
