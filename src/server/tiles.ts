/**
 * Batches of tiles and overview pages (spec section 10): stored zstd payloads are passed on as they lie in the brick.
 *
 * A tile whose frame is damaged is marked as one that cannot be read, and the answer is then not to be kept; the others
 * are unharmed. Bytes of the body are always whole tiles, so a client finds the n-th at n times its length.
 */
import { BrickDamage } from '../brick/damage.ts'
import { Codec, FrameType } from '../brick/frame.ts'
import { TileKind } from '../brick/tile-kind.ts'
import { wrapRawAsZstd } from '../brick/zstd-frame.ts'
import type { BrickView, Located } from '../store/brick-view.ts'
import { tileBytes, tileSpan } from '../wire/api.ts'

export interface TileRequest {
  readonly level: number
  /** Below indexEnd of the level. */
  readonly indexes: readonly number[]
  readonly encoding: 'zstd' | 'identity'
}

export interface TileBatch {
  /** Value of the kinds header. */
  readonly kinds: string
  readonly body: Uint8Array
  readonly damagedCount: number
}

/** Tiles or pages that a level of this view has; page 0 exists even where nothing is owned. */
export function indexEnd(view: BrickView, level: number): number {
  return Math.max(1, Math.ceil(view.record.length / tileSpan(level)))
}

export function readTiles(view: BrickView, request: TileRequest): TileBatch {
  const kinds: string[] = []
  const parts: Uint8Array[] = []
  let damagedCount = 0
  for (const index of request.indexes) {
    const read = readTile(view, index, request)
    kinds.push(read.kind)
    if (read.body !== undefined) parts.push(read.body)
    if (read.damaged) damagedCount++
  }
  return { kinds: kinds.join(), body: Buffer.concat(parts), damagedCount }
}

interface TileRead {
  readonly kind: string
  readonly body?: Uint8Array
  readonly damaged?: true
}

/** Letters of the kinds without bytes. */
const bareLetters = new Map<number, string>([
  [TileKind.absent, 'a'],
  [TileKind.hole, 'h'],
  [TileKind.unreadable, 'u'],
  [TileKind.pruned, 'p'],
])

function readTile(view: BrickView, index: number, { level, encoding }: TileRequest): TileRead {
  try {
    const located = level === 0 ? view.locateTile(index) : view.locatePage(level, index)
    const { kind, fill, pointer } = located
    if (pointer.offset > 0) return { kind: 's', body: encodings[encoding](view, located, level) }
    if (kind === TileKind.fill) return { kind: `f${fill.toString(16).padStart(2, '0')}` }
    return { kind: bareLetters.get(kind) ?? 'a' }
  } catch (error) {
    if (error instanceof BrickDamage) return { kind: 'u', damaged: true }
    throw error
  }
}

const encodings = { zstd: zstdTile, identity: plainTile }

/** A frame that is whole and zstd needs no work; the rest is wrapped in blocks that hold it as it is. */
function zstdTile(view: BrickView, located: Located, level: number): Uint8Array {
  const { codec, stored, rawLength } = view.file.storedFrame(frameTypeOf(level), located.pointer, view.record)
  if (rawLength === tileBytes(level) && codec === Codec.zstd) return stored
  return wrapRawAsZstd(plainTile(view, located, level))
}

function plainTile(view: BrickView, { pointer }: Located, level: number): Uint8Array {
  const payload = view.file.frame(frameTypeOf(level), pointer, view.record)
  return wholeTile(payload, { level, offset: pointer.offset })
}

/** tileBytes(level) long: a tile may be stored without the zeros at its end, a page may not. BrickDamage. */
export function wholeTile(payload: Uint8Array, { level, offset }: { level: number; offset: number }): Uint8Array {
  const length = tileBytes(level)
  if (payload.length === length) return payload
  if (level > 0 || payload.length > length) {
    throw new BrickDamage('frame', `what is stored for level ${level} has ${payload.length} bytes`, offset)
  }
  const whole = new Uint8Array(length)
  whole.set(payload)
  return whole
}

function frameTypeOf(level: number): FrameType {
  return level === 0 ? FrameType.data : FrameType.overview
}
