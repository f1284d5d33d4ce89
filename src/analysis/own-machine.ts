/** Whether a brick is of the machine that this program runs on: only then its package database says something of the brick. */
import { lstatSync } from 'node:fs'
import { isOneFile } from '../brick/meta.ts'
import type { BrickView } from '../store/brick-view.ts'

/**
 * The source lies where it lay, as the same inode of the same device. A file that was replaced since is taken for another
 * machine's: to say too little is better than to accuse a file of not being a package's.
 */
export function isOfThisMachine(view: BrickView): boolean {
  const { kind, source } = view.meta
  if (kind !== 'tree' && kind !== 'file') return false
  const top = isOneFile(kind) ? view.entries().next().value : view.entry(new Uint8Array(0))
  if (top === undefined) return false
  try {
    const { dev, ino } = lstatSync(Buffer.from(source), { bigint: true })
    return dev === top.dev && ino === top.ino
  } catch {
    return false
  }
}
