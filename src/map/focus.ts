/**
 * What the hand points at and what is pinned: local bytes at once, the server's answer after a pause.
 *
 * A question is asked when the cursor has rested for `restMs`, again where that failed, and aborted when it moves on. A pin outlives everything but
 * the next pin, Escape and its brick; it names a byte of a brick, never a place on the screen. What was answered of a byte stays
 * until there is an answer of the commit that is shown now.
 */

import { positionToPoint } from '../hilbert/curve.ts'
import type { InspectAnswer } from '../wire/api.ts'
import { after, type Timer } from './clock.ts'
import type { MarkedCell, MarkedShape } from './draw/scene.ts'
import { inspectAt } from './link/api-client.ts'
import type { OutlineStore } from './link/outline-store.ts'
import type { TileSet } from './tileset/tile-set.ts'
import type { Inspection } from './ui/inspector.ts'
import { toWorld, type View, type WorldPoint } from './view/camera.ts'
import type { ByteSpot, World } from './world.ts'

const restMs = 80
const retryMs = 1000
/** From this many pixels a byte its own cell is marked. */
const cellPixelsMin = 5

interface Question {
  readonly key: string
  readonly timer: Timer
  readonly controller: AbortController
}

/** What somebody wanted to see there: the byte itself, a finding, what was searched for. */
export type PinReason = 'byte' | 'finding' | 'hit'

export interface FocusParts {
  readonly world: World
  readonly tiles: TileSet
  readonly outlines: OutlineStore
  changed(): void
}

export class Focus {
  readonly #parts: FocusParts
  #cursor: WorldPoint | undefined
  #pinned: { uuid: string; offset: number; reason: PinReason } | undefined
  #question: Question | undefined
  #answer: { key: string; uuid: string; value: InspectAnswer } | undefined

  constructor(parts: FocusParts) {
    this.#parts = parts
  }

  get isPinned(): boolean {
    return this.#pinned !== undefined
  }

  /** CSS pixels of the cursor; undefined: it is not on the map. */
  get cursor(): WorldPoint | undefined {
    return this.#cursor
  }

  /** CSS pixels; undefined: the cursor left the map. */
  point(at: WorldPoint | undefined): void {
    this.#cursor = at
    this.#parts.changed()
  }

  pin(spot: ByteSpot | undefined, reason: PinReason = 'byte'): void {
    this.#pinned = spot === undefined ? undefined : { uuid: spot.brick.info.uuid, offset: spot.offset, reason }
    this.#parts.changed()
  }

  hovered(view: View): ByteSpot | undefined {
    return this.#cursor === undefined ? undefined : this.#parts.world.byteAt(toWorld(view, this.#cursor))
  }

  pinned(): ByteSpot | undefined {
    const brick = this.#pinned === undefined ? undefined : this.#parts.world.bricks.get(this.#pinned.uuid)
    if (this.#pinned === undefined || brick === undefined || this.#pinned.offset >= brick.info.length) return undefined
    if (brick.info.commit === '') return undefined
    return { brick, offset: this.#pinned.offset }
  }

  /** What the picture emphasises. */
  marks(view: View): { hovered: MarkedShape | undefined; pinned: MarkedShape | undefined; cells: MarkedCell[] } {
    const { world, outlines } = this.#parts
    const shapeOf = (spot: ByteSpot | undefined): MarkedShape | undefined => {
      const shape = spot && outlines.covering(spot.brick.info.uuid, spot.offset)
      return spot && shape ? { x: spot.brick.tiled.x, y: spot.brick.tiled.y, shape } : undefined
    }
    const hovered = this.hovered(view)
    const pinned = this.pinned()
    const cells: MarkedCell[] = []
    if (view.camera.scale >= cellPixelsMin) {
      if (hovered !== undefined) cells.push({ rect: world.byteRect(hovered), kind: 'hovered' })
      if (pinned !== undefined) cells.push({ rect: world.byteRect(pinned), kind: 'pinned' })
    }
    return { hovered: shapeOf(hovered), pinned: shapeOf(pinned), cells }
  }

  /** What the inspector shows: the pin before the cursor. */
  inspection(view: View): Inspection | undefined {
    const pinned = this.pinned()
    const spot = pinned ?? this.hovered(view)
    const key = spot === undefined ? '' : `${spot.brick.info.uuid} ${spot.brick.info.commit} ${spot.offset}`
    this.#ask(spot, key)
    if (spot === undefined) return undefined
    const { brick, offset } = spot
    const local = this.localByte(spot)
    const answer = this.#answerOf(spot)
    return {
      brick: brick.info.name,
      uuid: brick.info.uuid,
      offset,
      // Only the answer knows of a zero whether it is a byte of the entry or what stands where none is stored.
      byte: answer === undefined ? local?.byte : answer.byte,
      entropy: answer === undefined ? local?.entropy : answer.entropy,
      shape: this.#parts.outlines.covering(brick.info.uuid, offset),
      answer,
      isForFinding: pinned !== undefined && this.#pinned?.reason === 'finding',
    }
  }

  /** Of this commit, or of the one that was shown before. */
  #answerOf({ brick, offset }: ByteSpot): InspectAnswer | undefined {
    const isOfByte = this.#answer?.uuid === brick.info.uuid && this.#answer.value.offset === offset
    return isOfByte ? this.#answer?.value : undefined
  }

  /** The byte as the picture here has it, undefined where its tile is not held. */
  localByte({ brick, offset }: ByteSpot): { byte: number; entropy: number } | undefined {
    const record = this.#parts.tiles.heldTile(brick.info.uuid, Math.floor(offset / 65_536))
    if (record === undefined) return undefined
    if (record.flat?.kind === 'fill') return { byte: record.flat.byte, entropy: 0 }
    if (record.bytes === undefined || record.blockEntropy === undefined) return undefined
    const { x, y } = positionToPoint(offset)
    const column = x - record.x
    const row = y - record.y
    const byte = record.bytes[row * 256 + column]
    const block = record.blockEntropy[(row >> 4) * 16 + (column >> 4)]
    return byte === undefined || block === undefined ? undefined : { byte, entropy: (block * 8) / 255 }
  }

  #ask(spot: ByteSpot | undefined, key: string): void {
    if (this.#question?.key === key || (key !== '' && this.#answer?.key === key)) return
    if (this.#question !== undefined) {
      this.#question.timer.cancel()
      this.#question.controller.abort()
      this.#question = undefined
    }
    if (spot === undefined) return
    const controller = new AbortController()
    const { uuid, commit } = spot.brick.info
    const ask = async () => {
      const answer = await inspectAt({ uuid, commit, offset: spot.offset }, controller.signal)
      if (controller.signal.aborted) return
      if (answer.kind !== 'ok') {
        this.#question = { key, controller, timer: after(retryMs, () => void ask()) }
        return
      }
      this.#answer = { key, uuid, value: answer.value }
      this.#question = undefined
      this.#parts.changed()
    }
    this.#question = { key, controller, timer: after(restMs, () => void ask()) }
  }
}
