/**
 * Writes many files: on this thread where they are few, else on worker threads, batch by batch.
 *
 * Batches are runs of neighbouring slots, so a tile is read by one thread. At most `batchesAhead` batches a worker are
 * under way: memory does not grow with the tree.
 */
import { Worker } from 'node:worker_threads'
import { must } from '../base/assert.ts'
import { FoundryError } from '../base/errors.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { dataBytes } from './content.ts'
import type { ExtractAnswer, ExtractBatch, ExtractSetup } from './extract-protocol.ts'
import { addReport } from './extract-report.ts'
import { type FileWriter, writeFile } from './write-file.ts'

export interface CrewJob {
  readonly files: readonly EntryRecord[]
  /** Writes on this thread; its report is the total. */
  readonly writer: FileWriter
  readonly setup: ExtractSetup
  readonly workerCount: number
  readonly signal: AbortSignal
  /** Content bytes and files written so far. */
  readonly onProgress: (done: { readonly bytes: number; readonly files: number }) => void
}

/** Errors: CANCELLED, DISK_FULL, DISK_FAILED. */
export async function writeFiles(job: CrewJob): Promise<void> {
  const batches = [...batchesOf(job.files)]
  if (job.workerCount < 2 || batches.length < batchesForWorkers) return writeHere(job, batches)
  const crew = Array.from({ length: Math.min(job.workerCount, batches.length) }, () => startWorker(job.setup))
  try {
    let next = 0
    const work = async (worker: Worker): Promise<void> => {
      while (next < batches.length) {
        job.signal.throwIfAborted()
        const batch = batches[next++] as readonly EntryRecord[]
        addReport(job.writer.report, await writeThere(worker, batch, job.signal))
        job.onProgress(job.writer.report)
      }
    }
    await Promise.all(crew.map(work))
  } finally {
    await Promise.all(crew.map((worker) => worker.terminate()))
  }
}

const batchBytesMax = 8 * 2 ** 20
const batchFilesMax = 512
/** Fewer batches than this are written before a worker would have started. */
const batchesForWorkers = 4

function* batchesOf(files: readonly EntryRecord[]): Generator<readonly EntryRecord[]> {
  let batch: EntryRecord[] = []
  let bytes = 0
  for (const file of files) {
    batch.push(file)
    bytes += dataBytes(file)
    if (bytes < batchBytesMax && batch.length < batchFilesMax) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}

async function writeHere(job: CrewJob, batches: readonly (readonly EntryRecord[])[]): Promise<void> {
  for (const batch of batches) {
    job.signal.throwIfAborted()
    for (const file of batch) writeFile(job.writer, file)
    job.onProgress(job.writer.report)
    await Promise.resolve()
  }
}

function startWorker(setup: ExtractSetup): Worker {
  return new Worker(new URL('./extract-worker.ts', import.meta.url), { workerData: setup, trackUnmanagedFds: false })
}
