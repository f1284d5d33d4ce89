/** The tile worker as a transport of the tile set, with counts of what it did. */
import { runsText } from '../tileset/batches.ts'
import type { BatchOutcome, TilePayload, TileTransport } from '../tileset/transport.ts'
import type { FromTileWorker, ToTileWorker } from './tile-protocol.ts'

export interface TileLinkStats {
  requests: number
  tilesAsked: number
  tilesReceived: number
  aborted: number
  failed: number
  /** Decoded bytes of all bodies. */
  bytes: number
}

export interface TileLink extends TileTransport {
  readonly stats: TileLinkStats
  listen(handlers: {
    receive(batchId: number, index: number, payload: TilePayload): void
    finish(batchId: number, outcome: BatchOutcome): void
    changed(): void
  }): void
}

export function openTileLink(workerUrl: string): TileLink {
  const worker = new Worker(workerUrl)
  const stats = { requests: 0, tilesAsked: 0, tilesReceived: 0, aborted: 0, failed: 0, bytes: 0 }
  const send = (message: ToTileWorker) => worker.postMessage(message)
  return {
    stats,
    load({ id, uuid, commit, level, tiles }) {
      stats.requests++
      stats.tilesAsked += tiles.length
      const runs = runsText(tiles.map(({ index }) => index))
      send({ kind: 'load', id, url: `/b/${uuid}/${commit}/tiles?l=${level}&i=${runs}`, level, tiles })
    },
    abort(id) {
      stats.aborted++
      send({ kind: 'abort', id })
    },
    listen(handlers) {
      worker.onmessage = ({ data }: { data: FromTileWorker }) => {
        if (data.kind === 'tiles') {
          stats.tilesReceived += data.tiles.length
          for (const { index, payload } of data.tiles) handlers.receive(data.id, index, payload)
        } else {
          stats.bytes += data.bodyBytes
          if (data.outcome !== 'done') stats.failed++
          handlers.finish(data.id, data.outcome)
        }
        handlers.changed()
      }
    },
  }
}
