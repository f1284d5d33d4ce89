/** All that the daemon has for knowing what its bricks mean: the desk of analyses, their room, the model, what somebody accepts. */
import { join } from 'node:path'
import type { ModelSettings } from '../analysis/model/model-settings.ts'
import type { Clock, Random } from '../base/ports.ts'
import type { Accepted } from '../read/accepted.ts'
import type { LabelPace } from '../sync/label-timing.ts'
import type { ModelStatusJson } from '../wire/api.ts'
import { AcceptedFile } from './accepted-file.ts'
import { AnalysisDesk } from './analysis-desk.ts'
import { AnalysisRoom } from './analysis-room.ts'
import { type Forgotten, forgetTracesIn } from './forget-traces.ts'
import type { Keeper } from './keeper.ts'

export interface AnalysisOptions {
  readonly pace?: LabelPace
  /** Left out: no model is used. */
  readonly model?: ModelSettings
}

export interface DaemonAnalysisParts {
  /** The state folder. */
  readonly state: string
  /** Undefined: nothing is analysed. */
  readonly options: AnalysisOptions | undefined
  readonly keepers: () => readonly Keeper[]
  readonly clock: Clock
  readonly random: Random
  readonly warn: (error: unknown) => void
}

/** Packages are installed while somebody waits for it: a minute later their files are not strange any more. */
const machineMs = 60_000

export class DaemonAnalysis {
  /** Undefined: nothing is analysed. */
  readonly desk: AnalysisDesk | undefined
  readonly #parts: DaemonAnalysisParts
  readonly #room: AnalysisRoom | undefined
  readonly #accepted: AcceptedFile
  #timer: NodeJS.Timeout | undefined

  constructor(parts: DaemonAnalysisParts) {
    this.#parts = parts
    const { state, options, keepers, clock, random, warn } = parts
    const described = (uuid: string): void =>
      keepers()
        .find((keeper) => keeper.uuid === uuid)
        ?.labels.described()
    this.#room = options && new AnalysisRoom({ state, model: options.model, described, clock, random, warn })
    this.desk = this.#room && new AnalysisDesk({ room: this.#room, nowMs: () => clock.monotonicMs() })
    this.#accepted = new AcceptedFile(join(state, 'accepted.json'), warn)
  }

  start(): void {
    if (this.#room !== undefined) this.#timer = setInterval(() => this.#lookAtMachine(), machineMs).unref()
  }

  accepted(): Accepted {
    return this.#accepted.read()
  }

  async model(): Promise<ModelStatusJson | undefined> {
    return (await this.#room?.model())?.status()
  }

  /** What the state knows of a forgotten entry goes; what stays, each a sentence. */
  forget(forgotten: Forgotten): Promise<readonly string[]> {
    return this.#room?.forget(forgotten) ?? forgetTracesIn(this.#parts.state, forgotten)
  }

  /** Calls off what waits; what runs ends by the signals of its bricks. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.desk?.close()
  }

  #lookAtMachine(): void {
    const machine = this.#room?.machine()
    if (machine !== undefined) for (const keeper of this.#parts.keepers()) keeper.labels.machineIs(machine)
  }
}
