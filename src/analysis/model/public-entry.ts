/**
 * Whether every user of the machine may read an entry: then a model server, which any user may run, learns nothing from
 * its facts that its owner could not read. What cannot be told is taken for not.
 */
import type { EntryMeta } from '../../base/entry.ts'
import { parentPath } from '../../brick/entry-record.ts'

export interface PublicPlace {
  /** As META says it of the source. */
  readonly worldReadable: boolean
  /** The entry at that path; undefined where there is none. */
  readonly entry: (path: Uint8Array) => Pick<EntryMeta, 'mode' | 'kind'> | undefined
}

export function isPublic({ path, mode, mapping }: EntryMeta, { worldReadable, entry }: PublicPlace): boolean {
  if (!worldReadable || mapping !== undefined || (mode & readByOthers) === 0) return false
  for (let above = path; above.length > 0; ) {
    above = parentPath(above)
    const folder = entry(above)
    if (folder?.kind === 'dir' && (folder.mode & enterByOthers) === 0) return false
  }
  return true
}

const readByOthers = 0o004
const enterByOthers = 0o001
