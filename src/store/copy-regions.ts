/**
 * Copies REGIONS into another file without what lies in some slots: what they are called and what is known of them may tell of
 * bytes that are to be forgotten.
 *
 * The first commit's map is built anew, each further one from the one before and what differs; so what commits share is
 * shared again, and nothing that is left behind is ever written.
 */
import { compareBytes } from '../base/bytes.ts'
import type { Run } from '../base/entry.ts'
import type { CommitRecord, MapRoot } from '../brick/commit-record.ts'
import { buildMap, diffMaps, emptyMap, type MapChange, type MapItem, scan, updateMap } from '../brick/page-map.ts'
import { firstRegionKey, placeOfRegionKey, sizeClassCount } from '../brick/region-key.ts'
import type { CopyTarget, FrameSource } from './copy-target.ts'
import { readOnlyPages } from './page-store.ts'

export class RegionsCopy {
  readonly #target: CopyTarget
  readonly #without: (generation: number) => readonly Run[]
  #before: { readonly old: CommitRecord; readonly slots: readonly Run[]; readonly copied: MapRoot } | undefined
  /** Bytes of the pages that were written: at most so much more does a commit need. */
  grownBytes = 0

  constructor(target: CopyTarget, without: (generation: number) => readonly Run[]) {
    this.#target = target
    this.#without = without
  }

  /** Generations ascend. Errors: BrickDamage, DISK_*. */
  root(record: CommitRecord, { file }: FrameSource): MapRoot {
    const slots = this.#without(record.generation)
    const end = this.#target.end
    const pages = readOnlyPages(file, record)
    const copied =
      this.#before === undefined
        ? buildMap(this.#target, 'regions', outside(scan(pages, 'regions', record.regions), slots))
        : updateMap(this.#target, 'regions', this.#before.copied, this.#changes(record, slots, pages)).root
    this.grownBytes += this.#target.end - end
    this.#before = { old: record, slots, copied }
    return copied.count === 0 ? emptyMap : { pointer: copied.pointer, count: copied.count, hash: copied.hash }
  }

  /** From the copy of the commit before to the copy of this one, ascending. */
  #changes(record: CommitRecord, slots: readonly Run[], pages: ReturnType<typeof readOnlyPages>): MapChange[] {
    const before = this.#before
    const changes = new Map<string, MapChange>()
    const take = ({ key, value }: MapChange): void => {
      const isLeftOut = value === null || isIn(slots, key)
      changes.set(Buffer.from(key).toString('latin1'), { key, value: isLeftOut ? null : value })
    }
    for (const { key, after = null } of diffMaps(pages, 'regions', before?.old.regions ?? emptyMap, record.regions)) {
      take({ key, value: after })
    }
    // A slot of these may have been another entry's in one of the two commits.
    for (const slot of new Set([...(before?.slots ?? []), ...slots])) {
      for (let sizeClass = 0; sizeClass < sizeClassCount; sizeClass++) {
        const range = {
          from: firstRegionKey(sizeClass, slot.start),
          to: firstRegionKey(sizeClass, slot.start + slot.length),
        }
        for (const item of scan(pages, 'regions', record.regions, range)) take(item)
      }
    }
    return [...changes.values()].sort((a, b) => compareBytes(a.key, b.key))
  }
}

function* outside(items: Iterable<MapItem>, slots: readonly Run[]): Generator<MapItem> {
  for (const item of items) if (!isIn(slots, item.key)) yield item
}

function isIn(slots: readonly Run[], key: Uint8Array): boolean {
  const { start: position } = placeOfRegionKey(key)
  return slots.some(({ start, length }) => position >= start && position < start + length)
}
