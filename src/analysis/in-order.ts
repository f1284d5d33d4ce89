/** Works on several items at once and gives the results in the order of the items. */

/**
 * At most `width` under way and `ahead` finished ones waiting: a slow one holds the others back in the end. Where the reader
 * stops, or one fails, the rest is waited for and left out.
 */
export async function* inOrder<T, R>(
  items: Iterable<T>,
  work: (item: T) => Promise<R>,
  { width, ahead }: { readonly width: number; readonly ahead: number },
): AsyncGenerator<R> {
  const iterator = items[Symbol.iterator]()
  const waiting: Promise<R>[] = []
  let underWay = 0
  let wake: (() => void) | undefined
  const start = (): boolean => {
    const next = iterator.next()
    if (next.done) return false
    underWay++
    const result = work(next.value).finally(() => {
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
      while (hasMore && underWay < width && waiting.length < ahead) hasMore = start()
      const first = waiting[0]
      if (first === undefined) return
      const isReady = await Promise.race([first.then(() => true), room(hasMore && waiting.length < ahead)])
      if (!isReady) continue
      void waiting.shift()
      yield await first
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
