/** What `sfd analyze` was asked for, however it does it. */
import { FoundryError } from '../base/errors.ts'
import type { Severity } from '../base/region.ts'

export interface Wish {
  readonly target: string
  readonly keep: 'what is found' | 'nothing'
  /** Milder findings are only counted on the screen. */
  readonly least: Severity
  readonly model: 'ask' | 'off'
}

export function oneFileOnly(): FoundryError {
  const how =
    'sfd explain BRICK ENTRY asks about an entry, and the daemon has its model describe the bricks that it keeps'
  return new FoundryError('USAGE', `--model is for one file: ${how}.`)
}
