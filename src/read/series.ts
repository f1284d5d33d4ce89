/**
 * Numbers over time: what one entry told in each retained commit.
 *
 * What was read once is kept, for the last few entries: asked again after a new commit, only that one is read. Work is done in
 * steps, a commit each. A commit that is damaged tells nothing; the others still do.
 */
import { bytesKey, displayPath, toHex } from '../base/bytes.ts'
import type { Timestamp } from '../base/entry.ts'
import { BrickDamage } from '../brick/damage.ts'
import type { BrickView } from '../store/brick-view.ts'
import { type PastCommit, pastCommits } from '../store/history.ts'
import { viewOfPast } from './commits.ts'
import { isUnread, slotProblem } from './content.ts'
import { chiefNames, type NumberUnit, numbersOf, type ToldNumber, textBytesMax } from './series-formats.ts'

export interface SeriesName {
  readonly name: string
  readonly unit: NumberUnit
  readonly kind: 'gauge' | 'counter'
  /** In the newest commit. */
  readonly latest: number
}

export interface NumberSeries {
  /** Oldest first. */
  readonly times: readonly Timestamp[]
  /** All that the newest commit tells, in the order of the entry. */
  readonly names: readonly SeriesName[]
  /** One value for each time; null: not told then. */
  readonly series: readonly (SeriesName & { readonly values: readonly (number | null)[] })[]
  /** Commits were left out. */
  readonly isThinned: boolean
}

export interface SeriesQuestion {
  readonly path: Uint8Array
  /** Undefined: those that matter first. */
  readonly names: readonly string[] | undefined
  readonly namesMax: number
  readonly timesMax: number
}

/** Entries whose numbers are kept. */
const keptEntriesMax = 4

/** Numbers of one commit; the names are shared with the commits before where they are the same. */
interface Told {
  readonly names: readonly string[]
  readonly values: Float64Array
}

/** By commit id. */
type Kept = Map<string, Told>

export class SeriesReader {
  /** The longest unused first. */
  readonly #kept = new Map<string, Kept>()

  /** Steps to the answer. Errors: BrickDamage of the newest commit. */
  read(newest: BrickView, question: SeriesQuestion): Generator<void, NumberSeries> {
    return this.#steps(newest, question)
  }

  *#steps(newest: BrickView, question: SeriesQuestion): Generator<void, NumberSeries> {
    const { path, timesMax, namesMax } = question
    const label = labelOf(newest, path)
    const now = numbersIn(newest, path, label)
    const names = now.map(({ name, unit, kind, value }) => ({ name, unit, kind, latest: value }))
    const wanted = question.names ?? chiefNames(label, now, namesMax)
    const asked = wanted.flatMap((name) => names.filter((one) => one.name === name)).slice(0, namesMax)
    if (asked.length === 0) return { times: [], names, series: [], isThinned: false }
    const past = [...pastCommits(newest)]
    const chosen = thinned(past, timesMax - 1)
    const kept = this.#keptOf(newest, path)
    const before = new Map(kept)
    kept.clear()
    const told: Told[] = []
    for (const each of chosen) {
      const id = toHex(each.id)
      let numbers = before.get(id)
      if (numbers === undefined) {
        numbers = sharing(told.at(-1), toldIn(newest, each, { path, label }))
        yield
      }
      kept.set(id, numbers)
      told.push(numbers)
    }
    told.push(sharing(told.at(-1), now))
    kept.set(toHex(newest.record.id), told.at(-1) as Told)
    const times = [...chosen.map(({ time }) => time), newest.record.time]
    const series = asked.map((name) => ({ ...name, values: valuesOf(told, name.name) }))
    return { times, names, series, isThinned: chosen.length < past.length }
  }

  #keptOf(view: BrickView, path: Uint8Array): Kept {
    const key = `${toHex(view.record.uuid)} ${bytesKey(path)}`
    const kept: Kept = this.#kept.get(key) ?? new Map()
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= keptEntriesMax) break
      this.#kept.delete(oldest)
    }
    return kept
  }
}

function toldIn(
  newest: BrickView,
  past: PastCommit,
  { path, label }: { path: Uint8Array; label: string },
): ToldNumber[] {
  try {
    return numbersIn(viewOfPast(newest, past), path, label)
  } catch (error) {
    if (error instanceof BrickDamage) return []
    throw error
  }
}

function numbersIn(view: BrickView, path: Uint8Array, label: string): ToldNumber[] {
  const entry = view.entry(path)
  const slot = entry?.slot
  if (entry === undefined || slot === undefined || entry.size > textBytesMax || isUnread(entry)) return []
  if (slotProblem(slot, { size: entry.size, length: view.record.length }) !== undefined) return []
  const bytes = view.bytes({ start: slot.start, length: entry.size })
  return numbersOf(label, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'))
}

/** Absolute path of the entry, for the choice of its format. */
function labelOf({ meta }: BrickView, path: Uint8Array): string {
  const source = displayPath(meta.source)
  return meta.kind === 'file' ? source : `${source}/${displayPath(path)}`
}

function sharing(before: Told | undefined, numbers: readonly ToldNumber[]): Told {
  const isSame = before?.names.length === numbers.length && numbers.every(({ name }, i) => name === before.names[i])
  const names = isSame ? before.names : numbers.map(({ name }) => name)
  return { names, values: Float64Array.from(numbers, ({ value }) => value) }
}

function valuesOf(told: readonly Told[], name: string): (number | null)[] {
  let names: readonly string[] | undefined
  let at = -1
  return told.map((each) => {
    if (each.names !== names) {
      names = each.names
      at = names.indexOf(name)
    }
    return at < 0 ? null : (each.values[at] as number)
  })
}

/** At most `countMax`, by generation: mostly the same ones when a commit is added. */
function thinned(past: readonly PastCommit[], countMax: number): readonly PastCommit[] {
  let chosen = past
  for (let step = 2; chosen.length > countMax; step *= 2) {
    chosen = past.filter(({ generation }) => generation % step === 0)
  }
  return chosen
}
