/** What is at one place of a brick, and one entry in full. */
import { displayPath, toHex } from '../base/bytes.ts'
import type { Mapping, Run } from '../base/entry.ts'
import { hexText } from '../base/mapping-text.ts'
import { BrickDamage } from '../brick/damage.ts'
import type { EntryRecord } from '../brick/entry-record.ts'
import { FrameType } from '../brick/frame.ts'
import { hasFrame, TileKind } from '../brick/tile-kind.ts'
import { regionsAt } from '../read/regions.ts'
import type { BrickView } from '../store/brick-view.ts'
import { type InspectAnswer, inspectRegionsMax, type MappingJson, tileKindNames } from '../wire/api.ts'
import { entryOutline, modeText, ownerText, timeText } from './entry-text.ts'
import type { PathIndex } from './path-index.ts'
import { regionJson } from './regions.ts'

const tileSizeBytes = 65_536
/** Bytes of a level-4 texel, texels of a page, and the plane that says how much of it is owned. */
const blockBytes = 256
const pageTexels = 4_096
const coveragePlane = 5
const entropyBitsMax = 8

/** `offset` is inside N. Errors: BRICK_DAMAGED. */
export function inspectAt({ view, index }: { view: BrickView; index: PathIndex }, offset: number): InspectAnswer {
  const tile = Math.floor(offset / tileSizeBytes)
  const { kind } = view.locateTile(tile)
  const owner = index.slotOwner(offset)
  const record = owner === undefined ? undefined : view.entry(index.path(owner))
  const within = owner === undefined ? 0 : offset - (index.columns.slotStarts[owner] as number)
  const isStored = (hasFrame(kind) || kind === TileKind.fill) && record !== undefined && isOwned(record, within)
  return {
    offset,
    byte: isStored ? (view.tile(tile)[offset % tileSizeBytes] as number) : null,
    tile: {
      index: tile,
      kind: tileKindNames[kind] ?? 'absent',
      hash: kind === TileKind.absent ? null : toHex(view.tileHash(tile)),
    },
    entropy: blockEntropy(view, Math.floor(offset / blockBytes)),
    entry: owner === undefined || record === undefined ? null : entryAnswer({ index, owner, record, offset: within }),
    ...regionsAnswer(view, offset),
  }
}

/** What is damaged in the meaning does not hide the byte. */
function regionsAnswer(view: BrickView, offset: number): Pick<InspectAnswer, 'regions' | 'regionsDamaged'> {
  try {
    return { regions: regionsAt(view, offset, inspectRegionsMax).map(regionJson) }
  } catch (error) {
    if (!(error instanceof BrickDamage)) throw error
    return { regions: [], regionsDamaged: true }
  }
}

function entryAnswer(options: {
  index: PathIndex
  owner: number
  record: EntryRecord
  offset: number
}): InspectAnswer['entry'] {
  const { index, owner, record, offset } = options
  return {
    ...entryOutline(index, owner),
    offset,
    mode: modeText(record),
    owner: ownerText(record),
    mtime: timeText(record.mtime),
    contentId: record.contentId === undefined ? null : toHex(record.contentId),
    unreadable: record.unreadable ?? null,
    mapping: record.mapping === undefined ? null : mappingJson(record.mapping),
    byteAddress: byteAddress(record, offset),
  }
}

/** Null behind the end of the content, too: what has an address there is not this mapping. */
function byteAddress({ mapping, size }: EntryRecord, offset: number): string | null {
  return mapping === undefined || offset >= size ? null : hexText(mapping.address + BigInt(offset))
}

function mappingJson({ address, lead, permissions, name, fileOffset }: Mapping): MappingJson {
  return { address: hexText(address), lead, permissions, name: displayPath(name), fileOffset: hexText(fileOffset) }
}

/** Spec section 5: inside the content, not in a hole, not in what could not be read. */
function isOwned({ size, extents, unreadable, unreadableRanges }: EntryRecord, offset: number): boolean {
  if (offset >= size || (unreadable !== undefined && unreadableRanges === undefined)) return false
  const holds = ({ start, length }: Run) => offset >= start && offset < start + length
  return (extents?.some(holds) ?? true) && !(unreadableRanges?.some(holds) ?? false)
}

/** Bits per byte of a block of 256, as its level-4 texel says; null where nothing of it is owned. */
function blockEntropy(view: BrickView, block: number): number | null {
  const { pointer } = view.locatePage(4, Math.floor(block / pageTexels))
  if (pointer.offset === 0) return null
  const page = view.file.frame(FrameType.overview, pointer, view.record)
  const texel = block % pageTexels
  if (!page[coveragePlane * pageTexels + texel]) return null
  return ((page[texel] as number) * entropyBitsMax) / 255
}
