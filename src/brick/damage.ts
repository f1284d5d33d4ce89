/** A brick that is not what the specification says: what is wrong, where, as data that verify can list. */
import { FoundryError } from '../base/errors.ts'

/** Rule of section 9 that failed; stable names, used by verify, fixtures and tests. */
export type DamageRule =
  | 'slot'
  | 'pointer'
  | 'frame'
  | 'frame-crc'
  | 'frame-limit'
  | 'codec'
  | 'node'
  | 'page'
  | 'page-shape'
  | 'page-hash'
  | 'entry'
  | 'path'
  | 'slots'
  | 'regions'
  | 'commit'
  | 'extras'
  | 'meta'
  | 'content'
  | 'varint'

export class BrickDamage extends FoundryError {
  readonly rule: DamageRule
  /** File offset of the frame or slot, -1 where unknown. */
  readonly offset: number

  constructor(rule: DamageRule, detail: string, offset = -1) {
    super('BRICK_DAMAGED', offset < 0 ? `${rule}: ${detail}` : `${rule}: ${detail} (at file offset ${offset})`)
    this.rule = rule
    this.offset = offset
  }
}
