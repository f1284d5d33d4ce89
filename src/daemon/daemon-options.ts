/** What a daemon is started with. */

import type { Clock, Random } from '../base/ports.ts'
import type { AnalysisOptions } from './daemon-analysis.ts'
import type { Log } from './log.ts'
import type { StateFolder } from './state-folder.ts'

export interface DaemonOptions {
  readonly state: StateFolder
  /** Paths as given; none: every brick of the state is followed. */
  readonly sources: readonly Uint8Array[]
  readonly exclude: readonly string[]
  readonly port: number | 'any'
  readonly mapFolder: string
  /** Absolute; undefined: no tasks are followed. */
  readonly tasksFolder: string | undefined
  readonly onLoss: 'continue' | 'fail'
  /** Share of the filesystem of the bricks that stays free, 0 .. 1. */
  readonly minFree: number
  /** Left out: nothing is analysed. */
  readonly analysis?: AnalysisOptions
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}
