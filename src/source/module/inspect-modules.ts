/** Looks into many modules on threads that take one file after the other and end when there are no more. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { FoundryError } from '../../base/errors.ts'
import { createInspectMemory, type Inspected, inspectModule, type ModuleFile } from './inspect-module.ts'

export interface InspectTask {
  readonly root: Uint8Array
  readonly files: readonly ModuleFile[]
  /** One Int32: index of the next file, shared by all threads. */
  readonly next: SharedArrayBuffer
}

export interface InspectAnswer {
  readonly index: number
  readonly inspected: Inspected
}

/** What each file is, in their order. The caller has prepared unpacking. Errors: CANCELLED; those of a thread that could not go on. */
export async function inspectModules(
  root: Uint8Array,
  files: readonly ModuleFile[],
  signal: AbortSignal,
): Promise<readonly Inspected[]> {
  if (isLittle(files)) {
    const memory = createInspectMemory()
    return files.map((file) => inspectModule(root, file, memory))
  }
  const found: Inspected[] = files.map(() => ({ kind: 'changed' }))
  const task: InspectTask = { root, files, next: new SharedArrayBuffer(4) }
  const threads = Array.from({ length: Math.min(threadsMax, availableParallelism()) }, () => startThread(task, found))
  const stop = (): void => threads.forEach(({ worker }) => void worker.terminate())
  signal.addEventListener('abort', stop, { once: true })
  try {
    if (signal.aborted) stop()
    await Promise.all(threads.map(({ ended }) => ended))
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
  if (signal.aborted) throw new FoundryError('CANCELLED', 'Looking into the kernel modules was stopped.')
  return found
}

const threadsMax = 2
/** What one module leaves behind is little: a small nursery keeps a thread's memory small. */
const youngGenerationMb = 4
/** A thread takes longer to start than so little takes to be looked into. */
const littleFilesMax = 16
const littleBytesMax = 2 ** 20

function isLittle(files: readonly ModuleFile[]): boolean {
  return files.length <= littleFilesMax && files.reduce((sum, { size }) => sum + size, 0) <= littleBytesMax
}

function startThread(task: InspectTask, found: Inspected[]): { worker: Worker; ended: Promise<void> } {
  // Descriptors are opened and closed through libc: node must not keep a list of its own.
  const worker = new Worker(new URL('./module-worker.ts', import.meta.url), {
    workerData: task,
    execArgv: [],
    trackUnmanagedFds: false,
    resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
  })
  worker.on('message', ({ index, inspected }: InspectAnswer) => {
    found[index] = inspected
  })
  const ended = new Promise<void>((resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', () => resolve())
  })
  return { worker, ended }
}
