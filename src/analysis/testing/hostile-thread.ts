/** A thread with analyzers that do what none may. */
import { parentPort, workerData } from 'node:worker_threads'
import { must } from '../../base/assert.ts'
import { serveThread } from '../thread-loop.ts'
import { hostileAnalyzers } from './hostile-analyzers.ts'

serveThread({
  port: must(parentPort, 'the parent of an analysis thread'),
  running: new Int32Array(workerData as SharedArrayBuffer),
  analyzers: async () => hostileAnalyzers,
})
