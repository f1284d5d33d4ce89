/**
 * One look at a log: what its files have beyond what the stream has, in the order in which it was written.
 *
 * The stream leaves a file for another only at the end of a line, or when nobody has written to it for a second; bytes
 * that come later to a file that it has left are taken all the same. Where a file was emptied, or is gone, its bytes are
 * looked for in the rotated files; what cannot be shown to be whole becomes a gap. Nothing is changed but what is held
 * open: a look that comes to nothing is made again from the same state.
 */
import type { BigIntStats } from 'node:fs'
import { checkQuickly } from './content-match.ts'
import { freshMark, goneEvidence, holeAtStart, movedTo, nextLineStart } from './file-start.ts'
import { type FileMark, type LogState, marksMax, takenOf } from './log-state.ts'
import type { OpenLog } from './open-logs.ts'
import { PackedDamage } from './packed-bytes.ts'
import { lastLineEnd, type StreamTaker } from './stream-taker.ts'
import type { Succession } from './succession.ts'

const noBytes = new Uint8Array(0)
/** Files of one look. */
const stepsMax = 1_000
/** A file that nobody wrote to for so long is at rest. */
const restNs = 1_000_000_000n

export interface LogPassParts {
  readonly state: LogState
  readonly succession: Succession
  readonly taker: StreamTaker
  readonly nowNs: bigint
  /** Of a file that is there when the stream begins, at most so many bytes at its end are taken. */
  readonly firstBytesMax: number
}

export class LogPass {
  readonly #parts: LogPassParts
  readonly #marks: FileMark[]
  #isBehind = false

  constructor(parts: LogPassParts) {
    this.#parts = parts
    this.#marks = [...parts.state.files]
  }

  /** More is there than was taken. */
  get isBehind(): boolean {
    return this.#isBehind || this.#parts.taker.isFull
  }

  get marks(): readonly FileMark[] {
    return this.#marks.slice(-marksMax)
  }

  async run(): Promise<void> {
    this.#forgetReused()
    if (this.#marks.length === 0 && !(await this.#begin())) return
    if (!(await this.#takeLate())) return
    for (let step = 0; !this.isBehind && (await this.#takeNewest()); step++)
      if (step === stepsMax) this.#isBehind = true
  }

  get #last(): number {
    return this.#marks.length - 1
  }

  /** A file that is done with is never the one that is written: its inode's number belongs to another now. */
  #forgetReused(): void {
    for (const [index, mark] of this.#marks.entries()) {
      if (mark.isDone && this.#parts.succession.isLive(mark)) this.#marks[index] = { ...mark, ino: 0n }
    }
  }

  /** False where there is no file yet. */
  async #begin(): Promise<boolean> {
    const { succession, firstBytesMax, taker } = this.#parts
    const { live } = succession
    if (live === undefined) return false
    const mark = freshMark(live, 0)
    this.#marks.push(mark)
    const size = Number(live.stat.size)
    const opened = await succession.find(mark)
    if (size <= firstBytesMax || opened === undefined) return true
    const from = await nextLineStart(opened.bytes, size - firstBytesMax, size)
    this.#marks[0] = freshMark(live, from)
    taker.addGap({ reason: 'skipped', lostBytes: from, evidence: [`${from} bytes were there before the first look`] })
    return true
  }

  /** Bytes that came to files that the stream has left. False: the newest file has to end its line first. */
  async #takeLate(): Promise<boolean> {
    const { taker, succession } = this.#parts
    const late: number[] = []
    for (const [index, mark] of this.#marks.slice(0, -1).entries()) {
      if (!mark.isDone && (await this.#hasMore(index))) late.push(index)
    }
    if (late.length === 0) return true
    const newest = this.#marks[this.#last] as FileMark
    if (!taker.isAtLineEnd && !newest.isDone) {
      const opened = await succession.find(newest)
      if (opened?.packing === 'plain' && !(await this.#takeLines(this.#last, opened))) return true
    }
    for (const index of late) {
      const opened = await succession.find(this.#marks[index] as FileMark)
      if (opened === undefined) continue
      taker.cut()
      if (opened.packing === 'plain') await this.#takeLines(index, opened)
      else await this.#takePacked(index, opened)
    }
    return true
  }

  /** Whether a file that was left has more; one that is gone may have been packed. */
  async #hasMore(index: number): Promise<boolean> {
    const { succession } = this.#parts
    const mark = this.#marks[index] as FileMark
    const opened = await succession.find(mark)
    if (opened === undefined) {
      const copy = await succession.copyOf(mark, this.#marks)
      const isWhole = copy?.reach === 'all' && copy.file.packing !== 'plain'
      this.#marks[index] = isWhole ? movedTo(mark, copy.file) : { ...mark, ino: 0n, isDone: true }
      return isWhole
    }
    if (opened.packing !== 'plain') return true
    const stat = await opened.handle.stat({ bigint: true })
    if (Number(stat.size) === takenOf(mark) && !succession.isLive(mark)) return false
    const check = await checkQuickly(opened.bytes, mark.print, Number(stat.size))
    if (check.kind !== 'same') this.#marks[index] = { ...mark, ino: 0n, isDone: true }
    return check.kind === 'same' && Number(stat.size) > takenOf(mark)
  }

  /** True: go on with the newest file, which may be another one now. */
  async #takeNewest(): Promise<boolean> {
    const { succession, taker } = this.#parts
    const mark = this.#marks[this.#last] as FileMark
    if (mark.isDone) return this.#advance()
    const opened = await succession.find(mark)
    if (opened === undefined) return this.#lookForMoved('gone')
    if (opened.packing !== 'plain') {
      await this.#takePacked(this.#last, opened)
      return !taker.isFull
    }
    const stat = await opened.handle.stat({ bigint: true })
    const check = await checkQuickly(opened.bytes, mark.print, Number(stat.size))
    if (check.kind === 'emptied') return this.#lookForMoved('truncated')
    if (check.kind === 'rewritten') return this.#lookForMoved('replaced')
    if (await this.#hasCopyBefore(mark)) return true
    if (takenOf(mark) === 0 && stat.size === 0n && stat.mtimeNs !== mark.mtimeNs) {
      const evidence = ['the file was empty, was written to, and is empty again']
      taker.addGap({ reason: 'truncated', lostBytes: null, evidence })
    }
    this.#marks[this.#last] = { ...mark, mtimeNs: stat.mtimeNs, bornNs: stat.birthtimeNs }
    if (succession.live === undefined || succession.isLive(mark)) {
      await this.#takePlain(this.#last, { opened, end: Number(stat.size), tail: check.tail })
      return false
    }
    // Somebody may still be about to end its last line.
    const isWhole = await this.#takeLines(this.#last, opened)
    return isWhole && !taker.isFull ? this.#advance() : false
  }

  /** A file that was empty when it was seen may have been copied and emptied since, and looks the same. */
  async #hasCopyBefore(mark: FileMark): Promise<boolean> {
    const { succession, state } = this.#parts
    if (takenOf(mark) > mark.print.from || mark !== state.files.at(-1)) return false
    const copy = await succession.madeSince(mark, { marks: this.#marks, sinceNs: state.lookedNs })
    if (copy === undefined) return false
    this.#marks[this.#last] = { ...movedTo(mark, copy), gapAfter: 'copytruncate' }
    return true
  }

  /** The newest file's bytes are not where they were: where are they now? */
  async #lookForMoved(reason: 'gone' | 'truncated' | 'replaced'): Promise<boolean> {
    const { succession } = this.#parts
    const mark = this.#marks[this.#last] as FileMark
    if (this.#forgetEmpty(mark)) return true
    const copy = await succession.copyOf(mark, this.#marks)
    if (copy === undefined) {
      this.#marks[this.#last] = { ...mark, ino: 0n, isDone: true, gapAfter: reason }
      return true
    }
    const moved = movedTo(mark, copy.file)
    // Packing a rotated file loses nothing; copying one that is written to may.
    const isPacked = reason === 'gone' && copy.reach === 'all' && copy.file.packing !== 'plain'
    const gapAfter = reason === 'gone' ? reason : 'copytruncate'
    this.#marks[this.#last] = { ...moved, ...(!isPacked && { gapAfter }), isDone: copy.reach === 'part' }
    return true
  }

  /** Where nothing of the newest file is in the stream, what follows is found from the one before it. */
  #forgetEmpty(mark: FileMark): boolean {
    if (takenOf(mark) > mark.print.from || this.#last === 0) return false
    this.#marks.pop()
    return true
  }

  /** On to the file that was written after the newest one; false where there is none yet. */
  async #advance(): Promise<boolean> {
    const { succession, taker } = this.#parts
    const mark = this.#marks[this.#last] as FileMark
    const named = succession.named(mark)
    if (named === undefined && mark.gapAfter === undefined && this.#forgetEmpty(mark)) return true
    const lies = named ?? (await succession.copyOf(mark, this.#marks))?.file
    const next = await succession.next(mark, { marks: this.#marks, lies })
    if (next === undefined) return false
    const isCopied = named !== undefined && succession.isCopied(named)
    const gap = mark.gapAfter ?? (isCopied ? 'copytruncate' : next.isNext ? undefined : 'gone')
    if (gap !== undefined) taker.addGap({ reason: gap, lostBytes: null, evidence: goneEvidence(gap, mark, next.file) })
    taker.cut()
    const fresh = freshMark(next.file, 0)
    const opened = gap === undefined ? undefined : await succession.find(fresh)
    const hole = opened?.packing === 'plain' ? await holeAtStart(opened.bytes, Number(next.file.stat.size)) : 0
    this.#marks.push(freshMark(next.file, hole))
    return true
  }

  /** Up to the end of the last whole line, or all of a file at rest. Whether nothing is left. */
  async #takeLines(index: number, opened: OpenLog): Promise<boolean> {
    const mark = this.#marks[index] as FileMark
    const stat = await opened.handle.stat({ bigint: true })
    const size = Number(stat.size)
    const check = await checkQuickly(opened.bytes, mark.print, size)
    if (check.kind !== 'same') return this.#again()
    const end = this.#isAtRest(stat) ? size : await lastLineEnd(opened.bytes, mark, size)
    await this.#takePlain(index, { opened, end, tail: check.tail })
    return takenOf(this.#marks[index] as FileMark) === size
  }

  async #takePlain(index: number, from: { opened: OpenLog; end: number; tail: Uint8Array }): Promise<void> {
    const { opened, end, tail } = from
    const mark = this.#marks[index] as FileMark
    const taken = await this.#parts.taker.take(mark, { bytes: opened.bytes, end, tail })
    this.#marks[index] = taken.mark
    if (taken.kind === 'moved') this.#again()
  }

  /** A packed file is at rest: when it has been read, it is done with. */
  async #takePacked(index: number, { bytes }: OpenLog): Promise<void> {
    const { taker } = this.#parts
    const mark = this.#marks[index] as FileMark
    try {
      const taken = await taker.take(mark, { bytes, end: Number.POSITIVE_INFINITY, tail: noBytes })
      this.#marks[index] = taker.isFull ? taken.mark : { ...taken.mark, isDone: true }
    } catch (failed) {
      if (!(failed instanceof PackedDamage)) throw failed
      taker.addGap({ reason: 'packed', lostBytes: null, evidence: [failed.message] })
      this.#marks[index] = { ...mark, isDone: true }
    }
  }

  /** What was found does not hold any more; the next look finds out. */
  #again(): false {
    this.#isBehind = true
    return false
  }

  #isAtRest({ mtimeNs }: BigIntStats): boolean {
    const { nowNs } = this.#parts
    return nowNs - mtimeNs >= restNs || mtimeNs - nowNs >= restNs
  }
}
