/** What an analysis of many entries says, gathered for the screen, or told entry by entry as JSON. */
import { engineName } from '../analysis/detector.ts'
import type { EntryLabels } from '../analysis/entry-labels.ts'
import type { AnalysisSummary } from '../analysis/tally.ts'
import type { Severity } from '../base/region.ts'
import type { ListedFinding } from '../read/findings.ts'
import { entryJson, summaryJson } from './analysis-json.ts'
import { findingsOf, GravestFindings } from './analysis-rows.ts'
import { type ModelUse, type ProblemList, screenText } from './analysis-screen.ts'
import type { Sealed } from './analysis-seal.ts'
import type { Call } from './command.ts'
import { type ExitCode, exitCode } from './exit.ts'

export interface ResultParts {
  readonly title: string
  /** Absolute. */
  readonly placeOf: (path: Uint8Array) => Uint8Array
  /** Shows the milder findings. */
  readonly more: string
  readonly least: Severity
  readonly model: ModelUse
  /** 0 while unknown. */
  readonly bytesTotal: number
}

export class AnalysisResult {
  readonly #call: Call
  readonly #parts: ResultParts
  readonly #gravest = new GravestFindings()
  readonly #problems: ProblemList['first'][number][] = []
  readonly #lines: Record<string, unknown>[] = []
  #problemCount = 0
  #entries = 0
  #bytes = 0

  constructor(call: Call, parts: ResultParts) {
    this.#call = call
    this.#parts = parts
  }

  /** Without writing; `flush` does. */
  note(labels: EntryLabels): void {
    const place = this.#parts.placeOf(labels.path)
    for (const problem of labels.problems) {
      this.#problemCount++
      if (this.#problems.length < problemsMax) this.#problems.push({ place, problem })
    }
    if (this.#call.json) this.#lines.push(entryJson(labels, { place, regions: 'without' }))
    else this.#gravest.add(findingsOf(labels, place))
    this.#entries++
    this.#bytes += labels.meta.size
    const count = { done: this.#entries, unit: 'entries' }
    const { bytesTotal } = this.#parts
    this.#call.progress.update({ what: 'analysing', doneBytes: this.#bytes, totalBytes: bytesTotal, count })
  }

  async flush(): Promise<void> {
    for (const line of this.#lines.splice(0)) await this.#call.output.json(line)
  }

  async add(labels: EntryLabels): Promise<void> {
    this.note(labels)
    await this.flush()
  }

  async show(summary: AnalysisSummary): Promise<ExitCode> {
    await this.flush()
    return this.#tell(summary, { rows: this.#gravest.sorted(), problems: this.problems() })
  }

  /** What is known from before, with the findings that the brick has. */
  async showSealed({ summary, problems }: Sealed, rows: readonly ListedFinding[]): Promise<ExitCode> {
    return this.#tell(summary, { rows, problems })
  }

  problems(): ProblemList {
    return { count: this.#problemCount, first: this.#problems }
  }

  async #tell(
    summary: Sealed['summary'],
    { rows, problems }: { readonly rows: readonly ListedFinding[]; readonly problems: ProblemList },
  ): Promise<ExitCode> {
    const { title, more, least, model } = this.#parts
    const { json, output, progress } = this.#call
    progress.end()
    if (json) await output.json(summaryJson(summary, model))
    else {
      const height = process.stdout.isTTY ? process.stdout.rows : undefined
      await output.text(screenText({ ...summary, title, more, least, model, rows, height, problems }))
    }
    return summary.unread > 0 ? exitCode.doubtful : exitCode.ok
  }
}

/** Bytes of it could not be read, or changed while they were. */
export function isUnread({ problems }: EntryLabels): boolean {
  return problems.some(({ analyzer }) => analyzer === engineName)
}

const problemsMax = 20
