/** What every part of the watching bench is given. */
import type { Judge } from '../budgets.ts'

export interface WatchOptions {
  readonly sfd: string
  /** Exists, empty, of this part alone; on the disk that is measured. */
  readonly folder: string
  readonly size: 'full' | 'quick'
  readonly signal: AbortSignal
  readonly judge: Judge
  readonly progress: (message: string) => void
}
