/**
 * The tile worker: fetches batches of tiles, folds each as soon as it is there, and hands over what the GPU takes.
 * Keeps nothing; every batch ends with exactly one `end`, unless it was aborted.
 */

import { tileBytes, tileKindsHeader } from '../wire/api.ts'
import { after } from './clock.ts'
import { parseTileKinds, type TileKindItem } from './link/tile-kinds.ts'
import type { FromTileWorker, ToTileWorker } from './link/tile-protocol.ts'
import { makePictures } from './tileset/picture.ts'
import type { BatchOutcome, TilePayload } from './tileset/transport.ts'

type Load = Extract<ToTileWorker, { kind: 'load' }>
type Ready = { index: number; payload: TilePayload }

/** A batch that takes longer has failed. */
const timeoutMs = 20_000

const scope = globalThis as unknown as {
  onmessage: ((event: { data: ToTileWorker }) => void) | null
  postMessage(message: FromTileWorker, transfer: Transferable[]): void
}
const pictures = makePictures()
const running = new Map<number, AbortController>()

scope.onmessage = ({ data }) => {
  if (data.kind === 'abort') {
    running.get(data.id)?.abort()
    running.delete(data.id)
  } else void run(data)
}

async function run(load: Load): Promise<void> {
  const controller = new AbortController()
  running.set(load.id, controller)
  const timer = after(timeoutMs, () => controller.abort())
  const end = { outcome: 'failed' as BatchOutcome, status: 0, bodyBytes: 0 }
  try {
    const response = await fetch(load.url, { signal: controller.signal })
    end.status = response.status
    if (response.status === 404 || response.status === 410) end.outcome = 'gone'
    else if (response.ok) {
      end.bodyBytes = await receive(load, response)
      end.outcome = 'done'
    }
  } catch {
    end.outcome = 'failed'
  }
  timer.cancel()
  if (running.delete(load.id)) scope.postMessage({ kind: 'end', id: load.id, ...end }, [])
}

/** Folds the tiles as their bytes come in; returns the number of bytes of the body. Throws where the reply is not whole. */
async function receive(load: Load, response: Response): Promise<number> {
  const kinds = parseTileKinds(response.headers.get(tileKindsHeader), load.tiles.length)
  if (kinds === undefined) throw new TypeError(`the reply has no usable ${tileKindsHeader} header`)
  const flat: Ready[] = []
  const stored: Load['tiles'][number][] = []
  for (const [at, tile] of load.tiles.entries()) {
    const kind = kinds[at] as TileKindItem
    if (kind.kind === 'stored') stored.push(tile)
    else flat.push({ index: tile.index, payload: { kind: 'flat', flat: kind } })
  }
  post(load.id, flat)
  const body = new Uint8Array(stored.length * tileBytes(load.level))
  let filled = 0
  let folded = 0
  const reader = response.body?.getReader()
  for (;;) {
    const chunk = await reader?.read()
    if (chunk === undefined || chunk.done) break
    body.set(chunk.value, filled)
    filled += chunk.value.length
    folded = foldArrived({ load, stored, body, filled, folded })
  }
  if (folded < stored.length) throw new TypeError(`the reply ends after ${filled} of ${body.length} bytes`)
  return filled
}

/** Folds and posts the tiles that are whole by now; returns how many are done. */
function foldArrived(options: {
  load: Load
  stored: readonly Load['tiles'][number][]
  body: Uint8Array
  filled: number
  folded: number
}): number {
  const { load, stored, body, filled, folded } = options
  const size = tileBytes(load.level)
  const whole = Math.floor(filled / size)
  if (!running.has(load.id) || whole === folded) return whole
  const ready: Ready[] = []
  for (let at = folded; at < whole; at++) {
    const { index, orientation } = stored[at] as Load['tiles'][number]
    const tile = body.subarray(at * size, (at + 1) * size)
    ready.push({ index, payload: pictures.payload({ level: load.level, body: tile, orientation }) })
  }
  post(load.id, ready)
  return whole
}

function post(id: number, tiles: readonly Ready[]): void {
  if (tiles.length === 0) return
  const buffers = tiles.flatMap(({ payload }) => {
    if (payload.kind === 'bytes') return [payload.bytes.buffer, payload.blockEntropy.buffer]
    return payload.kind === 'planes' ? [payload.texels.buffer] : []
  })
  scope.postMessage({ kind: 'tiles', id, tiles }, buffers as Transferable[])
}
