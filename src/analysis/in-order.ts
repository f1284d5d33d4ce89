/** Works on several items at once and gives the results in the order of the items. */

export interface InOrderBounds<R> {
  /** Under way at once. */
  readonly width: number
  /** Under way and waiting for their turn. */
  readonly ahead: number
  /** What a result takes while it waits; left out: nothing. */
  readonly bytesOf?: (result: R) => number
  /** Of those that wait for their turn, together: above it none is started. */
  readonly bytesMax?: number
}

/**
 * A slow one holds the others back in the end. Where the reader stops, or one fails, the rest is waited for and left out.
 */
export async function* inOrder<T, R>(
  items: Iterable<T>,
  work: (item: T) => Promise<R>,
  { width, ahead, bytesOf = () => 0, bytesMax = Number.POSITIVE_INFINITY }: InOrderBounds<R>,
): AsyncGenerator<R> {
  const iterator = items[Symbol.iterator]()
  const waiting: Promise<R>[] = []
  let underWay = 0
  let waitingBytes = 0
  let wake: (() => void) | undefined
  const hasRoom = (): boolean => underWay < width && waiting.length < ahead && waitingBytes < bytesMax
  const start = (): boolean => {
    const next = iterator.next()
    if (next.done) return false
    underWay++
    const result = work(next.value)
      .then((done) => {
        waitingBytes += bytesOf(done)
        return done
      })
      .finally(() => {
        underWay--
        wake?.()
      })
    // Seen when its turn comes; until then nobody is to be told.
    result.catch(() => {})
    waiting.push(result)
    return true
  }
  try {
    let hasMore = true
    for (;;) {
      while (hasMore && (waiting.length === 0 || hasRoom())) hasMore = start()
      const first = waiting[0]
      if (first === undefined) return
      const isReady = await Promise.race([
        first.then(() => true),
        room(hasMore && waiting.length < ahead && waitingBytes < bytesMax),
      ])
      if (!isReady) continue
      void waiting.shift()
      const result = await first
      waitingBytes -= bytesOf(result)
      yield result
    }
  } finally {
    iterator.return?.()
    await Promise.allSettled(waiting)
  }

  /** Resolves with false when another can be started; never where that does not help. */
  function room(helps: boolean): Promise<boolean> {
    return new Promise((resolve) => {
      wake = helps ? () => resolve(false) : undefined
    })
  }
}
