/** A thread that looks through segments: see search-crew.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import { must } from '../base/assert.ts'
import { FoundryError } from '../base/errors.ts'
import type { SearchThreadSetup, ThreadAnswer, ThreadOrder } from './search-protocol.ts'
import { SegmentScanner } from './search-scanner.ts'

const { beats } = workerData as SearchThreadSetup
const port = must(parentPort, 'parent port of a worker')
const count = new Int32Array(beats)
const beat = (): void => void Atomics.add(count, 0, 1)
const scanner = new SegmentScanner({ beat, nowMs: () => performance.now() })

port.on('message', (order: ThreadOrder) => port.postMessage(scan(order)))
port.postMessage({ kind: 'ready' } satisfies ThreadAnswer)

function scan({ job, order }: ThreadOrder): ThreadAnswer {
  try {
    return { kind: 'scanned', result: scanner.scan(job, order) }
  } catch (error) {
    const isFoundryError = error instanceof FoundryError
    const code = isFoundryError ? error.code : ((error as NodeJS.ErrnoException).code ?? '')
    return { kind: 'failed', isFoundryError, code, message: error instanceof Error ? error.message : String(error) }
  }
}
