/**
 * Reading files that may make their reader wait, in a process that is given up where it does not come back.
 *
 * The caller waits at most `stallMsMax` for the next bytes. What stalled is left alone for a while, longer each time; while
 * `lostMax` processes are stuck in the kernel nothing more is asked. It is a process and not a thread because one that is stuck
 * cannot be killed: as a thread it would hold the whole of this one, its locks too, when that has to end.
 */
import { concatBytes } from '../base/bytes.ts'
import { bytesOf } from '../linux/libc.ts'
import type { PseudoFile, PseudoRead } from './pseudo.ts'
import { type Answer, PseudoChild } from './pseudo-child.ts'
import { PseudoRests } from './pseudo-rests.ts'

/** So long may the next bytes take. */
export const stallMsMax = 1000
export const lostMax = 4

export interface ReadLimits {
  readonly bytesMax: number
  readonly msMax: number
}

/** One for a process: see `readApart`. */
export class ApartReader {
  readonly #stallMs: number
  readonly #rests = new PseudoRests()
  #lostCount = 0
  #child: PseudoChild | undefined

  constructor(stallMs = stallMsMax) {
    this.#stallMs = stallMs
  }

  /** Processes that were killed and have not ended yet, as far as the event loop has heard. */
  get lostCount(): number {
    return this.#lostCount
  }

  /** As readPseudoFile. ETIMEDOUT: it stalled, now or a short while ago, or too many others do. */
  read(file: PseudoFile, { bytesMax, msMax }: ReadLimits): PseudoRead {
    const beganMs = file.clock.monotonicMs()
    if (this.#rests.isResting(file, beganMs) || this.#lostCount >= lostMax) return stalled([])
    const chunks: Uint8Array[] = []
    const isLate = (): boolean => file.clock.monotonicMs() > beganMs + msMax
    this.#child ??= this.#start()
    const child = this.#child
    const question = { directoryFd: file.directoryFd, bytesMax, name: bytesOf(file.name) }
    const take = (bytes: Uint8Array): void => {
      chunks.push(bytes)
    }
    const answer = child.ask(question, { stallMs: this.#stallMs, isLate, take })
    if (answer === 'stalled') {
      this.close()
      this.#rests.stalled(file, file.clock.monotonicMs())
      return stalled(chunks)
    }
    this.#rests.answered(file)
    return resultOf(answer, concatBytes(chunks))
  }

  /** Ends the process that waits for questions. */
  close(): void {
    this.#child?.kill()
    if (this.#child !== undefined) this.#lostCount++
    this.#child = undefined
  }

  #start(): PseudoChild {
    const child = new PseudoChild(() => {
      if (this.#child === child) this.close()
      this.#lostCount--
    })
    return child
  }
}

let shared: ApartReader | undefined

/** By the process that all of this thread share; it is started when it is first needed. */
export function readApart(file: PseudoFile, limits: ReadLimits): PseudoRead {
  shared ??= new ApartReader()
  return shared.read(file, limits)
}

function resultOf(answer: Exclude<Answer, 'stalled'>, content: Uint8Array): PseudoRead {
  if (answer === 'end') return { content }
  return { content, unreadable: answer === 'cut' ? 'ETOOBIG' : answer.failed }
}

function stalled(chunks: readonly Uint8Array[]): PseudoRead {
  return { content: concatBytes(chunks), unreadable: 'ETIMEDOUT' }
}
