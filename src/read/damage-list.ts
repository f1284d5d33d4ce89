/** What a verification found wrong, each with its place and what it hits. Bounded: beyond `damagesMax` only counted. */
import { BrickDamage, type DamageRule } from '../brick/damage.ts'

export const damagesMax = 1_000
/** Paths named with one damage. */
export const damagedPathsMax = 16

export interface Damage {
  readonly rule: DamageRule
  /** File offset of the frame or slot; -1 where unknown. */
  readonly offset: number
  readonly detail: string
  /** What is hit, for a person: `tile 7`, `overview level 4 page 0`, `directory`, `superblock slot A`. */
  readonly part: string
  readonly tile?: number
  /** Entries whose content is hit, the first few. */
  readonly paths?: readonly Uint8Array[]
}

/** Where a damage lies, beyond what the error itself says. */
export type DamagePlace = Pick<Damage, 'part' | 'tile' | 'paths'>

export class DamageList {
  readonly items: Damage[] = []
  #count = 0
  readonly #offsets = new Set<number>()

  get count(): number {
    return this.#count
  }

  add(damage: Damage): void {
    this.#count++
    this.#offsets.add(damage.offset)
    if (this.items.length < damagesMax) this.items.push(damage)
  }

  /** Is something at this file offset known to be wrong? */
  has(offset: number): boolean {
    return this.#offsets.has(offset)
  }

  /** Runs a check; BrickDamage is noted, and undefined given, anything else is thrown on. */
  catch<T>(place: DamagePlace, check: () => T): T | undefined {
    try {
      return check()
    } catch (error) {
      this.note(place, error)
      return undefined
    }
  }

  /** Notes a BrickDamage; throws any other error on. */
  note(place: DamagePlace, error: unknown): void {
    if (!(error instanceof BrickDamage)) throw error
    const { rule, offset, message } = error
    this.add({ rule, offset, detail: message, ...place })
  }
}
