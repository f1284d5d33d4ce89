/** Looks through segments of one job after another with what it needs for it: an open view, a matcher, one buffer. */
import { noPointer } from '../brick/pointer.ts'
import { BrickFile } from '../store/brick-file.ts'
import { BrickView } from '../store/brick-view.ts'
import { EntryCursor } from './entry-cursor.ts'
import { createMatcher, type Pace } from './search-engine.ts'
import type { SearchJob } from './search-protocol.ts'
import { type SegmentOrder, type SegmentParts, type SegmentResult, scanSegment } from './search-segment.ts'
import { SegmentWindow } from './search-window.ts'

/** Jobs at hand: their views keep some nodes and pages. */
const jobsMax = 10
/** Of one order; what is left of its segment is another order. */
const sliceMs = 50

type Parts = Pick<SegmentParts, 'view' | 'entries' | 'matcher'>

export class SegmentScanner {
  readonly #clock: Pick<Pace, 'beat' | 'nowMs'>
  readonly #window = new SegmentWindow()
  readonly #jobs = new Map<number, Parts>()

  constructor(clock: Pick<Pace, 'beat' | 'nowMs'>) {
    this.#clock = clock
  }

  /** Errors: those of scanSegment, and of reading. */
  scan(job: SearchJob, order: SegmentOrder): SegmentResult {
    const { beat, nowMs } = this.#clock
    const pace = { beat, nowMs, untilMs: nowMs() + sliceMs }
    return scanSegment({ ...this.#partsOf(job), window: this.#window, pace }, order)
  }

  #partsOf({ id, brickPath, brickFd, record, pattern }: SearchJob): Parts {
    let parts = this.#jobs.get(id)
    if (parts === undefined) {
      const view = new BrickView(new BrickFile(brickPath, brickFd), { record, commit: noPointer })
      parts = { view, entries: new EntryCursor(view), matcher: createMatcher(pattern) }
      if (this.#jobs.size >= jobsMax) this.#jobs.delete(this.#jobs.keys().next().value as number)
      this.#jobs.set(id, parts)
    }
    return parts
  }
}
