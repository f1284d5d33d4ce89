/**
 * The watching thread: waits for the kernel's events and the owner's messages, and tells hints.
 *
 * It never returns to an event loop while it works: it blocks in poll(2), woken by events, by the owner (who writes
 * to the waker after each message), by changes of mounts, or once a second to see whether the roots are still in
 * place.
 */

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { must } from '../base/assert.ts'
import { closeFd } from '../linux/directory.ts'
import { openMountChanges } from '../linux/mounts.ts'
import { clearWake, openTicker, pollReadable, takeTicks } from '../linux/poll.ts'
import { HintBatch } from './hint-batch.ts'
import { WatchBackends } from './watch-backends.ts'
import { batchesUnderwayMax, cells, type FromThread, type ThreadData, type ToThread } from './watch-protocol.ts'

const eventBufferBytes = 256 * 1024
const directoriesPerStep = 256
/** After events that were all of other places, so that a busy filesystem does not wake this thread for each of its events. */
const restMs = 5
/** How long a rename's second half is waited for, twice. */
const renameMs = 10
const forEver = -1
const noFd = -1

const port = must(parentPort, 'the parent port of the watching thread')
const thread = workerData as ThreadData
const shared = new Int32Array(thread.shared)
const hints = new HintBatch()
let batchesTold = 0

const backends = new WatchBackends(thread, { hints, tell })
const tickerFd = openTicker()
const mountsFd = openMountChanges() ?? noFd
try {
  run()
} finally {
  backends.close()
  closeFd(tickerFd)
  if (mountsFd !== noFd) closeFd(mountsFd)
}

function run(): void {
  const buffer = new Uint8Array(eventBufferBytes)
  post({ kind: 'ready', isBlind: backends.isBlind })
  let isResting = false
  for (;;) {
    const timeoutMs = backends.hasWork ? 0 : isResting ? restMs : backends.isWaiting ? renameMs : forEver
    const fds = [backends.inotifyFd, isResting ? noFd : backends.groupFd, thread.wakerFd, tickerFd, mountsFd]
    isResting = false
    const [hasEvents, hasMarked, isWoken, hasTicks, hasMounts] = pollReadable(fds, timeoutMs, mountsFd)
    if (isWoken === true && takeMessages() === 'close') return
    if (hasMounts === true) backends.mountsChanged()
    if (hasEvents === true) backends.readWatches(buffer)
    if (hasMarked === true) isResting = backends.readMarks(buffer) === 'elsewhere'
    if (hasTicks === true) backends.tick(takeTicks(tickerFd))
    backends.work(directoriesPerStep)
    deliver()
  }
}

function takeMessages(): 'close' | 'go on' {
  clearWake(thread.wakerFd)
  Atomics.store(shared, cells.isHolding, 0)
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    const message = next.message as ToThread
    if (message.kind === 'close') return 'close'
    if (message.kind === 'add') backends.roots.add(message.order)
    else if (message.kind === 'remove') backends.roots.remove(message.index)
    else tell({ kind: 'stats', stats: backends.stats() })
  }
  return 'go on'
}

/** Hints go before whatever is told, however many are underway: what is told says that they were. */
function tell(message: FromThread): void {
  if (!hints.isEmpty) postHints()
  post(message)
}

/** Passes hints on while the owner keeps up; else they wait here, where they merge. */
function deliver(): void {
  if (hints.isEmpty) return
  if (isOwnerBehind()) {
    Atomics.store(shared, cells.isHolding, 1)
    if (isOwnerBehind()) return
  }
  postHints()
}

function isOwnerBehind(): boolean {
  return batchesTold - Atomics.load(shared, cells.taken) >= batchesUnderwayMax
}

function postHints(): void {
  batchesTold++
  post({ kind: 'hints', hints: hints.take() })
}

function post(message: FromThread): void {
  port.postMessage(message)
}
