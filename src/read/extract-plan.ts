/**
 * What an extraction writes, in which order: folders first, files in the order of their slots (so that each tile is
 * read once), then names that need those to be there; folders' own attributes come last.
 */
import { bytesKey } from '../base/bytes.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import type { BrickView } from '../store/brick-view.ts'
import { dataBytes, isUnread } from './content.ts'
import { Forgotten } from './forgotten.ts'
import { selectEntries } from './select.ts'

export interface ExtractPlan {
  /** Parents before children; the root directory is first, with the empty path. */
  readonly directories: readonly EntryRecord[]
  /** Files that hold content of their own, ascending by slot. */
  readonly files: readonly EntryRecord[]
  /** Another name of a file of this plan. */
  readonly hardLinks: readonly { readonly entry: EntryRecord; readonly existing: Uint8Array }[]
  readonly symlinks: readonly EntryRecord[]
  /** Fifos, sockets, devices. */
  readonly specials: readonly EntryRecord[]
  /** Whose content was never read: they are reported, not written. */
  readonly unread: readonly EntryRecord[]
  /** Whose content, or a part of it, was forgotten in this commit: they are reported, not written. */
  readonly forgotten: readonly EntryRecord[]
  /** What the files take on disk, roughly: data in blocks of 4 KiB, and a block for every other entry. */
  readonly spaceBytes: number
  /** Data to be written. */
  readonly dataBytes: number
}

/** `paths` empty: everything. Errors: ENTRY_MISSING; BrickDamage. */
export function planExtraction(view: BrickView, paths: readonly Uint8Array[]): ExtractPlan {
  const entries = selectEntries(view, paths)
  const files: EntryRecord[] = []
  const unread: EntryRecord[] = []
  const { holders, links } = splitLinks(view, entries)
  const forgotten: EntryRecord[] = []
  const lost = new Forgotten(view)
  for (const entry of holders) (isUnread(entry) ? unread : lost.hasBytesOf(entry) ? forgotten : files).push(entry)
  const lists = new Map<string, EntryRecord[]>()
  for (const list of [unread, forgotten]) for (const { path } of list) lists.set(bytesKey(path), list)
  const hardLinks = links.filter(({ existing }) => !lists.has(bytesKey(existing)))
  for (const { entry, existing } of links) lists.get(bytesKey(existing))?.push(entry)
  files.sort((a, b) => (a.slot?.start ?? -1) - (b.slot?.start ?? -1))
  const blocks = files.reduce(
    (sum, file) => sum + Math.ceil(dataBytes(file) / blockBytes),
    entries.length - files.length,
  )
  return {
    directories: entries.filter(({ kind }) => kind === 'dir'),
    files,
    hardLinks,
    symlinks: entries.filter(({ kind }) => kind === 'symlink'),
    specials: entries.filter(({ kind }) => kind !== 'file' && kind !== 'dir' && kind !== 'symlink'),
    unread,
    forgotten,
    spaceBytes: blocks * blockBytes,
    dataBytes: files.reduce((sum, file) => sum + dataBytes(file), 0),
  }
}

const blockBytes = 4_096

/**
 * Files with content and links to them. Where a link is chosen but not what it names, the first such link takes the
 * content over.
 */
function splitLinks(
  view: BrickView,
  entries: readonly EntryRecord[],
): { holders: EntryRecord[]; links: { entry: EntryRecord; existing: Uint8Array }[] } {
  const holders: EntryRecord[] = []
  const links: { entry: EntryRecord; existing: Uint8Array }[] = []
  /** By the path that the records name: the path that will hold the content. */
  const held = new Map<string, Uint8Array>()
  for (const entry of entries) {
    if (entry.kind !== 'file' || entry.linkTo !== undefined) continue
    holders.push(entry)
    held.set(bytesKey(entry.path), entry.path)
  }
  for (const entry of entries) {
    if (entry.kind !== 'file' || entry.linkTo === undefined) continue
    const key = bytesKey(entry.linkTo)
    const existing = held.get(key)
    if (existing !== undefined) {
      links.push({ entry, existing })
      continue
    }
    const holder = view.entry(entry.linkTo)
    holders.push(holder === undefined || holder.kind !== 'file' ? entry : { ...holder, path: entry.path })
    held.set(key, entry.path)
  }
  return { holders, links }
}
