/** A thread that looks into modules, one after the other, and tells what it found. It ends when there are no more. */
import { parentPort, workerData } from 'node:worker_threads'
import { must } from '../../base/assert.ts'
import { createInspectMemory, inspectModule } from './inspect-module.ts'
import type { InspectAnswer, InspectTask } from './inspect-modules.ts'
import { prepareUnpacking } from './unpack.ts'

const port = must(parentPort, 'the parent of a thread that looks into modules')
const { root, files, next } = workerData as InspectTask
const counter = new Int32Array(next)
const memory = createInspectMemory()
await prepareUnpacking()
for (let index = Atomics.add(counter, 0, 1); index < files.length; index = Atomics.add(counter, 0, 1)) {
  const file = must(files[index], 'a file to look into')
  const inspected = inspectModule(root, file, memory)
  const parts = inspected.kind === 'module' ? inspected.facts?.parts : undefined
  port.postMessage({ index, inspected } satisfies InspectAnswer, parts === undefined ? [] : [parts.buffer])
}
