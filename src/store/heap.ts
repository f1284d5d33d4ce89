/**
 * Keeps a thread's heap near what is alive in it, while a fold makes garbage at a steady rate.
 *
 * The engine lets a heap double before it collects all of it, which for a large tree is more than the tree itself takes.
 * Between two jobs a thread waits anyway, so it collects there. Does nothing where node was started without --expose-gc.
 */
import { getHeapStatistics } from 'node:v8'

/** After so much growth it is worth the few dozen milliseconds. */
const growthBytesMin = 8 * 2 ** 20
/** Of a large heap, whose collection takes longer: this part of it. */
const growthShare = 0.25

let leftBytes = 0

export function keepHeapSmall(): void {
  const collect = globalThis.gc
  if (collect === undefined) return
  const usedBytes = getHeapStatistics().used_heap_size
  if (usedBytes < leftBytes + Math.max(growthBytesMin, leftBytes * growthShare)) return
  collect()
  leftBytes = getHeapStatistics().used_heap_size
}
