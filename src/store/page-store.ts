/** Pages of a brick's maps, read with a bounded cache. A page never changes below fileEnd, so the offset is the key. */
import { assert } from '../base/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import type { CommitRecord } from '../brick/commit-record.ts'
import { BrickDamage } from '../brick/damage.ts'
import { FrameType } from '../brick/frame.ts'
import type { PageStore } from '../brick/page-map.ts'
import type { Pointer } from '../brick/pointer.ts'
import type { BrickFile } from './brick-file.ts'
import { nodeTools } from './node-tools.ts'

const cachedPagesMax = 512

/** A page store that only reads. */
export function readOnlyPages(
  file: BrickFile,
  commit: Pick<CommitRecord, 'epoch' | 'fileEnd' | 'generation'>,
): PageStore {
  const cache = new Map<number, Uint8Array>()
  return {
    tools: nodeTools,
    generation: commit.generation,
    readPage(pointer: Pointer, hash?: Uint8Array): Uint8Array {
      const cached = cache.get(pointer.offset)
      if (cached !== undefined) return cached
      const page = file.frame(FrameType.pages, pointer, commit)
      checkPageHash(page, pointer, hash)
      if (cache.size >= cachedPagesMax) cache.delete(cache.keys().next().value as number)
      cache.set(pointer.offset, page)
      return page
    },
    writePage(): Pointer {
      assert(false, 'a reader wrote a page')
    },
  }
}

export function checkPageHash(page: Uint8Array, pointer: Pointer, hash: Uint8Array | undefined): void {
  if (hash === undefined || equalBytes(nodeTools.sha256(page), hash)) return
  throw new BrickDamage('page-hash', 'a page is not the one that its parent names', pointer.offset)
}
