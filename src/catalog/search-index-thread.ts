/**
 * Indexing a brick's names on a thread of its own, with a connection of its own, behind everything else: for a daemon, whose
 * own thread has other work. The thread ends with the brick.
 */
import { closeSync, openSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { FoundryError } from '../base/errors.ts'
import type { CommitRecord } from '../brick/commit-record.ts'
import type { BrickView } from '../store/brick-view.ts'
import type { IndexReport } from './search-index.ts'

export interface IndexSetup {
  readonly catalogPath: string
  readonly brickPath: Uint8Array
  /** The caller's: used, never closed. */
  readonly brickFd: number
  readonly record: CommitRecord
  readonly kept: readonly string[] | undefined
}

export type IndexAnswer =
  | { readonly kind: 'done'; readonly report: IndexReport }
  | { readonly kind: 'damaged'; readonly message: string }

export interface ApartRequest {
  readonly view: BrickView
  /** The file `catalog.db` of the state. */
  readonly catalogPath: string
  readonly signal: AbortSignal
  /** All bricks that there are, hex; names of others go. Left out: they stay. */
  readonly kept?: readonly string[]
}

/** Errors: BRICK_DAMAGED, the signal's reason, those of the thread. The brick's file may be closed or replaced meanwhile. */
export async function indexBrickApart({ view, catalogPath, signal, kept }: ApartRequest): Promise<IndexReport> {
  signal.throwIfAborted()
  const brickFd = openSync(`/proc/self/fd/${view.file.fd}`, 'r')
  const workerData: IndexSetup = { catalogPath, brickPath: view.file.path, brickFd, record: view.record, kept }
  const worker = new Worker(new URL('./search-index-worker.ts', import.meta.url), {
    workerData,
    trackUnmanagedFds: false,
  })
  try {
    const answer = await answerOf(worker, signal)
    if (answer.kind === 'done') return answer.report
    throw new FoundryError('BRICK_DAMAGED', answer.message)
  } finally {
    await worker.terminate()
    closeSync(brickFd)
  }
}

function answerOf(worker: Worker, signal: AbortSignal): Promise<IndexAnswer> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) => {
      signal.removeEventListener('abort', stop)
      reject(new Error(`The thread that indexes names ended (${code}).`))
    })
  })
}
