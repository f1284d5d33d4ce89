/**
 * Writes many files: on this thread where they are few, else on worker threads, batch by batch.
 *
 * Batches are runs of neighbouring slots, so nearly every tile is read by one thread only. A worker has one batch at a
 * time.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { type ErrorCode, FoundryError } from '../base/errors.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { dataBytes } from './content.ts'
import type { ExtractAnswer, ExtractOrder, ExtractSetup } from './extract-protocol.ts'
import { addReport, type ExtractReport } from './extract-report.ts'
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
    await Promise.all(crew.map(endWorker))
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

async function endWorker(worker: Worker): Promise<void> {
  const ended = once(worker, 'exit')
  worker.postMessage({ kind: 'end' } satisfies ExtractOrder)
  await ended
}

/** One batch on a worker. A worker that dies, or is stopped by the signal, rejects. */
async function writeThere(worker: Worker, files: readonly EntryRecord[], signal: AbortSignal): Promise<ExtractReport> {
  const answer = await new Promise<ExtractAnswer>((resolve, reject) => {
    const stop = () => settle(() => reject(signal.reason))
    const fail = (error: unknown) => settle(() => reject(error))
    const end = (code: number) => fail(new FoundryError('DISK_FAILED', `A writing thread ended (${code}).`))
    const settle = (then: () => void): void => {
      signal.removeEventListener('abort', stop)
      worker.removeAllListeners()
      then()
    }
    worker.once('message', (message: ExtractAnswer) => settle(() => resolve(message)))
    worker.once('error', fail)
    worker.once('exit', end)
    signal.addEventListener('abort', stop, { once: true })
    worker.postMessage({ kind: 'write', files } satisfies ExtractOrder)
  })
  if (answer.kind === 'written') return answer.report
  throw answer.isFoundryError ? new FoundryError(answer.code as ErrorCode, answer.message) : errorOf(answer)
}

function errorOf({ code, message }: { readonly code: string; readonly message: string }): Error {
  return Object.assign(new Error(message), code === '' ? {} : { code })
}
