/**
 * Keeps what an analysis thread holds near what it needs: between two contents, garbage goes when there is much of it. The
 * bytes of contents lie outside of the heap, where the engine lets them wait. Nothing without --expose-gc.
 */
import { getHeapStatistics } from 'node:v8'

/** Of heap and bytes outside: collecting takes some dozen milliseconds. */
const growthBytesMin = 12 * 2 ** 20

let leftBytes = 0

export function keepThreadSmall(): void {
  const collect = globalThis.gc
  if (collect === undefined || heldBytes() < leftBytes + growthBytesMin) return
  collect()
  leftBytes = heldBytes()
}

function heldBytes(): number {
  const { used_heap_size: heap, external_memory: outside } = getHeapStatistics()
  return heap + outside
}
