/**
 * The watching thread: waits for the kernel's events and the owner's messages, and tells hints.
 *
 * It never returns to an event loop while it works: it blocks in poll(2), woken by events, by the owner (who writes
 * to the waker after each message), or once a second to see whether the roots are still in place.
 */

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { must } from '../base/assert.ts'
import { displayPath } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import { closeFd } from '../linux/directory.ts'
import { addWatch, openInotify, parseEvents, readEvents } from '../linux/inotify.ts'
import { LibcError } from '../linux/libc.ts'
import { clearWake, pollReadable } from '../linux/poll.ts'
import { HintBatch } from './hint-batch.ts'
import { watchMask } from './watch-cover.ts'
import { batchesUnderwayMax, cells, type FromThread, type ThreadData, type ToThread } from './watch-protocol.ts'
import { WatchedTrees } from './watch-tree.ts'

const eventBufferBytes = 256 * 1024
const directoriesPerStep = 256
const idleMs = 1000
/** How long a rename's second half is waited for, twice. */
const renameMs = 10
const stepsPerRootCheck = 1024

const port = must(parentPort, 'the parent port of the watching thread')
const thread = workerData as ThreadData
const shared = new Int32Array(thread.shared)
const hints = new HintBatch()
let batchesTold = 0

const inotifyFd = openInstance()
try {
  run(watchCookies())
} finally {
  closeFd(inotifyFd)
}

function run(trees: WatchedTrees): void {
  const buffer = new Uint8Array(eventBufferBytes)
  post({ kind: 'ready' })
  for (let step = 1; ; step++) {
    const timeoutMs = trees.hasWork ? 0 : trees.isWaiting ? renameMs : idleMs
    const [hasEvents, isWoken] = pollReadable([inotifyFd, thread.wakerFd], timeoutMs)
    if (isWoken === true && takeMessages(trees) === 'close') return
    if (hasEvents === true) trees.handle(parseEvents(buffer, readEvents(inotifyFd, buffer)))
    trees.work(directoriesPerStep)
    trees.endRound()
    if (step % stepsPerRootCheck === 0 || (hasEvents !== true && isWoken !== true && !trees.hasWork)) trees.checkRoots()
    deliver()
  }
}

function openInstance(): number {
  try {
    return openInotify()
  } catch (failed) {
    if (!(failed instanceof LibcError) || failed.errnoName !== 'EMFILE') throw failed
    throw new FoundryError(
      'WATCH_LIMIT',
      'No inotify instance is left (or this process may open no more files). Raise fs.inotify.max_user_instances.',
      failed,
    )
  }
}

function watchCookies(): WatchedTrees {
  const { cookieFolder, cookiePrefix } = thread
  const watched = addWatch(inotifyFd, cookieFolder, watchMask)
  if (watched.kind === 'failed') {
    const shown = displayPath(cookieFolder)
    throw new FoundryError('LIBC_FAILED', `The cookie folder ${shown} cannot be watched: ${watched.errnoName}.`)
  }
  return new WatchedTrees({ inotifyFd, cookieWd: watched.wd, cookiePrefix, hints, tell })
}

function takeMessages(trees: WatchedTrees): 'close' | 'go on' {
  clearWake(thread.wakerFd)
  Atomics.store(shared, cells.isHolding, 0)
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    const message = next.message as ToThread
    if (message.kind === 'close') return 'close'
    if (message.kind === 'add') trees.add(message.order)
    else trees.remove(message.index)
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
