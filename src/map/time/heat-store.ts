/**
 * How often each tile changed, per brick: asked for while the mode wants it, kept until the commit shown is another one.
 * What was shown stays until its replacement is there; a brick that commits often is asked about now and then.
 */
import type { HeatAnswer } from '../../wire/api.ts'
import { nowMs as clockMs } from '../clock.ts'
import { getHeat } from '../link/api-client.ts'
import { type HeatSquare, heatOrder, heatSquares } from './heat-squares.ts'

const askAgainMs = 700
/** Coarsenings of one answer that are kept. */
const pictureCountMax = 6

interface Held {
  commit: string
  answer: HeatAnswer | undefined
  isAsked: boolean
  askAtMs: number
  readonly pictures: Map<number, readonly HeatSquare[]>
}

export interface HeatBrick {
  readonly uuid: string
  readonly commit: string
  readonly x: number
  readonly y: number
}

export interface BrickHeat {
  readonly brick: { readonly x: number; readonly y: number }
  readonly squares: readonly HeatSquare[]
}

export interface HeatFrame {
  readonly heat: readonly BrickHeat[]
  readonly complete: boolean
  readonly againAtMs: number
  /** The most steps that any brick counted, for the legend. */
  readonly commits: number
}

/** Where nobody asks for it. */
export const noHeat: HeatFrame = { heat: [], complete: true, againAtMs: Number.POSITIVE_INFINITY, commits: 0 }

export class HeatStore {
  readonly #held = new Map<string, Held>()
  readonly #changed: () => void

  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** What to draw of the bricks in view, and when to look again. */
  frame(options: { bricks: readonly HeatBrick[]; scale: number; nowMs: number }): HeatFrame {
    const { scale, nowMs } = options
    const heat: BrickHeat[] = []
    let complete = true
    let commits = 0
    let againAtMs = Number.POSITIVE_INFINITY
    for (const brick of options.bricks) {
      if (brick.commit === '') continue
      const held = this.#heldOf(brick.uuid)
      if (held.commit !== brick.commit) {
        complete = false
        if (held.isAsked) continue
        if (held.askAtMs > nowMs) againAtMs = Math.min(againAtMs, held.askAtMs)
        else void this.#ask(brick, held)
      }
      if (held.answer === undefined) continue
      commits = Math.max(commits, held.answer.commits)
      heat.push({ brick, squares: squaresAt(held, held.answer, heatOrder(scale)) })
    }
    return { heat, complete, againAtMs, commits }
  }

  forget(uuid: string): void {
    this.#held.delete(uuid)
  }

  #heldOf(uuid: string): Held {
    let held = this.#held.get(uuid)
    if (held === undefined) {
      held = { commit: '', answer: undefined, isAsked: false, askAtMs: 0, pictures: new Map() }
      this.#held.set(uuid, held)
    }
    return held
  }

  async #ask(brick: HeatBrick, held: Held): Promise<void> {
    held.isAsked = true
    const answer = await getHeat(brick)
    held.isAsked = false
    held.askAtMs = clockMs() + askAgainMs
    if (answer.kind === 'ok') {
      held.commit = brick.commit
      held.answer = answer.value
      held.pictures.clear()
    }
    this.#changed()
  }
}

function squaresAt(held: Held, { runs }: HeatAnswer, order: number): readonly HeatSquare[] {
  let squares = held.pictures.get(order)
  if (squares === undefined) {
    if (held.pictures.size >= pictureCountMax) held.pictures.clear()
    squares = heatSquares(runs, order)
    held.pictures.set(order, squares)
  }
  return squares
}
