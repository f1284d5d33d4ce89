/**
 * What a commit costs whose source says itself which bytes changed: 50 pages all over one large file, as of a process's
 * memory. In this process and one thread, so that all CPU and all bytes are of this commit.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import type { Run } from '../src/base/entry.ts'
import { LeafPool } from '../src/fold/leaf-pool.ts'
import { createBrick } from '../src/fold/open-brick.ts'
import { reconcile } from '../src/fold/reconcile.ts'
import type { Artifact } from '../src/source/artifact.ts'
import { openSource } from '../src/source/open.ts'
import { openArtifact } from '../src/source/open-artifact.ts'
import { transferred } from './measure.ts'

export interface ToldChange {
  /** A file; pages of it are written. */
  readonly path: string
  readonly brick: string
  readonly signal: AbortSignal
}

export interface ToldCost {
  readonly writtenBytes: number | null
  readonly growthBytes: number
  readonly readBytes: number | null
  readonly commitSeconds: number
  readonly cpuSeconds: number
  readonly firstFoldSeconds: number
}

export const pagesChanged = 50
const pageBytes = 4_096

export async function toldChange({ path, brick: brickPath, signal }: ToldChange): Promise<ToldCost> {
  const clock = { nowNs: () => BigInt(Date.now()) * 1_000_000n, monotonicMs: () => performance.now() }
  const random = { bytes: (count: number) => new Uint8Array(randomBytes(count)) }
  const source = openSource(Buffer.from(path))
  const { lister } = openArtifact(source, { exclude: [], crossFilesystems: 'no', clock, signal, ownFiles: [] })
  let changed: readonly Run[] = [{ start: 0, length: statSync(path).size }]
  const artifact: Artifact = {
    reader: 'files',
    lister: {
      stat: (name) => told(lister.stat(name)),
      walk: function* (name) {
        for (const listed of lister.walk(name)) yield { ...listed, changed }
      },
    },
  }
  const told = (listed: ReturnType<typeof lister.stat>): typeof listed => listed && { ...listed, changed }
  const brick = createBrick(Buffer.from(brickPath), random)
  const pool = new LeafPool({ workers: 0 })
  const meta = {
    ...{ unknown: {}, kind: 'file' as const, source: Buffer.from(path), name: 'bench', tool: 'bench', exclude: [] },
    ...{ district: { x: 0, y: 0 }, worldReadable: false },
  }
  const commit = async (): Promise<void> => {
    await reconcile(brick, {
      ...{
        lister: artifact.lister,
        artifact,
        root: source.root,
        clock,
        pool,
        signal,
        reason: 'bench',
        commit: 'changed',
      },
      scopes: [{ path: source.path, reach: 'subtree' }],
      meta: async () => meta,
      onProgress: () => undefined,
    })
  }
  try {
    const first = await measured(commit)
    changed = changePages(path)
    const sizeBefore = statSync(brickPath).size
    const before = transferred()
    const { wallSeconds, cpuSeconds } = await measured(commit)
    const after = transferred()
    return {
      writtenBytes: before && after && after.writtenBytes - before.writtenBytes,
      growthBytes: statSync(brickPath).size - sizeBefore,
      readBytes: before && after && after.readBytes - before.readBytes,
      commitSeconds: wallSeconds,
      cpuSeconds,
      firstFoldSeconds: first.wallSeconds,
    }
  } finally {
    brick.writer.close()
    rmSync(brickPath, { force: true })
  }
}

async function measured(work: () => Promise<void>): Promise<{ wallSeconds: number; cpuSeconds: number }> {
  const startMs = performance.now()
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return { wallSeconds: (performance.now() - startMs) / 1000, cpuSeconds: (user + system) / 1e6 }
}

/** Evenly spread; ascending. */
function changePages(path: string): Run[] {
  const pages = Math.floor(statSync(path).size / pageBytes)
  const fd = openSync(path, 'r+')
  const runs = Array.from({ length: pagesChanged }, (_, i) => {
    const start = Math.floor(((i + 0.5) * pages) / pagesChanged) * pageBytes
    writeSync(fd, randomBytes(pageBytes), 0, pageBytes, start)
    return { start, length: pageBytes }
  })
  closeSync(fd)
  return runs
}
