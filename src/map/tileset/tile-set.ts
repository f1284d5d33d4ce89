/**
 * The tile cache: decides per frame what is drawn and what is asked for. Draws nothing and fetches nothing itself.
 *
 * Invariants: what has content stays drawn until its replacement is in; what is wanted and neither held nor loading is
 * asked for again in every frame (there is no queue that could hold it back); never more than `inFlightMax` batches,
 * `slotsPerPage * pageCountMax` slots and `recordCountMax` idle records.
 */
import type { View } from '../view/camera.ts'
import { type BatchPlanner, makeBatchPlanner, type Want } from './batches.ts'
import { type BrickTiles, makeBrickTiles, type TiledBrick } from './brick-tiles.ts'
import { type Drawn, planFrame } from './frame-plan.ts'
import { SlotPool } from './slot-pool.ts'
import { hasContent, type TileRecord } from './tile-record.ts'
import type { BatchOutcome, TilePayload, TileTransport } from './transport.ts'
import { makeZoomGate, type ZoomGate } from './zoom-gate.ts'

const recordCountMax = 8192
const arrivedCountMax = 512
/** While more than this waits for its upload, nothing more is asked for. */
const arrivedCountCalm = 128
/** A changed tile that is in view is fetched at most this often. */
const refetchMsMin = 250
const retryMsFirst = 250
const retryMsMax = 8000

export interface FrameResult {
  /** Coarser pages standing in for squares that are not there yet; drawn first. No two overlap. */
  readonly under: readonly Drawn[]
  /** Squares of the wanted level, and finer ones that stand in. No two overlap. */
  readonly over: readonly Drawn[]
  /** All that is in view is held at the wanted level and is of the present commit, and nothing ahead is being fetched. */
  readonly settled: boolean
  /** When another frame is needed even if nothing happens; Infinity: not at all. */
  readonly againAtMs: number
}

/** Puts content into the record's texture slot. */
export type Upload = (record: TileRecord, payload: Exclude<TilePayload, { kind: 'flat' }>) => void

export interface TileSetOptions {
  readonly transport: TileTransport
  readonly bytePageCountMax: number
  readonly overviewPageCountMax: number
  readonly inFlightMax?: number
  /** Called when the server answered that a commit is gone. */
  readonly onCommitGone?: (uuid: string) => void
}

export class TileSet {
  readonly bytePool: SlotPool<TileRecord>
  readonly overviewPool: SlotPool<TileRecord>
  readonly #bricks = new Map<string, BrickTiles>()
  readonly #planner: BatchPlanner
  readonly #arrived: Arrival[] = []
  readonly #gate: ZoomGate = makeZoomGate()
  readonly #onCommitGone: (uuid: string) => void
  #frame = 0
  #nowMs = 0

  constructor(options: TileSetOptions) {
    this.bytePool = new SlotPool({ pageCountMax: options.bytePageCountMax })
    this.overviewPool = new SlotPool({ pageCountMax: options.overviewPageCountMax })
    this.#planner = makeBatchPlanner({ transport: options.transport, inFlightMax: options.inFlightMax ?? 3 })
    this.#onCommitGone = options.onCommitGone ?? (() => {})
  }

  get inFlightCount(): number {
    return this.#planner.inFlightCount
  }

  get arrivedCount(): number {
    return this.#arrived.length
  }

  get recordCount(): number {
    let count = 0
    for (const tiles of this.#bricks.values()) count += tiles.recordCount
    return count
  }

  /** Adds a brick or gives it its newest commit. `dirty`: runs of tiles that changed; null: all; undefined: none. */
  setBrick(brick: TiledBrick, dirty: readonly (readonly [start: number, length: number])[] | null | undefined): void {
    const known = this.#bricks.get(brick.uuid)
    if (known === undefined) this.#bricks.set(brick.uuid, makeBrickTiles(brick))
    else known.update(brick, dirty)
  }

  removeBrick(uuid: string): void {
    const tiles = this.#bricks.get(uuid)
    if (tiles === undefined) return
    for (const record of tiles.records()) this.#release(record)
    this.#bricks.delete(uuid)
  }

  /** The tile of level 0 that is held for `index`, or undefined. */
  heldTile(uuid: string, index: number): TileRecord | undefined {
    const record = this.#bricks.get(uuid)?.get(0, index)
    return record !== undefined && hasContent(record) ? record : undefined
  }

  /** Forgets every texture (the GPU's memory is lost); all is fetched again. */
  forgetAll(): void {
    for (const tiles of this.#bricks.values()) for (const record of tiles.records()) this.#release(record)
    for (const { record } of this.#arrived.splice(0)) record.arrived = false
  }

  /** A reply brings tile `index` of batch `batchId`. Late and unknown ones are dropped. */
  receive(batchId: number, index: number, payload: TilePayload): void {
    const item = this.#planner.arrived(batchId, index)
    if (item === undefined) return
    const { record, revision } = item
    record.loading = 0
    record.failures = 0
    if (this.#arrived.length >= arrivedCountMax) return
    record.arrived = true
    this.#arrived.push({ record, payload, revision })
  }

  /** Batch `batchId` has ended; what it did not bring is asked for again after a while. */
  finish(batchId: number, outcome: BatchOutcome): void {
    const batch = this.#planner.finished(batchId)
    if (batch === undefined) return
    for (const { record } of batch.missing) {
      record.loading = 0
      record.failures++
      record.retryAtMs = this.#nowMs + Math.min(retryMsMax, retryMsFirst * 2 ** (record.failures - 1))
    }
    if (outcome === 'gone') this.#onCommitGone(batch.uuid)
  }

  /** One step: uploads what has arrived (while `mayUpload` says so), plans the picture, asks for what is missing. */
  frame(options: {
    view: View
    nowMs: number
    upload: Upload
    mayUpload: () => boolean
    /** The view rests: what lies around it may be fetched too. */
    ahead?: boolean
  }): FrameResult {
    const { view, nowMs } = options
    this.#frame++
    this.#nowMs = nowMs
    this.#uploadArrived(options)
    const fast = this.#gate.isFast(view.camera.scale, nowMs)
    const plan = planFrame({
      bricks: this.#bricks.values(),
      view,
      frame: this.#frame,
      pools: { bytes: this.bytePool, overview: this.overviewPool },
      ahead: options.ahead === true && !fast,
    })
    const due = this.#dueOf(plan.wants, fast)
    this.#planner.dropUnwanted(this.#frame)
    if (this.#arrived.length < arrivedCountCalm) this.#planner.send(due.wants)
    this.#sweep()
    const settled = plan.complete && plan.ready && this.#arrived.length === 0 && !fast
    return { under: plan.under, over: plan.over, settled, againAtMs: fast ? nowMs + 60 : due.againAtMs }
  }

  #uploadArrived(options: { nowMs: number; upload: Upload; mayUpload: () => boolean }): void {
    while (this.#arrived.length > 0 && options.mayUpload()) {
      const { record, payload, revision } = this.#arrived.shift() as Arrival
      record.arrived = false
      if (!this.#bricks.get(record.uuid)?.owns(record)) continue
      const older = revision !== record.revision
      if (!this.#store(record, payload, options.upload)) {
        record.retryAtMs = options.nowMs + retryMsFirst
        continue
      }
      record.stale = older
      record.retryAtMs = options.nowMs + refetchMsMin
    }
  }

  /** False where no slot is free. */
  #store(record: TileRecord, payload: TilePayload, upload: Upload): boolean {
    const pool = this.#poolOf(record)
    if (payload.kind === 'flat') {
      pool.release(record)
      record.bytes = undefined
      record.blockEntropy = undefined
      record.flat = payload.flat
      return true
    }
    if (record.slot < 0) {
      const victim = pool.take(record, this.#frame)
      if (victim === 'full') return false
      if (victim !== null) dropContent(victim)
    }
    record.flat = undefined
    if (payload.kind === 'bytes') {
      record.bytes = payload.bytes
      record.blockEntropy = payload.blockEntropy
    }
    upload(record, payload)
    return true
  }

  /** What may be asked for now, the most urgent first; while the zoom is fast only roots and covers. */
  #dueOf(wants: readonly Want[], fast: boolean): { wants: Want[]; againAtMs: number } {
    const due: Want[] = []
    let againAtMs = Number.POSITIVE_INFINITY
    for (const want of wants) {
      const { record } = want
      if (record.loading !== 0 || record.arrived || (fast && want.rank > 1)) continue
      if (record.retryAtMs > this.#nowMs) againAtMs = Math.min(againAtMs, record.retryAtMs)
      else due.push(want)
    }
    due.sort((a, b) => a.rank - b.rank || a.distance / a.record.side - b.distance / b.record.side)
    return { wants: due, againAtMs }
  }

  #sweep(): void {
    if (this.#frame % 64 !== 0 || this.recordCount <= recordCountMax) return
    for (const tiles of this.#bricks.values()) tiles.forgetIdle(this.#frame)
  }

  #release(record: TileRecord): void {
    this.#poolOf(record).release(record)
    dropContent(record)
  }

  #poolOf(record: TileRecord): SlotPool<TileRecord> {
    return record.level === 0 ? this.bytePool : this.overviewPool
  }
}

interface Arrival {
  readonly record: TileRecord
  readonly payload: TilePayload
  readonly revision: number
}

function dropContent(record: TileRecord): void {
  record.flat = undefined
  record.bytes = undefined
  record.blockEntropy = undefined
  record.stale = false
}
