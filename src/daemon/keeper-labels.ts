/**
 * Keeps what is said of a brick true to what it holds: after its commits, in its quiet times, what changed is analysed, and
 * said in a commit of the same contents. Never holds a reconcile back.
 *
 * What is not known to be analysed is analysed: after a start, a failure or too many changes that is all of it, most of it
 * out of the cache.
 */
import type { Host } from '../analysis/host.ts'
import { bytesKey } from '../base/bytes.ts'
import { FoundryError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import { contentsName } from '../brick/meta-analysis.ts'
import type { OpenBrick } from '../fold/open-brick.ts'
import type { ChangedEntries } from '../fold/reconcile.ts'
import { BrickFile, type Head } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'
import { type LabelPace, LabelTiming } from '../sync/label-timing.ts'
import type { AnalyzeAnswer } from '../wire/care.ts'
import type { AnalysisDesk } from './analysis-desk.ts'
import type { AnalysisRoom } from './analysis-room.ts'
import type { AnalysisRules } from './assignment.ts'
import { analysisIsOff, labelBrick } from './brick-labels.ts'
import { Describing } from './describing.ts'

export interface KeeperLabelsParts {
  readonly path: Uint8Array
  /** Undefined: nothing is analysed. */
  readonly desk: AnalysisDesk | undefined
  /** `when` is `asked`: only on somebody's word. */
  readonly rules: AnalysisRules
  readonly pace: LabelPace
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Resolves when no brick is worked with, or soon. */
  readonly pause: () => Promise<void>
  /** Runs `work` when nothing else works with the brick. */
  readonly alone: (work: (brick: OpenBrick) => Promise<Head | undefined>) => Promise<Head | undefined>
  /** Why nothing may be written for now. */
  readonly noRoom: () => string | undefined
  /** There is a commit that only says more. */
  readonly labelled: (head: Head) => void
  /** What nobody asked for has failed. */
  readonly warn: (error: unknown) => void
}

/** More paths than this are all. */
const pathsMax = 20_000

export class KeeperLabels {
  readonly #parts: KeeperLabelsParts
  readonly #timing: LabelTiming
  /** What has to be looked at; `all`: what was not said here is not known. */
  #open: Map<string, Uint8Array> | 'all' = 'all'
  /** What the machine was when all was looked at: with other packages other things are wrong. */
  #machine: Host | undefined
  /** What a model may describe yet. */
  #offered = new Map<string, Uint8Array>()
  /** It has, and that is not in the brick. */
  #isDescribed = false
  #timer: NodeJS.Timeout | undefined
  #waiting: Promise<void> | undefined
  #working: Promise<number> | undefined

  constructor(parts: KeeperLabelsParts) {
    this.#parts = parts
    this.#timing = new LabelTiming(parts.pace)
  }

  /** The brick is opened, and has a commit: what it says may be old. */
  opened(): void {
    this.#open = 'all'
    this.#changed()
  }

  /** There is a commit with other contents. */
  committed({ named, count }: ChangedEntries): void {
    this.#note(count > named.length ? 'all' : named.map(({ path }) => path))
    this.#changed()
  }

  /** A model has described something of what it was offered. */
  described(): void {
    if (this.#offered.size === 0) return
    this.#isDescribed = true
    this.#changed()
  }

  /** What this machine says of its files now: where packages came or went, other files are strange. */
  machineIs(machine: Host): void {
    if (this.#machine !== undefined && this.#machine !== machine) this.#changed()
  }

  /** The brick begins anew. */
  renewed(): void {
    this.#open = 'all'
  }

  /** Now, all that is not known; resolves when it is said. Errors: those of labelBrick, USAGE where analyses are off. */
  async analyze(): Promise<Omit<AnalyzeAnswer, 'generation'>> {
    const { desk } = this.#parts
    if (desk === undefined) throw analysisIsOff()
    await this.#waiting
    let isNew = false
    await desk.add({
      urgency: 'asked',
      run: (room) =>
        this.#begin(room, () => {
          isNew = true
        }),
    })
    return { isNew }
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    // One that still waits for others finds out by itself.
    await this.#working?.catch(() => undefined)
  }

  #changed(): void {
    const { desk, rules, clock } = this.#parts
    if (desk === undefined || rules.when === 'asked') return
    this.#timing.changed(clock.monotonicMs())
    this.#arm()
  }

  #arm(): void {
    const { clock, signal } = this.#parts
    clearTimeout(this.#timer)
    const { dueMs } = this.#timing
    if (dueMs === undefined || this.#waiting !== undefined || signal.aborted) return
    this.#timer = setTimeout(() => this.#ask(), Math.max(0, dueMs - clock.monotonicMs()))
    this.#timer.unref()
  }

  #ask(): void {
    const { desk, signal, warn, clock } = this.#parts
    if (desk === undefined || signal.aborted) return
    this.#waiting = desk
      .add({ urgency: 'normal', run: (room) => this.#begin(room, () => undefined) })
      .catch((error: unknown) => {
        if (signal.aborted || isCancelled(error)) return
        this.#timing.failed(clock.monotonicMs())
        warn(error)
      })
      .finally(() => {
        this.#waiting = undefined
        this.#arm()
      })
  }

  #begin(room: AnalysisRoom, isNew: () => void): Promise<number> {
    this.#working = this.#run(room, isNew)
    return this.#working
  }

  /** Entries that were looked at. */
  async #run(room: AnalysisRoom, isNew: () => void): Promise<number> {
    const { path, signal } = this.#parts
    if (signal.aborted) throw stopping()
    const { version, host } = await room.enter()
    const machine = host()
    const file = BrickFile.open(path)
    const which = this.#take()
    try {
      const view = new BrickView(file, await file.readHead())
      const isOther = this.#machine !== undefined && this.#machine !== machine
      if (which === 'all' && !isOther && isSaid(view, version)) return 0
      const paths = which === 'all' || isOther || !isOf(view, version) ? 'all' : this.#withOffered(which)
      const entries = await this.#label(room, { view, paths, isNew })
      this.#machine = machine
      return entries
    } catch (error) {
      this.#note(which === 'all' ? 'all' : [...which.values()])
      throw error
    } finally {
      this.#timing.ended()
      file.close()
    }
  }

  async #label(
    room: AnalysisRoom,
    { view, paths, isNew }: { view: BrickView; paths: 'all' | readonly Uint8Array[]; isNew: () => void },
  ): Promise<number> {
    const { clock, signal, pause, rules } = this.#parts
    const desk = await room.model()
    const describing = desk && new Describing({ desk, view, rules })
    const isOnlyDescribed = this.#isDescribed && paths !== 'all' && paths.length === this.#offered.size
    this.#isDescribed = false
    const commit = async (write: (brick: OpenBrick) => Head | undefined): Promise<void> => {
      if (await this.#write(write)) isNew()
    }
    const common = { view, which: paths, room, clock, signal, pause, commit } as const
    const { entries } = await labelBrick({ ...common, machine: 'this', ...(describing && { describing }) })
    // What it was offered for these contents it still has.
    if (describing !== undefined && !isOnlyDescribed) {
      this.#offered = new Map(describing.offer().map((each) => [bytesKey(each), each]))
    }
    return entries
  }

  /** An offer takes the place of the one before: what that still waits for is said again. */
  #withOffered(which: ReadonlyMap<string, Uint8Array>): Uint8Array[] {
    return [...new Map([...this.#offered, ...which]).values()]
  }

  /** What is noted from now on is something else: it comes with a later commit than the one that is looked at. */
  #take(): Map<string, Uint8Array> | 'all' {
    const taken = this.#open
    this.#open = new Map()
    this.#timing.began()
    return taken
  }

  #note(paths: readonly Uint8Array[] | 'all'): void {
    if (paths === 'all') this.#open = 'all'
    if (this.#open === 'all' || paths === 'all') return
    for (const path of paths) this.#open.set(bytesKey(path), path)
    if (this.#open.size > pathsMax) this.#open = 'all'
  }

  async #write(write: (brick: OpenBrick) => Head | undefined): Promise<boolean> {
    const { alone, noRoom, labelled } = this.#parts
    const head = await alone(async (brick) => {
      const full = noRoom()
      if (full !== undefined) throw new FoundryError('DISK_FULL', full)
      return write(brick)
    })
    if (head === undefined) return false
    labelled(head)
    return true
  }
}

/** All that these analyzers say of these contents is in the brick. */
function isSaid({ meta, record }: BrickView, version: string): boolean {
  const { analysis } = meta
  const { contentRoot, metaHash } = contentsName(record)
  if (analysis?.state !== 'whole' || analysis.version !== version) return false
  return analysis.contentRoot === contentRoot && analysis.metaHash === metaHash
}

/** What the brick says is of these analyzers. */
function isOf({ meta }: BrickView, version: string): boolean {
  return meta.analysis?.version === version
}

function isCancelled(error: unknown): boolean {
  return error instanceof FoundryError && error.code === 'CANCELLED'
}

function stopping(): FoundryError {
  return new FoundryError('CANCELLED', 'The daemon is stopping.')
}
