/** A folding thread: one leaf job after another, its kernel's memory reused. */
import { parentPort } from 'node:worker_threads'
import { must } from '../base/assert.ts'
import { prepareUnpacking } from '../source/module/unpack.ts'
import { keepHeapSmall } from '../store/heap.ts'
import { runLeafJob } from './leaf.ts'
import { createFoldContext, flattenError, type WorkerAnswer, type WorkerRequest } from './leaf-pool.ts'
import type { FoldContext } from './node-edit.ts'

const port = must(parentPort, 'the parent of a folding thread')
let kept: FoldContext | undefined

// Jobs wait until then; reading them does not.
await prepareUnpacking()
port.on('message', ({ output, job }: WorkerRequest) => {
  port.postMessage(answer({ output, job }))
  keepHeapSmall()
})

function answer({ output, job }: WorkerRequest): WorkerAnswer {
  try {
    kept ??= createFoldContext(output)
    const context = { ...kept, output: { ...kept.output, ...output } }
    return { kind: 'done', result: runLeafJob(context, job) }
  } catch (error) {
    return { kind: 'failed', error: flattenError(error) }
  }
}
