/** What a section of the bench is asked with that runs `sfd` over some tree several times. */
import type { Judge } from './budgets.ts'
import type { Meter } from './measure.ts'

export interface SectionOptions {
  readonly sfd: string
  readonly meter: Meter
  readonly folder: string
  readonly size: 'full' | 'quick'
  readonly repetitions: number
  readonly judge: Judge
  readonly progress: (message: string) => void
}
