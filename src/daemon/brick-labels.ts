/**
 * One analysis of a brick, from a commit to the labels of it in commits of their own. For keepers, which hold the brick
 * open, and for bricks that are only shown.
 *
 * Writes as it goes, so that a long analysis is seen while it runs; `commit` decides when the brick may be written.
 */

import type { BrickAnalysis } from '../analysis/analyze-brick.ts'
import type { EntryLabels as AnalysedEntry } from '../analysis/entry-labels.ts'
import { isOfThisMachine } from '../analysis/own-machine.ts'
import { bytesKey } from '../base/bytes.ts'
import { type Timestamp, timestampOf } from '../base/entry.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import { contentsName, type MetaAnalysis, type PlacelessFinding } from '../brick/meta-analysis.ts'
import { type EntryLabels, type LabelRequest, labelCommit } from '../fold/label-commit.ts'
import { type OpenBrick, openBrick } from '../fold/open-brick.ts'
import type { Head } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'
import type { AnalyzeAnswer } from '../wire/care.ts'
import type { AnalysisDesk } from './analysis-desk.ts'
import type { RoomContent } from './analysis-room.ts'
import type { CareParts } from './brick-care.ts'
import type { Describing } from './describing.ts'

export interface LabelWork {
  /** The commit to look at; its file stays open until this ends. */
  readonly view: BrickView
  /** Entries that may have something new to say; `all`: nothing is known of the others. */
  readonly which: 'all' | readonly Uint8Array[]
  /** What the machine says; of a brick of another machine, nothing. */
  readonly machine: 'this' | 'other'
  readonly room: LabelRoom
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Left out: no model. */
  readonly describing?: Describing
  /** Told of each entry, before it is written. */
  readonly onLabels?: (labels: AnalysedEntry) => void
  /** Lets others work first. */
  readonly pause: () => Promise<void>
  /** Runs `write` when the brick may be written. */
  readonly commit: (write: (brick: OpenBrick) => Head | undefined) => Promise<void>
}

/** What of the room is used: a command brings its own. */
export interface LabelRoom {
  enter(): Promise<Pick<RoomContent, 'analyzeBrick' | 'pool' | 'cache' | 'host'>>
}

export interface LabelOutcome {
  readonly entries: number
  readonly analysed: number
}

/** A second of this thread, and some megabytes; more at once would hold everybody else back. */
const regionsPerCommit = 40_000
/** Something is seen soon; then each commit, which writes maps anew, is worth twice as long. */
const firstCommitMs = 5_000
const commitIntervalGrowth = 2
const sliceMs = 10

/** Errors: CANCELLED, DISK_*, BRICK_*. */
export async function labelBrick(work: LabelWork): Promise<LabelOutcome> {
  const { view, which, room, clock, signal, pause, machine, onLabels, describing } = work
  const { analyzeBrick, pool, cache, host } = await room.enter()
  const analysis: BrickAnalysis = analyzeBrick({
    ...{ view, pool, cache, signal },
    host: machine === 'this' ? host() : { packages: undefined },
    ...(which !== 'all' && { just: which }),
  })
  let batch = new Batch(clock.monotonicMs())
  let intervalMs = firstCommitMs
  let workedSinceMs = batch.beganMs
  for await (const labels of analysis) {
    onLabels?.(labels)
    batch.add(describing === undefined ? labels : { ...labels, described: describing.of(labels) })
    if (batch.regions >= regionsPerCommit || clock.monotonicMs() - batch.beganMs >= intervalMs) {
      await write(work, analysis, { labels: batch.all, state: 'partial' })
      intervalMs *= commitIntervalGrowth
      batch = new Batch(clock.monotonicMs())
    }
    await pause()
    // What comes out of the cache comes without a wait.
    if (clock.monotonicMs() - workedSinceMs < sliceMs) continue
    await new Promise((resolve) => setImmediate(resolve))
    workedSinceMs = clock.monotonicMs()
  }
  await write(work, analysis, { labels: batch.all, state: 'whole' })
  const { entries, analysed } = analysis.summary()
  return { entries, analysed }
}

/** Of a brick that nobody keeps. Errors: those of opening and of `labelBrick`. */
export async function labelStored(
  { path, random, clock, signal }: Pick<CareParts, 'path' | 'random' | 'clock' | 'signal'>,
  desk: AnalysisDesk,
): Promise<AnalyzeAnswer> {
  const brick = openBrick(path, random)
  try {
    let isNew = false
    await desk.add({
      urgency: 'asked',
      run: async (room) => {
        const view = new BrickView(brick.writer.file, brick.recovery.head)
        const commit = async (write: (brick: OpenBrick) => Head | undefined): Promise<void> => {
          isNew = write(brick) !== undefined || isNew
        }
        const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
        const machine = isOfThisMachine(view) ? 'this' : 'other'
        const work = { view, which: 'all', machine, room, clock, signal, pause, commit } as const
        return (await labelBrick(work)).entries
      },
    })
    return { generation: brick.writer.generation - 1, isNew }
  } finally {
    brick.writer.close()
  }
}

export function analysisIsOff(): FoundryError {
  return new FoundryError('USAGE', 'The daemon was started with --no-analysis. Start it without, or stop it first.')
}

class Batch {
  readonly beganMs: number
  readonly all: EntryLabels[] = []
  regions = 0

  constructor(beganMs: number) {
    this.beganMs = beganMs
  }

  add(labels: EntryLabels): void {
    const { path, regions = [], problems = [], described } = labels
    this.all.push({ path, regions, problems, ...(described && { described }) })
    this.regions += regions.length + problems.length + (described?.length ?? 0)
  }
}

async function write(
  { view, which, clock, commit, describing }: LabelWork,
  analysis: BrickAnalysis,
  { labels, state }: { readonly labels: readonly EntryLabels[]; readonly state: MetaAnalysis['state'] },
): Promise<void> {
  await commit((brick) => {
    const time: Timestamp = timestampOf(clock.nowNs())
    const said = saidOf(analysis, { brick, view, which, state, model: describing?.status() })
    return labelCommit(brick, { labels, analysis: said, time, of: view })
  })
}

function saidOf(
  analysis: BrickAnalysis,
  {
    brick: { model, writer },
    view,
    which,
    state,
    model: status,
  }: {
    brick: OpenBrick
    view: BrickView
    which: LabelWork['which']
    state: MetaAnalysis['state']
    model: ReturnType<Describing['status']> | undefined
  },
): LabelRequest['analysis'] {
  const before = writer.meta?.analysis
  const { version, entries, analysed, placeless } = analysis.summary()
  const known = { ...(status ?? { state: 'off' as const }), labelled: 0 }
  const head = { version, generation: view.record.generation, state, ...contentsName(view.record), model: known }
  if (which === 'all') return { ...head, entries, analysed, placeless }
  const looked = new Set(which.map(bytesKey))
  const others = (before?.placeless ?? []).filter(
    ({ path }) => !looked.has(bytesKey(path)) && model.get(path) !== undefined,
  )
  const fresh = placeless.filter(({ path }: PlacelessFinding) => model.get(path) !== undefined)
  let contents = 0
  for (const [, { slot, unreadable }] of model.entries) if (slot !== undefined && unreadable === undefined) contents++
  return { ...head, entries: model.entries.size, analysed: contents, placeless: [...others, ...fresh] }
}
