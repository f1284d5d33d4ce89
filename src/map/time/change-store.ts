/**
 * What is different now from what is shown, per brick, for as long as somebody compares: boundaries to draw and entries to
 * list. Asked for again when either side is another commit; what was shown stays until then.
 */
import { squaresOf } from '../../hilbert/squares.ts'
import type { DiffAnswer, EntryChange } from '../../wire/api.ts'
import { nowMs as clockMs } from '../clock.ts'
import { getDiff } from '../link/api-client.ts'
import { unionLines } from '../view/shapes.ts'
import type { WorldBrick } from '../world.ts'

const askAgainMs = 1000
/** Entries a brick that are listed; the answer says where there are more. */
const entryCountMax = 200
const squareCountMax = 6000
const tileSide = 256

export interface BrickChanges {
  readonly uuid: string
  readonly brickName: string
  readonly brick: { readonly x: number; readonly y: number }
  readonly lines: Float64Array
  readonly tileCount: number
  readonly entries: readonly EntryChange[]
  readonly truncated: boolean
}

interface Held {
  key: string
  lines: Float64Array
  answer: DiffAnswer | undefined
  isAsked: boolean
  askAtMs: number
}

/** Where nobody compares. */
export const nothingCompared = { changes: [], complete: true, againAtMs: Number.POSITIVE_INFINITY }

export class ChangeStore {
  readonly #held = new Map<string, Held>()
  readonly #changed: () => void

  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** Changes of all bricks that show the past. */
  frame(options: { bricks: Iterable<WorldBrick>; nowMs: number }): {
    changes: readonly BrickChanges[]
    complete: boolean
    againAtMs: number
  } {
    const changes: BrickChanges[] = []
    let complete = true
    let againAtMs = Number.POSITIVE_INFINITY
    for (const { info, newest, tiled, era } of options.bricks) {
      if (era !== 'past' || info.commit === '' || newest.commit === '') continue
      const held = this.#heldOf(info.uuid)
      if (held.key !== `${info.commit} ${newest.commit}`) {
        complete = false
        if (held.isAsked) continue
        if (held.askAtMs > options.nowMs) againAtMs = Math.min(againAtMs, held.askAtMs)
        else void this.#ask({ uuid: info.uuid, commit: newest.commit, from: info.commit }, held)
      }
      if (held.answer === undefined) continue
      const { tileCount, entries, truncated } = held.answer
      const common = { uuid: info.uuid, brickName: info.name, brick: tiled }
      changes.push({ ...common, lines: held.lines, tileCount, entries, truncated })
    }
    return { changes, complete, againAtMs }
  }

  forgetAll(): void {
    this.#held.clear()
  }

  #heldOf(uuid: string): Held {
    let held = this.#held.get(uuid)
    if (held === undefined) {
      held = { key: '', lines: new Float64Array(0), answer: undefined, isAsked: false, askAtMs: 0 }
      this.#held.set(uuid, held)
    }
    return held
  }

  async #ask(asked: { uuid: string; commit: string; from: string }, held: Held): Promise<void> {
    held.isAsked = true
    const answer = await getDiff({ ...asked, limit: entryCountMax })
    held.isAsked = false
    held.askAtMs = clockMs() + askAgainMs
    if (answer.kind === 'ok') {
      held.key = `${asked.from} ${asked.commit}`
      held.answer = answer.value
      held.lines = linesOf(answer.value)
    }
    this.#changed()
  }
}

function linesOf({ tiles }: DiffAnswer): Float64Array {
  const squares: { x: number; y: number; side: number }[] = []
  for (const [start, length] of tiles ?? []) {
    if (squares.length > squareCountMax) break
    for (const { x, y, side } of squaresOf({ start, length })) {
      squares.push({ x: x * tileSide, y: y * tileSide, side: side * tileSide })
    }
  }
  return unionLines(squares)
}
