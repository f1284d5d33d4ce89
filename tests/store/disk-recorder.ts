/**
 * Writes down what reaches the operating system for one file: every write, barrier and truncation, in order. From that the
 * states are made in which a power cut may leave the disk.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import type { Chance } from '../fold/chance.ts'

export type DiskStep =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly size: number }
  | { readonly kind: 'barrier' }

/** Runs `action` and tells what it did to the files under `path` and under names that begin with it. */
export async function record(path: string, action: () => Promise<void> | void): Promise<DiskStep[]> {
  const steps: DiskStep[] = []
  const real = {
    writeSync: fs.writeSync,
    fdatasyncSync: fs.fdatasyncSync,
    fsyncSync: fs.fsyncSync,
    ftruncateSync: fs.ftruncateSync,
  }
  const isIt = (fd: number): boolean => fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(path)
  const patched = {
    writeSync(fd: number, bytes: Uint8Array, from: number, length: number, offset: number): number {
      const written = real.writeSync(fd, bytes, from, length, offset)
      if (isIt(fd)) steps.push({ kind: 'write', offset, bytes: Uint8Array.from(bytes.subarray(from, from + written)) })
      return written
    },
    fdatasyncSync(fd: number): void {
      real.fdatasyncSync(fd)
      if (isIt(fd)) steps.push({ kind: 'barrier' })
    },
    fsyncSync(fd: number): void {
      real.fsyncSync(fd)
      if (isIt(fd)) steps.push({ kind: 'barrier' })
    },
    ftruncateSync(fd: number, size: number): void {
      real.ftruncateSync(fd, size)
      if (isIt(fd)) steps.push({ kind: 'truncate', size })
    },
  }
  try {
    Object.assign(fs, patched)
    syncBuiltinESMExports()
    await action()
  } finally {
    Object.assign(fs, real)
    syncBuiltinESMExports()
  }
  return steps
}

/** What survives: `sectors`: each 512 bytes on their own; `blocks`: as well, one 4 KiB block under the head is lost. */
export type CutKind = 'sectors' | 'blocks'

const sectorBytes = 512
const blockBytes = 4096

/** The disk after `count` steps from `disk`, and then a cut. `disk` is what was durable before the first step. */
export function afterCut(
  disk: Uint8Array,
  steps: readonly DiskStep[],
  how: { count: number; kind: CutKind; chance: Chance },
): Uint8Array {
  const { count, kind, chance } = how
  const done = steps.slice(0, count)
  const lastBarrier = done.findLastIndex((step) => step.kind === 'barrier')
  const durable = applied(disk, done.slice(0, lastBarrier + 1))
  const pending = done.slice(lastBarrier + 1)
  const cached = applied(durable, pending)
  const size = Math.min(durable.length, cached.length) + chance.below(Math.abs(cached.length - durable.length) + 1)
  const result = new Uint8Array(Math.max(size, 0))
  result.set(durable.subarray(0, size))
  const dirty = dirtySectors(pending)
  const keepPercent = chance.pick([0, 10, 50, 90, 100])
  for (const sector of dirty)
    if (chance.happens(keepPercent)) copy(cached, result, { start: sector * sectorBytes, length: sectorBytes })
  if (kind === 'blocks' && dirty.length > 0) {
    const start = Math.floor((chance.pick(dirty) * sectorBytes) / blockBytes) * blockBytes
    result.set(chance.bytes(Math.max(0, Math.min(blockBytes, result.length - start))), Math.min(start, result.length))
  }
  return result
}

/** All steps, as a running system sees them. */
export function applied(disk: Uint8Array, steps: readonly DiskStep[]): Uint8Array {
  let size = disk.length
  for (const step of steps) if (step.kind === 'write') size = Math.max(size, step.offset + step.bytes.length)
  const memory = new Uint8Array(size)
  memory.set(disk)
  let end = disk.length
  for (const step of steps) {
    if (step.kind === 'write') {
      memory.set(step.bytes, step.offset)
      end = Math.max(end, step.offset + step.bytes.length)
    } else if (step.kind === 'truncate') {
      memory.fill(0, step.size)
      end = step.size
    }
  }
  return memory.slice(0, end)
}

function dirtySectors(steps: readonly DiskStep[]): number[] {
  const dirty = new Set<number>()
  for (const step of steps) {
    if (step.kind !== 'write') continue
    const last = Math.floor((step.offset + step.bytes.length - 1) / sectorBytes)
    for (let sector = Math.floor(step.offset / sectorBytes); sector <= last; sector++) dirty.add(sector)
  }
  return [...dirty]
}

function copy(from: Uint8Array, to: Uint8Array, { start, length }: { start: number; length: number }): void {
  const end = Math.min(start + length, from.length, to.length)
  if (start < end) to.set(from.subarray(start, end), start)
}
