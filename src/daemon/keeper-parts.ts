/** What a keeper is made of. */
import type { Clock, Random } from '../base/ports.ts'
import type { LeafPool } from '../fold/leaf-pool.ts'
import type { LabelPace } from '../sync/label-timing.ts'
import type { AnalysisDesk } from './analysis-desk.ts'
import type { Announcer } from './announce.ts'
import type { Assignment } from './assignment.ts'
import type { DistrictTicket } from './districts.ts'
import type { Watched } from './keeper-rounds.ts'
import type { Turns } from './turns.ts'

export interface KeeperParts {
  readonly assignment: Assignment
  /** Never part of a source. */
  readonly ownFolders: readonly Uint8Array[]
  readonly clock: Clock
  readonly random: Random
  readonly pool: LeafPool
  readonly turns: Turns
  readonly district: DistrictTicket
  readonly announcer: Announcer
  /** Undefined: nothing is analysed. */
  readonly analysis: AnalysisDesk | undefined
  readonly labelPace: LabelPace
  /** Makes sure that hints arrive; called before a first listing and after the source was lost. */
  readonly watch: () => Promise<Watched>
  /** Why nothing may be written for now; undefined where it may. */
  readonly noRoom: () => string | undefined
  /** Of what nobody asked for and went wrong. */
  readonly warn: (error: unknown) => void
}
