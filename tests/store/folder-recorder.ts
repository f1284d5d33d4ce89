/**
 * Writes down what reaches the operating system for the files and the names of a folder, and makes the states in which a
 * power cut may leave them: of each file what its own barriers promise, of names what the folder's do.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import type { Chance } from '../fold/chance.ts'
import { afterCut, type CutKind, type DiskStep } from './disk-recorder.ts'

export type FolderStep =
  | { readonly kind: 'file'; readonly ino: number; readonly step: DiskStep }
  | { readonly kind: 'rename'; readonly ino: number; readonly to: string }
  | { readonly kind: 'folder barrier' }

export interface FolderState {
  /** Inode by name. */
  readonly names: ReadonlyMap<string, number>
  /** Content by inode. */
  readonly files: ReadonlyMap<number, Uint8Array>
}

/** As it is now, all of it durable. */
export function folderState(folder: string): FolderState {
  const names = new Map<string, number>()
  const files = new Map<number, Uint8Array>()
  for (const name of fs.readdirSync(folder)) {
    const path = join(folder, name)
    const stat = fs.lstatSync(path)
    if (!stat.isFile()) continue
    names.set(name, stat.ino)
    files.set(stat.ino, Uint8Array.from(fs.readFileSync(path)))
  }
  return { names, files }
}

export async function recordFolder(folder: string, action: () => Promise<unknown>): Promise<FolderStep[]> {
  const steps: FolderStep[] = []
  const names = ['writeSync', 'fdatasyncSync', 'fsyncSync', 'ftruncateSync', 'renameSync'] as const
  const real = Object.fromEntries(names.map((name) => [name, fs[name]])) as Pick<typeof fs, (typeof names)[number]>
  const add = (fd: number, step: DiskStep): void => {
    const path = fs.readlinkSync(`/proc/self/fd/${fd}`)
    if (path === folder && step.kind === 'barrier') steps.push({ kind: 'folder barrier' })
    else if (path.startsWith(`${folder}/`)) steps.push({ kind: 'file', ino: fs.fstatSync(fd).ino, step })
  }
  const patched = {
    writeSync(fd: number, bytes: Uint8Array, from: number, length: number, offset: number): number {
      const written = real.writeSync(fd, bytes, from, length, offset)
      add(fd, { kind: 'write', offset, bytes: Uint8Array.from(bytes.subarray(from, from + written)) })
      return written
    },
    fdatasyncSync(fd: number): void {
      real.fdatasyncSync(fd)
      add(fd, { kind: 'barrier' })
    },
    fsyncSync(fd: number): void {
      real.fsyncSync(fd)
      add(fd, { kind: 'barrier' })
    },
    ftruncateSync(fd: number, size: number): void {
      real.ftruncateSync(fd, size)
      add(fd, { kind: 'truncate', size })
    },
    renameSync(from: Buffer, to: Buffer): void {
      const { ino } = fs.lstatSync(from)
      real.renameSync(from, to)
      steps.push({ kind: 'rename', ino, to: to.toString().slice(folder.length + 1) })
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

/** What may be on the disk after the first `count` steps and then a cut: the content of the file of that name. */
export function nameAfterCut(
  before: FolderState,
  steps: readonly FolderStep[],
  how: { name: string; count: number; kind: CutKind; chance: Chance },
): Uint8Array {
  const { name, count, kind, chance } = how
  const done = steps.slice(0, count)
  const lastBarrier = done.findLastIndex((step) => step.kind === 'folder barrier')
  let ino = before.names.get(name)
  for (const [index, step] of done.entries()) {
    // A rename that no barrier has followed may be undone, all that came after it too.
    if (step.kind !== 'rename' || step.to !== name) continue
    if (index > lastBarrier && chance.happens(50)) break
    ino = step.ino
  }
  if (ino === undefined) throw new Error(`${name} is gone`)
  const own = done.flatMap((step) => (step.kind === 'file' && step.ino === ino ? [step.step] : []))
  return afterCut(before.files.get(ino) ?? new Uint8Array(0), own, { count: own.length, kind, chance })
}
