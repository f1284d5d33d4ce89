/** What an analysis thread does: one request after another, each answered once. Started by analysis-worker.ts. */
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import type { MessagePort } from 'node:worker_threads'
import { createMerkle } from '../brick/merkle.ts'
import { liveContentId } from '../read/live-content.ts'
import { nodeTools } from '../store/node-tools.ts'
import type { ContentAnalyzer } from './analyzer.ts'
import { BrickContents } from './brick-content.ts'
import { scansMade } from './bytes/yara.ts'
import { type ContentJob, metaOf, type ThreadAnswer, type ThreadRequest } from './content-job.ts'
import { openBytes, openLive } from './live-content.ts'
import { ContentGone, type RawContent } from './raw-content.ts'
import { analyzeContent } from './run-content.ts'
import { keepThreadSmall } from './thread-memory.ts'
import { isWasmTrap } from './wasm-trap.ts'

export interface ThreadParts {
  readonly port: MessagePort
  /** Index of the analyzer that runs, read by the pool when it ends the thread. */
  readonly running: Int32Array
  /** Loaded with the first content: a thread that only identifies needs none. */
  readonly analyzers: () => Promise<readonly ContentAnalyzer[]>
}

/** Below everything else of the process: what waits for a person or a commit goes first. */
const niceness = 10

/** 45 MB that never come back. */
const scansMax = 512

export function serveThread({ port, running, analyzers }: ThreadParts): void {
  const bricks = new BrickContents()
  try {
    setPriority(niceness)
  } catch {
    // Not allowed is not worth a word: it is as fast as the others then.
  }
  port.on('message', async (request: ThreadRequest) => {
    if (request.kind === 'release') return bricks.release(request.ticketId)
    Atomics.store(running, 0, -1)
    const answered = await answer(request, { bricks, running, analyzers })
    port.postMessage(scansMade() < scansMax ? answered : { ...answered, isWorn: true })
    keepThreadSmall()
  })
  port.postMessage({ kind: 'ready', task: ownTask() } satisfies ThreadAnswer)
}

function ownTask(): string {
  try {
    return readlinkSync('/proc/thread-self')
  } catch {
    return ''
  }
}

type Around = Pick<ThreadParts, 'running' | 'analyzers'> & { readonly bricks: BrickContents }

async function answer(
  request: Exclude<ThreadRequest, { kind: 'release' }>,
  { bricks, running, analyzers }: Around,
): Promise<ThreadAnswer> {
  let raw: RawContent | undefined
  try {
    const { job } = request
    if (request.kind === 'identify') return identified(job)
    raw = openRaw(job, bricks)
    const report = await analyzeContent({
      ...{ path: job.path, meta: metaOf(job.place), raw, skip: request.skip },
      analyzers: await analyzers(),
      onAnalyzer: (index) => Atomics.store(running, 0, index),
    })
    return raw.isSame() ? { kind: 'report', report } : { kind: 'changed' }
  } catch (error) {
    if (error instanceof ContentGone) {
      return error.why === 'changed' ? { kind: 'changed' } : { kind: 'unreadable', why: error.why.unreadable }
    }
    // The thread ends, and another one begins with a new module.
    if (isWasmTrap(error)) throw error
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) }
  } finally {
    raw?.close()
  }
}

function openRaw({ place }: ContentJob, bricks: BrickContents): RawContent {
  if (place.kind === 'brick') return bricks.open(place)
  return place.kind === 'live' ? openLive(place) : openBytes(place.bytes)
}

const merkle = createMerkle(nodeTools)

function identified({ place }: ContentJob): ThreadAnswer {
  if (place.kind === 'brick') {
    const { contentId } = place.entry
    return contentId === undefined ? { kind: 'unreadable', why: 'no id is recorded' } : { kind: 'id', id: contentId }
  }
  if (place.kind === 'bytes') return { kind: 'id', id: merkle.contentIdOf({ bytes: place.bytes }) }
  const id = liveContentId(place.root, { meta: place.meta })
  // It is that version's only if it still is that version; and if it could not be read, this says why.
  openLive(place).close()
  return id
}
