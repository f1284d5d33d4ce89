/**
 * Writes many files: on this thread where they are few, else on worker threads, batch by batch.
 *
 * Batches are runs of neighbouring slots, so nearly every tile is read by one thread only. A worker has one batch at a
 * time.
 */
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
  readonly pause: () => Promise<void>
  /** Content bytes and files written so far. */
  readonly onProgress: (done: { readonly bytes: number; readonly files: number }) => void
}

/** Errors: CANCELLED, DISK_FULL, DISK_FAILED. */
export async function writeFiles(job: CrewJob): Promise<void> {
  const batches = [...batchesOf(job.files)]
  if (job.workerCount < 2 || batches.length < batchesForWorkers) return writeHere(job, batches)
  const crew = Array.from({ length: Math.min(job.workerCount, batches.length) }, () => new Hand(job.setup, job.signal))
  try {
    let next = 0
    const work = async (hand: Hand): Promise<void> => {
      while (next < batches.length) {
        job.signal.throwIfAborted()
        const batch = batches[next++] as readonly EntryRecord[]
        addReport(job.writer.report, await hand.write(batch))
        job.onProgress(job.writer.report)
      }
    }
    await Promise.all(crew.map(work))
    await Promise.all(crew.map((hand) => hand.end()))
  } finally {
    await Promise.all(crew.map((hand) => hand.stop()))
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
    await job.pause()
  }
}

function errorOf({ code, message }: { readonly code: string; readonly message: string }): Error {
  return Object.assign(new Error(message), code === '' ? {} : { code })
}

interface Waiting {
  readonly resolve: (report: ExtractReport) => void
  readonly reject: (error: unknown) => void
}

/** One thread and the batch that it is writing. */
class Hand {
  readonly #worker: Worker
  readonly #ended: Promise<void>
  #waiting: Waiting | undefined
  #failure: unknown

  constructor(setup: ExtractSetup, signal: AbortSignal) {
    // Descriptors are opened through libc and closed by node:fs: node must not keep a list of its own.
    this.#worker = new Worker(new URL('./extract-worker.ts', import.meta.url), {
      workerData: setup,
      trackUnmanagedFds: false,
    })
    this.#worker.on('message', (answer: ExtractAnswer) => this.#take(answer))
    this.#worker.on('error', (error) => this.#fail(error))
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        this.#fail(new FoundryError('DISK_FAILED', `A writing thread ended (${code}).`))
        resolve()
      })
    })
    signal.addEventListener('abort', () => this.#fail(signal.reason), { once: true })
  }

  write(files: readonly EntryRecord[]): Promise<ExtractReport> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure)
      this.#waiting = { resolve, reject }
      this.#post({ kind: 'write', files })
    })
  }

  /** Resolves when the thread has closed what it opened. */
  async end(): Promise<void> {
    this.#post({ kind: 'end' })
    await this.#ended
  }

  async stop(): Promise<void> {
    await this.#worker.terminate()
  }

  #post(order: ExtractOrder): void {
    this.#worker.postMessage(order)
  }

  #take(answer: ExtractAnswer): void {
    if (answer.kind === 'written') {
      this.#waiting?.resolve(answer.report)
      this.#waiting = undefined
    } else
      this.#fail(answer.isFoundryError ? new FoundryError(answer.code as ErrorCode, answer.message) : errorOf(answer))
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#waiting?.reject(error)
    this.#waiting = undefined
  }
}
