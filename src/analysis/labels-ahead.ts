/** How far an analysis goes ahead of who takes its results: in entries, and in what is said of them. */
import type { AnalysisPool } from './analysis-pool.ts'
import type { EntryLabels } from './entry-labels.ts'
import type { InOrderBounds } from './in-order.ts'

/** Small entries come by the thousand: more of them than threads are asked for at once. */
export function boundsOf({ width }: Pick<AnalysisPool, 'width'>): InOrderBounds<EntryLabels> {
  return { width: 2 * width, ahead: aheadMax, bytesOf: labelBytes, bytesMax: aheadBytesMax }
}

const aheadMax = 256
const aheadBytesMax = 8 * 2 ** 20
/** As objects, with their texts; measured over /usr/bin. */
const regionBytes = 500
const entryBytes = 2_000

function labelBytes({ regions, placeless, problems }: EntryLabels): number {
  return entryBytes + regionBytes * (regions.length + placeless.length + problems.length)
}
