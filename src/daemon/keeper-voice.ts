/** What a keeper tells: how its brick is doing, where that is news, how far a first fold is, and each commit once. */
import type { Clock } from '../base/ports.ts'
import type { CommitRecord } from '../brick/commit-record.ts'
import { BrickDamage } from '../brick/damage.ts'
import type { Progress } from '../fold/reconcile.ts'
import { viewOfPast } from '../read/commits.ts'
import type { BrickView } from '../store/brick-view.ts'
import { pastCommits } from '../store/history.ts'
import { contentsText } from '../store/past-contents.ts'
import type { BrickInfo } from '../wire/api.ts'
import type { Announcer, NewsOfCommit } from './announce.ts'
import { type Assignment, shownSource } from './assignment.ts'
import { infoOf } from './brick-info.ts'
import type { KeeperStatus } from './keeper-status.ts'
import type { KeptBrick } from './kept-brick.ts'
import type { BrickFigures } from './metrics.ts'

export interface KeeperVoiceParts {
  readonly assignment: Assignment
  readonly kept: KeptBrick
  readonly status: KeeperStatus
  readonly announcer: Announcer
  readonly clock: Clock
  /** Monotonic; undefined: not known. */
  readonly verifiedAtMs: () => number | undefined
}

const progressEveryMs = 200

/** Whether the commit of that generation says the same of everything but what analyzers say. */
function hasSameContents(newest: BrickView, generation: number): boolean {
  try {
    for (const past of pastCommits(newest)) {
      if (past.generation === generation)
        return contentsText(viewOfPast(newest, past).record) === contentsText(newest.record)
    }
  } catch (error) {
    if (!(error instanceof BrickDamage)) throw error
  }
  return false
}

export class KeeperVoice {
  readonly #parts: KeeperVoiceParts
  #progressAtMs = 0
  /** State and message that were told last. */
  #told = ''

  constructor(parts: KeeperVoiceParts) {
    this.#parts = parts
  }

  info(): BrickInfo {
    const { assignment, kept, status } = this.#parts
    const verifiedAt = this.verifiedAtSeconds()
    const { source, name } = assignment
    const { state, message, progress } = status
    return infoOf({
      uuid: kept.uuid,
      name,
      source: shownSource(source),
      kind: source.kind,
      state,
      message,
      progress,
      view: kept.views.newest,
      district: kept.district,
      plannedLength: kept.plannedLength,
      verifiedAt: verifiedAt === undefined ? null : new Date(1_000 * verifiedAt).toISOString(),
    })
  }

  /** What can be read from the brick and its status. */
  figures(): Omit<BrickFigures, 'lagSeconds' | 'writtenBytes'> {
    const { assignment, kept, status } = this.#parts
    const view = kept.views.newest
    return {
      name: assignment.name,
      state: status.state,
      generation: view?.record.generation ?? 0,
      entries: view?.extras.counts.entries ?? 0,
      contentBytes: view?.extras.counts.bytes ?? 0,
      fileBytes: view?.record.fileEnd ?? 0,
      liveBytes: view?.record.liveBytes ?? 0,
      verifiedAtSeconds: this.verifiedAtSeconds(),
      ...(view?.meta.analysis && { findings: view.meta.analysis.findings }),
    }
  }

  /** Since when all content is known to be what the brick says; seconds of the wall clock. */
  verifiedAtSeconds(): number | undefined {
    const { clock, verifiedAtMs } = this.#parts
    const atMs = verifiedAtMs()
    if (atMs === undefined) return undefined
    return Math.round((Number(clock.nowNs() / 1_000_000n) + atMs - clock.monotonicMs()) / 1_000)
  }

  /** Says how the brick is doing where that is not what was said last. */
  state(): void {
    const { state, message } = this.#parts.status
    const told = `${state} ${message}`
    if (told === this.#told) return
    this.#told = told
    this.#parts.announcer.publish({ kind: 'brick', brick: this.info() })
  }

  progress({ doneBytes, totalBytes }: Progress, nowMs: number): void {
    if (nowMs - this.#progressAtMs < progressEveryMs) return
    this.#progressAtMs = nowMs
    const { status, kept, announcer } = this.#parts
    if (!status.work({ doneBytes, totalBytes })) return
    announcer.publish({ kind: 'progress', uuid: kept.uuid, progress: { doneBytes, totalBytes } })
  }

  commit(record: CommitRecord, changes: NonNullable<NewsOfCommit['changes']>): void {
    const { assignment, announcer } = this.#parts
    announcer.commit({ assignment, info: this.info(), record, changes })
  }

  /** A commit that only says more of the same contents. */
  labels(record: CommitRecord): void {
    const { assignment, announcer } = this.#parts
    announcer.labels({ assignment, info: this.info(), record })
  }

  /** The newest commit may be one that nobody was told of. */
  catchUp(): void {
    const { assignment, announcer, kept } = this.#parts
    const newest = kept.views.newest
    if (newest === undefined) return
    const news = { assignment, info: this.info(), record: newest.record, changes: undefined }
    announcer.catchUp(news, (told) => hasSameContents(newest, told))
  }
}
