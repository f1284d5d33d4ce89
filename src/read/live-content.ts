/** The content id of a live file, read in bounded memory; its holes are not read. */
import type { EntryMeta } from '../base/entry.ts'
import { tileBytes, tileCount } from '../brick/merkle.ts'
import { closeFd } from '../linux/directory.ts'
import type { Listed } from '../source/list.ts'
import { openContent, readExactly } from '../source/read.ts'
import { merkle } from '../store/brick-view.ts'
import { dataRuns } from './content.ts'
import { ContentHash } from './content-hash.ts'

/** `why`: an errno's name, or that it changed. */
export type LiveContent =
  | { readonly kind: 'id'; readonly id: Uint8Array }
  | { readonly kind: 'unreadable'; readonly why: string }

export function liveContentId(root: Uint8Array, { meta, content }: Listed): LiveContent {
  if (content !== undefined) return { kind: 'id', id: merkle.contentIdOf({ bytes: content }) }
  if (meta.size === 0) return { kind: 'id', id: merkle.contentIdOf({ bytes: new Uint8Array(0) }) }
  const opened = openContent(root, meta)
  if (opened.kind === 'unreadable') return opened
  if (opened.kind === 'changed') return { kind: 'unreadable', why: 'it changed since it was listed' }
  try {
    return meta.size <= tileBytes ? smallId(opened.fd, meta) : largeId(opened.fd, meta)
  } finally {
    closeFd(opened.fd)
  }
}

const cutShort: LiveContent = { kind: 'unreadable', why: 'it became shorter while it was read' }
const damaged: LiveContent = { kind: 'unreadable', why: 'EIO' }

function smallId(fd: number, { size }: EntryMeta): LiveContent {
  const bytes = new Uint8Array(size)
  const { bytesRead, unreadable } = readExactly(fd, bytes, 0)
  if (unreadable.length > 0) return damaged
  return bytesRead < size ? cutShort : { kind: 'id', id: merkle.contentIdOf({ bytes }) }
}

function largeId(fd: number, meta: EntryMeta): LiveContent {
  const hash = new ContentHash()
  const tile = new Uint8Array(tileBytes)
  let hashed = 0
  for (const run of dataRuns(meta)) {
    const end = tileCount(run.start + run.length)
    for (let index = Math.max(hashed, Math.floor(run.start / tileBytes)); index < end; index++) {
      const length = Math.min(tileBytes, meta.size - index * tileBytes)
      const { bytesRead, unreadable } = readExactly(fd, tile.subarray(0, length), index * tileBytes)
      if (unreadable.length > 0) return damaged
      if (bytesRead < length) return cutShort
      hash.zeros(index - hashed)
      hash.tile(merkle.leaf(tile.subarray(0, length)))
      hashed = index + 1
    }
  }
  hash.zeros(tileCount(meta.size) - hashed)
  return { kind: 'id', id: hash.id(meta.size) }
}
