/**
 * One run of journalctl that gives entries in the export format, in order. What it says and nobody has taken yet is
 * bounded: it has to wait then.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { FoundryError } from '../../base/errors.ts'
import { type JournalEntry, JournalReader } from './journal-entries.ts'

export interface JournalQuery {
  /** Empty: all. */
  readonly unit: string
  /** The first entry that is given, or the next one where that is gone; left out: the last `newest` ones. */
  readonly cursor?: string
  /** It goes on with what is logged from now on. */
  readonly follow: 'yes' | 'no'
}

/** Entries of a journal of which the brick has none yet. */
const newestMax = 10_000
const waitingBytesMax = 8 * 2 ** 20
const errorTextMax = 400

export class Journalctl {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  readonly #reader = new JournalReader()
  readonly #waiting: JournalEntry[] = []
  #waitingBytes = 0
  #errorText = ''
  #failure: unknown
  #isEnded = false
  #wake: (() => void) | undefined

  constructor(query: JournalQuery) {
    const env = { ...process.env, LC_ALL: 'C', SYSTEMD_COLORS: '0' }
    this.#child = spawn('journalctl', argumentsOf(query), { stdio: ['ignore', 'pipe', 'pipe'], env })
    this.#child.stdout.on('data', (piece: Buffer) => this.#read(piece))
    this.#child.stderr.on('data', (piece: Buffer) => {
      if (this.#errorText.length < errorTextMax) this.#errorText += piece.toString('utf8')
    })
    this.#child.on('error', (error: NodeJS.ErrnoException) => this.#end(notStarted(error)))
    this.#child.on('close', (code) => this.#end(code === 0 || code === null ? undefined : this.#refused(code)))
  }

  /** It has ended, and everything that it said was taken. */
  get isOver(): boolean {
    return this.#isEnded && this.#waiting.length === 0
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0
  }

  /** What has come so far, at most about `bytesMax`. Errors: SOURCE_MISSING, SOURCE_UNREADABLE where it failed. */
  take(bytesMax: number): JournalEntry[] {
    const taken: JournalEntry[] = []
    for (let left = bytesMax; left > 0 && this.#waiting.length > 0; ) {
      const entry = this.#waiting.shift() as JournalEntry
      taken.push(entry)
      left -= entry.bytes.length
      this.#waitingBytes -= entry.bytes.length
    }
    if (this.#waitingBytes < waitingBytesMax) this.#child.stdout.resume()
    if (taken.length === 0 && this.#failure !== undefined) throw this.#failure
    return taken
  }

  /** Until it has said something, or has ended. */
  async something(): Promise<void> {
    if (this.#waiting.length > 0 || this.#isEnded) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }

  async close(): Promise<void> {
    this.#child.stdout.removeAllListeners('data')
    this.#child.stdout.resume()
    if (this.#isEnded || this.#child.pid === undefined) return
    const ended = new Promise((resolve) => this.#child.once('close', resolve))
    this.#child.kill('SIGKILL')
    await ended
  }

  #read(piece: Buffer): void {
    for (const entry of this.#reader.read(piece)) {
      this.#waiting.push(entry)
      this.#waitingBytes += entry.bytes.length
    }
    if (this.#waitingBytes >= waitingBytesMax) this.#child.stdout.pause()
    this.#wake?.()
  }

  #end(failure: unknown): void {
    this.#isEnded = true
    this.#failure ??= failure
    this.#wake?.()
  }

  #refused(code: number): FoundryError {
    const why = this.#errorText.trim().replaceAll(/\s+/g, ' ').slice(0, errorTextMax)
    const message = `journalctl ended with ${code}: ${why}. Run with more rights (group systemd-journal), or name a log file.`
    return new FoundryError('SOURCE_UNREADABLE', message)
  }
}

function argumentsOf({ unit, cursor, follow }: JournalQuery): string[] {
  return [
    '--output=export',
    '--no-pager',
    '--quiet',
    '--all',
    ...(unit === '' ? [] : [`--unit=${unit}`]),
    ...(cursor === undefined ? [`--lines=${newestMax}`] : [`--cursor=${cursor}`]),
    ...(follow === 'yes' ? ['--follow', '--no-tail'] : []),
  ]
}

function notStarted(error: NodeJS.ErrnoException): FoundryError {
  return error.code === 'ENOENT'
    ? new FoundryError('SOURCE_MISSING', 'There is no journalctl here. Name a log file instead.', error)
    : new FoundryError('SOURCE_UNREADABLE', `journalctl cannot be run: ${error.code ?? error.message}.`, error)
}
