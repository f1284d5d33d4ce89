/**
 * Reads a brick back from the disk as a whole: is every frame of it what it should be?
 *
 * Opens the file for itself, past the page cache, and rests most of the time: nobody waits for the answer. A damaged
 * superblock slot alone is no damage: the other one leads to everything, and the next commit writes it.
 */
import { FoundryError } from '../base/errors.ts'
import { dropCache } from '../linux/fadvise.ts'
import { verify } from '../read/verify.ts'
import { BrickFile } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'

export interface ReadBackParts {
  readonly path: Uint8Array
  readonly monotonicMs: () => number
  readonly signal: AbortSignal
  /** Part of the time that it may work, in (0, 1]. */
  readonly share: number
}

const stepMs = 25

/** What is wrong, in a sentence; undefined where nothing is. Errors: CANCELLED, BRICK_MISSING, those of the disk. */
export async function readBack({ path, monotonicMs, signal, share }: ReadBackParts): Promise<string | undefined> {
  let sinceMs = monotonicMs()
  const pause = async (): Promise<void> => {
    const workedMs = monotonicMs() - sinceMs
    const restMs = workedMs < stepMs ? 0 : workedMs * (1 / share - 1)
    await new Promise<void>((resolve) => (restMs === 0 ? setImmediate(resolve) : setTimeout(resolve, restMs)))
    if (workedMs >= stepMs) sinceMs = monotonicMs()
  }
  let file: BrickFile | undefined
  try {
    file = BrickFile.open(path)
    dropCache(file.fd)
    const view = new BrickView(file, file.readHeadOnce())
    const { damaged } = await verify({ view, signal, pause, onProgress: () => undefined })
    const worst = damaged.find(({ rule }) => rule !== 'slot')
    return worst && `${worst.part}: ${worst.detail}`
  } catch (error) {
    if (error instanceof FoundryError && error.code === 'BRICK_DAMAGED') return error.message
    throw error
  } finally {
    file?.close()
  }
}
