/** A process source in a test: its looks with a clock of the test's own, its pages read as folding threads read them. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, before, type TestContext } from 'node:test'
import { crc32 } from 'node:zlib'
import type { Run } from '../../src/base/entry.ts'
import type { Region } from '../../src/base/region.ts'
import type { Artifact } from '../../src/source/artifact.ts'
import type { Listed } from '../../src/source/describe.ts'
import type { Source } from '../../src/source/open.ts'
import type { MemoryChoice } from '../../src/source/open-artifact.ts'
import { openMemory } from '../../src/source/process/memory-reader.ts'
import { openProcess } from '../../src/source/process/open-process.ts'
import { processArtifact } from '../../src/source/process/process-artifact.ts'

/** Something that is watched all the time: the looking thread lives as long as the file's tests. */
before(async () => {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' })
  await new Promise((resolve) => child.once('spawn', resolve))
  const clock = { nowNs: () => 0n, monotonicMs: () => 0 }
  const { signal } = new AbortController()
  const artifact = processArtifact(openProcess(String(child.pid)), { clock })
  after(async () => {
    await artifact.close?.()
    child.kill('SIGKILL')
  })
  await artifact.look?.(signal)
})

export class Watching {
  readonly source: Source
  readonly artifact: Artifact
  nowMs = 0

  constructor(t: TestContext, pid: number | Source, memory: Partial<MemoryChoice> = {}) {
    this.source = typeof pid === 'number' ? openProcess(String(pid)) : pid
    const clock = { nowNs: () => 0n, monotonicMs: () => this.nowMs }
    const rules = { readSwapped: false, readProtected: false, readDontDump: false, freeze: 'no' as const, ...memory }
    this.artifact = processArtifact(this.source, { clock, memory: rules })
    t.after(() => this.artifact.close?.())
  }

  /** Time passes before the look. */
  async look(passedMs = 1_000): Promise<'looked' | 'same' | undefined> {
    this.nowMs += passedMs
    return this.artifact.look?.(new AbortController().signal)
  }

  files(): Listed[] {
    return [...this.artifact.lister.walk(new Uint8Array(0))].filter(({ meta }) => meta.kind === 'file')
  }

  /** The entry whose mapping holds the address. */
  at(address: number): Listed {
    const found = this.files().find(({ meta }) => {
      const start = Number(meta.mapping?.address)
      return start + (meta.mapping?.lead ?? 0) <= address && address < start + meta.size + (meta.mapping?.unread ?? 0)
    })
    assert.ok(found, `no mapping at ${address.toString(16)}`)
    return found
  }

  /** Reads what is listed as changed, notes it and settles the look: what a fold does. Addresses of pages, by entry. */
  fold(): Map<string, number[]> {
    const folded = new Map<string, number[]>()
    for (const listed of this.files()) {
      if (listed.meta.unreadable !== undefined) continue
      const wanted = common(listed.meta.extents ?? [], listed.changed ?? [{ start: 0, length: listed.meta.size }])
      const pages = this.read(listed, wanted)
      if (pages.length > 0) folded.set(Buffer.from(listed.meta.path).toString(), pages)
    }
    this.artifact.settled?.()
    return folded
  }

  /** Addresses of the pages that were read. */
  read({ meta }: Listed, runs: readonly Run[]): number[] {
    const opened = openMemory(this.source.root, meta)
    assert.equal(opened.kind, 'open')
    if (opened.kind !== 'open') return []
    const pages: number[] = []
    try {
      for (const { start, length } of runs) {
        const bytes = new Uint8Array(length)
        assert.deepEqual(opened.read(bytes, start), { bytesRead: length, unreadable: [] })
        const crcs = new Uint32Array(length / 4_096)
        for (let i = 0; i < crcs.length; i++) {
          crcs[i] = crc32(bytes.subarray(i * 4_096, (i + 1) * 4_096))
          pages.push(Number(meta.mapping?.address) + start + i * 4_096)
        }
        this.artifact.noteRead?.({ path: meta.path, start, crcs })
      }
      assert.ok(opened.isSame(), 'the mapping is another one than was listed')
    } finally {
      opened.close()
    }
    return pages
  }

  /** What would be committed now of the entry at an address. */
  regionsAt(address: number): readonly Region[] {
    const { meta } = this.at(address)
    const told = [...(this.artifact.regions?.() ?? [])]
    return told.find(({ path }) => Buffer.from(path).equals(Buffer.from(meta.path)))?.regions ?? []
  }
}

/** What both have. */
function common(a: readonly Run[], b: readonly Run[]): Run[] {
  const both: Run[] = []
  for (const one of a) {
    for (const other of b) {
      const start = Math.max(one.start, other.start)
      const end = Math.min(one.start + one.length, other.start + other.length)
      if (start < end) both.push({ start, length: end - start })
    }
  }
  return both
}
