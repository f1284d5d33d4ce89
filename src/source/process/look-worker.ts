/**
 * The looking thread: looks at one process after the other, as its owner asks. What it is told in between (pages that
 * were read, commits that were made) comes in order with the looks.
 */
import { parentPort } from 'node:worker_threads'
import { must } from '../../base/assert.ts'
import { ElfFiles } from './elf-regions.ts'
import type { FromLookThread, ToLookThread } from './look-protocol.ts'
import { MemoryWatch } from './memory-watch.ts'

const port = must(parentPort, 'the parent port of the looking thread')
const watches = new Map<number, MemoryWatch>()
const files = new ElfFiles()

port.on('message', (message: ToLookThread) => {
  const { id } = message
  try {
    take(message)
  } catch (error) {
    const { message: text, stack } = error as Error
    post({ kind: 'failed', id, message: String(text), stack })
  }
})

function take(message: ToLookThread): void {
  const { id } = message
  if (message.kind === 'watch') {
    const cell = new Int32Array(message.cancelled)
    watches.set(id, new MemoryWatch({ ...message, isCancelled: () => Atomics.load(cell, 0) !== 0 }, files))
    return
  }
  if (message.kind === 'end') {
    for (const each of watches.values()) each.close()
    port.close()
    return
  }
  const watch = watches.get(id)
  if (watch === undefined) return
  if (message.kind === 'look') post({ kind: 'answer', id, answer: watch.look(message.nowMs) })
  else if (message.kind === 'read') watch.noteRead(message)
  else if (message.kind === 'settled') watch.settled()
  else if (message.kind === 'unsettled') watch.unsettled()
  else {
    watch.close()
    watches.delete(id)
  }
}

function post(message: FromLookThread): void {
  port.postMessage(message)
}
