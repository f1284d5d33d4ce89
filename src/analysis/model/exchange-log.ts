/**
 * The record of all exchanges with models: a folder of the state, one file a UTC day and part, one exchange a line.
 * Readable by its owner alone. Bounded: the oldest files go. Also the account of what was spent today.
 *
 * A disk that refuses stops recording, and `trouble` says so: then nothing is asked any more, for what cannot be audited
 * is not sent.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { displayPath } from '../../base/bytes.ts'
import type { Exchange } from './exchange.ts'
import { objectOf } from './json-fields.ts'

export interface ForgottenEntries {
  /** Its name. */
  readonly brick: string
  readonly paths: readonly Uint8Array[]
  /** The same, absolute. */
  readonly places: readonly Uint8Array[]
}

export class ExchangeLog {
  readonly #folder: string
  /** Why it cannot record; undefined while it can. */
  trouble: string | undefined
  /** What is recorded of these is only what it cost. */
  readonly #forgotten: Forgotten[] = []
  #spent: { day: string; tokens: number } | undefined

  /** Makes the folder with the first record. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** Makes sure that there will be room for a record. */
  prepare(): boolean {
    return this.#guarded(() => {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      chmodSync(this.#folder, 0o700)
    })
  }

  add(exchange: Exchange): void {
    const day = exchange.time.slice(0, 10)
    const spent = this.tokensOn(day)
    this.#guarded(() => {
      const isForgotten = this.#forgotten.some((one) => isAbout(exchange, one))
      const text = JSON.stringify(isForgotten ? redacted(exchange) : exchange)
      append(join(this.#folder, this.#fileFor(day)), text)
      this.#shed()
    })
    this.#spent = { day, tokens: spent + exchange.tokensIn + exchange.tokensOut }
  }

  /**
   * Of exchanges about these entries of a brick, or about what lies beneath them, only the cost stays; of those that come,
   * too. False where a file cannot be read or written; `trouble` says it.
   */
  forget({ brick, paths, places }: ForgottenEntries): boolean {
    const forgotten = { brick, paths: paths.map(displayPath), places: places.map(displayPath) }
    this.#forgotten.push(forgotten)
    return this.#guarded(() => {
      for (const file of namesIn(this.#folder)) redactFile(join(this.#folder, file), forgotten)
    })
  }

  /** Tokens of all exchanges of that day; `day` such as 2026-11-22. */
  tokensOn(day: string): number {
    if (this.#spent?.day !== day) {
      let tokens = 0
      for (const file of this.#files()) {
        if (!file.startsWith(day)) continue
        for (const { tokensIn, tokensOut } of this.#read(file)) tokens += tokensIn + tokensOut
      }
      this.#spent = { day, tokens }
    }
    return this.#spent.tokens
  }

  /** Errors: those of the operating system, where there is a record that may not be read. */
  assertReadable(): void {
    for (const file of namesIn(this.#folder)) closeSync(openSync(join(this.#folder, file), constants.O_RDONLY))
  }

  /** The newest first. What is no record is left out. */
  *newest(): Generator<Exchange> {
    for (const file of this.#files().reverse()) yield* this.#read(file).reverse()
  }

  /** The one with that id, or whose id alone begins so; several: undefined. */
  find(id: string): Exchange | undefined {
    let found: Exchange | undefined
    for (const each of this.newest()) {
      if (each.id === id) return each
      if (!each.id.startsWith(id)) continue
      if (found !== undefined) return undefined
      found = each
    }
    return found
  }

  /** Ascending in time. */
  #files(): string[] {
    try {
      return namesIn(this.#folder)
    } catch {
      return []
    }
  }

  #read(file: string): Exchange[] {
    let text: string
    try {
      text = readFileSync(join(this.#folder, file), 'utf8')
    } catch {
      return []
    }
    return text.split('\n').flatMap((line) => recordOf(line) ?? [])
  }

  /** The last part of the day, or the next one where that is full. */
  #fileFor(day: string): string {
    const last = this.#files().findLast((name) => name.startsWith(day))
    if (last === undefined) return `${day}.0.ndjson`
    const { size } = statSync(join(this.#folder, last))
    return size < partBytesMax ? last : `${day}.${partOf(last) + 1}.ndjson`
  }

  #shed(): void {
    const files = this.#files().map((name) => ({ name, size: statSync(join(this.#folder, name)).size }))
    let total = files.reduce((sum, { size }) => sum + size, 0)
    for (const { name, size } of files.slice(0, -1)) {
      if (total <= logBytesMax) return
      unlinkSync(join(this.#folder, name))
      total -= size
    }
  }

  #guarded(work: () => void): boolean {
    try {
      work()
      this.trouble = undefined
      return true
    } catch (error) {
      this.trouble = `exchanges cannot be recorded in ${this.#folder}: ${(error as Error).message}`
      return false
    }
  }
}

interface Forgotten {
  readonly brick: string
  /** As they are displayed. */
  readonly paths: readonly string[]
  /** The same, absolute: files that were looked at where they lie have no brick. */
  readonly places: readonly string[]
}

function isAbout({ brick, path }: Exchange, { brick: name, paths, places }: Forgotten): boolean {
  if (path === null) return false
  const isOfNone = brick === null || brick === ''
  if (!isOfNone && brick !== name) return false
  return (isOfNone ? places : paths).some((each) => path === each || path.startsWith(`${each}/`))
}

function redacted(exchange: Exchange): Exchange {
  const { question, ...rest } = exchange
  const nothing = { ...question, system: '', user: '', schema: {} }
  return { ...rest, path: null, offset: 0, length: 0, question: nothing, answer: '', outcome: 'forgotten', reason: '' }
}

/** In place, at the same length: whoever appends meanwhile is not disturbed, and the old bytes are overwritten. */
function redactFile(path: string, forgotten: Forgotten): void {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW)
  try {
    let at = 0
    let isChanged = false
    for (const line of readFileSync(fd, 'latin1').split('\n')) {
      const exchange = recordOf(Buffer.from(line, 'latin1').toString())
      // A line that a crash cut off is of nobody knows what.
      const isTorn = exchange === undefined && line.trim() !== ''
      if (isTorn || (exchange !== undefined && isAbout(exchange, forgotten))) {
        const text = exchange === undefined ? '' : JSON.stringify(redacted(exchange))
        const bytes = Buffer.alloc(line.length, ' ')
        if (Buffer.byteLength(text) <= line.length) bytes.write(text)
        writeSync(fd, bytes, 0, bytes.length, at)
        isChanged = true
      }
      at += line.length + 1
    }
    if (isChanged) fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Ascending in time; none where there is no folder. Errors: those of the operating system. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => fileName.test(name))
      .sort(byPart)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

export const logBytesMax = 64 * 2 ** 20
const partBytesMax = 8 * 2 ** 20
const fileName = /^\d{4}-\d\d-\d\d\.\d{1,6}\.ndjson$/

function partOf(name: string): number {
  return Number(name.split('.')[1])
}

function byPart(a: string, b: string): number {
  const [dayA, dayB] = [a.slice(0, 10), b.slice(0, 10)]
  return dayA === dayB ? partOf(a) - partOf(b) : dayA < dayB ? -1 : 1
}

/** In one write, so that two programs do not mix theirs; on a line of its own also where a crash cut the last one off. */
function append(path: string, line: string): void {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants
  const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600)
  try {
    writeSync(fd, `\n${line}\n`)
  } finally {
    closeSync(fd)
  }
}

/** A line that a crash cut off is none. */
function recordOf(line: string): Exchange | undefined {
  if (line === '') return undefined
  try {
    const json = objectOf(JSON.parse(line))
    if (json === undefined || typeof json['id'] !== 'string' || typeof json['time'] !== 'string') return undefined
    if (typeof json['tokensIn'] !== 'number' || typeof json['tokensOut'] !== 'number') return undefined
    return objectOf(json['question']) === undefined ? undefined : (json as unknown as Exchange)
  } catch {
    return undefined
  }
}
