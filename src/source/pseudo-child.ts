/**
 * The owner's side of the process that reads slow pseudo files: asking it, and waiting for no longer than one wants to.
 *
 * Synchronous: no event loop runs while it waits. One question at a time; after `stalled` it must be killed.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openPipe } from '../linux/pipe.ts'
import { pollReadable } from '../linux/poll.ts'
import {
  encodeQuestion,
  frameBytesMax,
  frameHeadBytes,
  outcome,
  type Question,
  readFrameHead,
} from './pseudo-frames.ts'

export type Answer = 'end' | 'cut' | 'stalled' | { readonly failed: string }

/** Of its start, on a machine that is busy. */
const startMsMax = 10_000

export class PseudoChild {
  readonly #process: ChildProcess
  readonly #questionFd: number
  readonly #answerFd: number
  #hasStarted = false
  readonly #frame = new Uint8Array(frameHeadBytes + frameBytesMax + 1)

  /** `ended` is called once, from the event loop. */
  constructor(ended: () => void) {
    const [questions, answers] = [openPipe(), openPipe()]
    this.#questionFd = questions.writeFd
    this.#answerFd = answers.readFd
    const program = fileURLToPath(new URL('./pseudo-worker.ts', import.meta.url))
    const options = ['--max-old-space-size=32', '--max-semi-space-size=1', '--no-warnings']
    this.#process = spawn(process.execPath, [...options, program], {
      stdio: [questions.readFd, answers.writeFd, 'ignore'],
      cwd: '/',
      env: {},
    })
    fs.closeSync(questions.readFd)
    fs.closeSync(answers.writeFd)
    this.#process.unref()
    let isOver = false
    const over = (): void => {
      if (!isOver) ended()
      isOver = true
    }
    this.#process.once('exit', over)
    this.#process.once('error', over)
  }

  /** Hands on what comes, in memory of its own. `stallMs`: of waiting for the next bytes; `isLate` ends a slow trickle. */
  ask(
    question: Question,
    { stallMs, isLate, take }: { stallMs: number; isLate(): boolean; take(bytes: Uint8Array): void },
  ): Answer {
    this.#hasStarted ||= this.#fill(0, frameHeadBytes, startMsMax)
    if (!this.#hasStarted || !this.#asked(encodeQuestion(question))) return 'stalled'
    for (;;) {
      if (!this.#fill(0, frameHeadBytes, stallMs)) return 'stalled'
      const { outcome: what, length } = readFrameHead(this.#frame)
      if (!this.#fill(frameHeadBytes, length, stallMs)) return 'stalled'
      const bytes = this.#frame.slice(frameHeadBytes, frameHeadBytes + length)
      if (what === outcome.failed) return { failed: Buffer.from(bytes).toString('latin1') }
      if (length > 0) take(bytes)
      if (what === outcome.end) return 'end'
      if (what === outcome.cut) return 'cut'
      if (isLate()) return 'stalled'
    }
  }

  /** It ends at once, or when the kernel lets go of it. */
  kill(): void {
    this.#process.kill('SIGKILL')
    fs.closeSync(this.#questionFd)
    fs.closeSync(this.#answerFd)
  }

  #asked(question: Uint8Array): boolean {
    try {
      for (let at = 0; at < question.length; ) at += fs.writeSync(this.#questionFd, question, at)
      return true
    } catch {
      return false
    }
  }

  /** False where nothing comes any more. */
  #fill(start: number, length: number, stallMs: number): boolean {
    for (let at = start; at < start + length; ) {
      // Twice, because a signal ends a wait early.
      const isReady = this.#isReady(stallMs / 2) || this.#isReady(stallMs / 2)
      if (!isReady) return false
      const count = fs.readSync(this.#answerFd, this.#frame, at, start + length - at, null)
      if (count === 0) return false
      at += count
    }
    return true
  }

  #isReady(timeoutMs: number): boolean {
    return pollReadable([this.#answerFd], timeoutMs)[0] === true
  }
}
