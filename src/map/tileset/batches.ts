/**
 * Groups wanted tiles into requests and keeps account of what is under way.
 *
 * A batch holds tiles of one brick, one commit and one level. Never more than `inFlightMax` batches at once; each is
 * forgotten exactly once, by its end or by an abort, so nothing can wait for ever.
 */
import { tileBytes } from '../../wire/api.ts'
import type { TiledBrick } from './brick-tiles.ts'
import type { TileRecord } from './tile-record.ts'
import type { TileTransport } from './transport.ts'

/** Decoded bytes and tiles of one request: large enough to be worth a round trip, small enough to give way soon. */
const batchBytesMax = 1 << 20
const batchTilesMax = 64
/** A tile that was not wanted for this many frames is no longer waited for. */
const patienceFrames = 3

export interface Want {
  readonly record: TileRecord
  readonly brick: TiledBrick
  /** 0 root, 1 coarse cover, 2 in view and missing, 3 in view and stale, 4 spare. */
  readonly rank: number
  /** From the middle of the view, in units. */
  readonly distance: number
}

interface Item {
  readonly record: TileRecord
  readonly revision: number
}

interface Batch {
  readonly id: number
  readonly uuid: string
  readonly items: Map<number, Item>
}

export interface BatchPlanner {
  readonly inFlightCount: number
  /** Sends as many batches as are allowed; `wants`: most urgent first, none of them loading. */
  send(wants: readonly Want[]): void
  /** Aborts batches none of whose tiles is wanted any more. */
  dropUnwanted(frame: number): void
  /** Takes tile `index` off the batch; undefined where nobody waits for it. */
  arrived(batchId: number, index: number): Item | undefined
  /** Forgets the batch and tells what it did not bring; undefined where it is unknown. */
  finished(batchId: number): { uuid: string; missing: readonly Item[] } | undefined
}

export function makeBatchPlanner(options: { transport: TileTransport; inFlightMax: number }): BatchPlanner {
  const { transport, inFlightMax } = options
  const batches = new Map<number, Batch>()
  let lastId = 0

  const start = (first: Want, wants: readonly Want[]): void => {
    const { record, brick } = first
    const countMax = Math.min(batchTilesMax, Math.floor(batchBytesMax / tileBytes(record.level)))
    const items = new Map<number, Item>()
    lastId++
    for (const want of wants) {
      if (items.size >= countMax) break
      if (want.record.loading !== 0 || want.brick !== brick || want.record.level !== record.level) continue
      want.record.loading = lastId
      items.set(want.record.index, { record: want.record, revision: want.record.revision })
    }
    const tiles = [...items.values()]
      .map((item) => ({ index: item.record.index, orientation: item.record.orientation }))
      .sort((a, b) => a.index - b.index)
    batches.set(lastId, { id: lastId, uuid: brick.uuid, items })
    transport.load({ id: lastId, uuid: brick.uuid, commit: brick.commit, level: record.level, tiles })
  }

  return {
    get inFlightCount() {
      return batches.size
    },
    send(wants) {
      for (const want of wants) {
        if (batches.size >= inFlightMax) return
        if (want.record.loading === 0) start(want, wants)
      }
    },
    dropUnwanted(frame) {
      for (const batch of [...batches.values()]) {
        const items = [...batch.items.values()]
        if (items.some(({ record }) => frame - record.wantedFrame < patienceFrames)) continue
        for (const { record } of items) record.loading = 0
        batches.delete(batch.id)
        transport.abort(batch.id)
      }
    },
    arrived(batchId, index) {
      const batch = batches.get(batchId)
      const item = batch?.items.get(index)
      if (item !== undefined) batch?.items.delete(index)
      return item
    },
    finished(batchId) {
      const batch = batches.get(batchId)
      if (batch === undefined) return undefined
      batches.delete(batchId)
      return { uuid: batch.uuid, missing: [...batch.items.values()] }
    },
  }
}

/** RUNS of the wire's tile request, in the order given: `3-7,9`. */
export function runsText(indexes: readonly number[]): string {
  const parts: string[] = []
  for (let at = 0; at < indexes.length; ) {
    const first = indexes[at] as number
    let last = first
    while (indexes[at + 1] === last + 1) {
      last++
      at++
    }
    at++
    parts.push(first === last ? String(first) : `${first}-${last}`)
  }
  return parts.join(',')
}
