/** An analysis thread: see thread-loop.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import { must } from '../base/assert.ts'
import { serveThread } from './thread-loop.ts'

serveThread({
  port: must(parentPort, 'the parent of an analysis thread'),
  running: new Int32Array(workerData as SharedArrayBuffer),
  analyzers: async () => (await import('./analyzers.ts')).contentAnalyzers,
})
