/**
 * The systemd journal as a brick: its entries in the export format, exactly as journalctl gives them, one after the other.
 *
 * Every run begins at the last entry that the brick has: that it comes first proves that nothing was dropped in between;
 * then it is left out. The first look waits for all that is there; later ones take what a run that follows has said.
 */

import { bytesKey, concatBytes } from '../../base/bytes.ts'
import { timestampOf } from '../../base/entry.ts'
import type { Clock } from '../../base/ports.ts'
import { type JsonValue, type Region, regionLayers } from '../../base/region.ts'
import type { Artifact } from '../artifact.ts'
import { type Source, sourceName } from '../open.ts'
import { type Gap, gapJson, gapOf, gapRegion, gapsInOrder } from './gaps.ts'
import type { JournalEntry } from './journal-entries.ts'
import { Journalctl } from './journalctl.ts'
import { fieldsOf, listOf, numberOf, textOf } from './json-fields.ts'
import { priorities } from './line-head.ts'
import type { LogOptions } from './log-artifact.ts'
import { lineNameMax, linesMax, shownText } from './log-lines.ts'
import { type Fed, type FeedRequest, StreamArtifact, type StreamFeed } from './stream-artifact.ts'

/** Of a source `journal:` or `journal:UNIT`. */
export function journalArtifact(source: Source, options: LogOptions): Artifact & { readonly isBehind: boolean } {
  return new StreamArtifact(new JournalFeed(source, options.clock), { ...options, path: source.path })
}

const olderNs = 1_000_000_000n
const ownerOnly = 0o600

interface JournalState {
  readonly sizeBytes: number
  /** Of the last entry; undefined before the first. */
  readonly cursor: string | undefined
  /** When the stream began and when the last entry was made, nanoseconds since 1970. */
  readonly beganNs: bigint
  readonly lastNs: bigint
  readonly gaps: readonly Gap[]
}

interface Run {
  readonly journalctl: Journalctl
  /** Of the last entry that was taken from it. */
  cursor: string | undefined
  /** Whether its first entry was the one that it had to be. */
  isProven: boolean
}

class JournalFeed implements StreamFeed {
  readonly #name: string
  readonly #unit: string
  readonly #clock: Clock
  #run: Run | undefined
  /** All that was there has been taken once: from now on it is followed. */
  #isCaughtUp = false

  constructor(source: Source, clock: Clock) {
    this.#name = bytesKey(sourceName(source))
    this.#unit = this.#name.slice(this.#name.indexOf(':') + 1)
    this.#clock = clock
  }

  begin(): JsonValue {
    const beganNs = this.#clock.nowNs() - olderNs
    return jsonOf({ sizeBytes: 0, cursor: undefined, beganNs, lastNs: beganNs, gaps: [] })
  }

  sizeOf(json: JsonValue): number | undefined {
    return stateOf(json)?.sizeBytes
  }

  async follow(request: FeedRequest): Promise<Fed> {
    const stop = (): Promise<void> | undefined => this.#run?.journalctl.close()
    request.signal.addEventListener('abort', stop, { once: true })
    try {
      return await this.#follow(request)
    } catch (failed) {
      await this.close()
      throw failed
    } finally {
      request.signal.removeEventListener('abort', stop)
    }
  }

  async close(): Promise<void> {
    const run = this.#run
    this.#run = undefined
    this.#isCaughtUp = false
    await run?.journalctl.close()
  }

  async #follow({ state: json, bytesMax, stopIfAsked }: FeedRequest): Promise<Fed> {
    const before = stateOf(json) ?? (stateOf(this.begin()) as JournalState)
    const run = await this.#runFrom(before.cursor)
    let state = before
    const entries: JournalEntry[] = []
    for (let left = bytesMax; left > 0; ) {
      stopIfAsked()
      const taken = run.journalctl.take(left)
      const added = this.#added(state, run, taken)
      state = added.state
      entries.push(...added.entries)
      left -= added.entries.reduce((sum, { bytes }) => sum + bytes.length, 0)
      if (run.journalctl.isOver || (this.#isCaughtUp && !run.journalctl.hasWaiting)) break
      if (!run.journalctl.hasWaiting) await run.journalctl.something()
    }
    const isBehind = run.journalctl.hasWaiting || !(this.#isCaughtUp || run.journalctl.isOver)
    if (run.journalctl.isOver) {
      const isNowCaughtUp = !this.#isCaughtUp
      await this.close()
      // It has given everything; the next run follows, or begins again where one that followed has ended.
      this.#isCaughtUp = isNowCaughtUp
    }
    return fedOf({ before, state, entries, isBehind, name: this.#name })
  }

  async #runFrom(cursor: string | undefined): Promise<Run> {
    if (this.#run !== undefined && this.#run.cursor === cursor) return this.#run
    await this.#run?.journalctl.close()
    const follow = this.#isCaughtUp ? 'yes' : 'no'
    const journalctl = new Journalctl({ unit: this.#unit, follow, ...(cursor !== undefined && { cursor }) })
    this.#run = { journalctl, cursor, isProven: cursor === undefined }
    return this.#run
  }

  #added(
    before: JournalState,
    run: Run,
    taken: readonly JournalEntry[],
  ): { readonly state: JournalState; readonly entries: readonly JournalEntry[] } {
    let { sizeBytes, cursor, lastNs, gaps } = before
    const entries: JournalEntry[] = []
    for (const entry of taken) {
      if (!run.isProven) {
        run.isProven = true
        if (entry.cursor === cursor) continue
        const evidence = ['the last entry that was taken is not in the journal any more']
        gaps = gapsInOrder([...gaps, { at: sizeBytes, reason: 'vacuumed', lostBytes: null, evidence }])
      }
      if (entry.bytes.length === 0) {
        const evidence = [`an entry of ${entry.sizeBytes} bytes`]
        gaps = gapsInOrder([...gaps, { at: sizeBytes, reason: 'skipped', lostBytes: entry.sizeBytes, evidence }])
      }
      entries.push(entry)
      sizeBytes += entry.bytes.length
      cursor = entry.cursor === '' ? cursor : entry.cursor
      lastNs = timeOf(entry) ?? lastNs
    }
    run.cursor = cursor
    return { state: { ...before, sizeBytes, cursor, lastNs, gaps }, entries }
  }
}

function fedOf(from: {
  before: JournalState
  state: JournalState
  entries: readonly JournalEntry[]
  isBehind: boolean
  name: string
}): Fed {
  const { before, state, entries, isBehind, name } = from
  return {
    state: jsonOf(state),
    bytes: concatBytes(entries.map(({ bytes }) => bytes)),
    isSame: state.cursor === before.cursor,
    isBehind,
    regions: () => {
      const gaps = state.gaps.filter(({ at }) => at >= before.sizeBytes && at < state.sizeBytes)
      return { regions: [...entryRegions(entries, before.sizeBytes), ...gaps.map(gapRegion)], keptTo: before.sizeBytes }
    },
    meta: {
      mode: ownerOnly,
      uid: 0,
      gid: 0,
      userName: '',
      groupName: '',
      dev: 0n,
      ino: 0n,
      mtime: timestampOf(state.lastNs),
      ctime: timestampOf(state.beganNs),
    },
    about: { log: name },
  }
}

function entryRegions(entries: readonly JournalEntry[], start: number): Region[] {
  const regions: Region[] = []
  let offset = start
  const first = Math.max(0, entries.length - linesMax)
  for (const [index, { bytes, fields }] of entries.entries()) {
    const length = bytes.length
    const message = text(fields, 'MESSAGE')
    const who = text(fields, 'SYSLOG_IDENTIFIER') ?? text(fields, '_COMM')
    const priority = priorities[Number(text(fields, 'PRIORITY') ?? 'none')]
    const time = timeText(fields)
    const name = shownText([who, message].filter((part) => part !== undefined).join(': '), lineNameMax)
    const attributes = { ...(time && { time }), ...(priority && { priority }), ...unitOf(fields) }
    if (length > 0 && index >= first)
      regions.push({ offset, length, layer: regionLayers.record, class: 'entry', name, attributes })
    offset += length
  }
  return regions
}

type Fields = JournalEntry['fields']

function unitOf(fields: Fields): { readonly [key: string]: JsonValue } {
  const unit = text(fields, '_SYSTEMD_UNIT')
  return unit === undefined ? {} : { unit: shownText(unit, lineNameMax) }
}

function text(fields: Fields, name: string): string | undefined {
  const bytes = fields.get(name)
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
}

/** Nanoseconds since 1970. */
function timeOf({ fields }: Pick<JournalEntry, 'fields'>): bigint | undefined {
  const micros = text(fields, '__REALTIME_TIMESTAMP')
  return micros !== undefined && /^\d{1,17}$/.test(micros) ? BigInt(micros) * 1_000n : undefined
}

function timeText(fields: Fields): string | undefined {
  const ns = timeOf({ fields })
  if (ns === undefined) return undefined
  const millis = new Date(Number(ns / 1_000_000n))
  const micros = String((ns / 1_000n) % 1_000n).padStart(3, '0')
  return Number.isNaN(millis.getTime()) ? undefined : millis.toISOString().replace('Z', `${micros}Z`)
}

function jsonOf({ sizeBytes, cursor, beganNs, lastNs, gaps }: JournalState): JsonValue {
  return {
    bytes: sizeBytes,
    began: String(beganNs),
    newest: String(lastNs),
    gaps: gaps.map(gapJson),
    ...(cursor !== undefined && { cursor }),
  }
}

function stateOf(json: JsonValue): JournalState | undefined {
  const fields = fieldsOf(json)
  const sizeBytes = numberOf(fields['bytes'])
  const [began, newest] = [textOf(fields['began']), textOf(fields['newest'])]
  const gaps = listOf(fields['gaps'], gapOf)
  if (sizeBytes === undefined || gaps === undefined || !isWhole(began) || !isWhole(newest)) return undefined
  return { sizeBytes, cursor: textOf(fields['cursor']), beganNs: BigInt(began), lastNs: BigInt(newest), gaps }
}

function isWhole(text: string | undefined): text is string {
  return text !== undefined && /^-?\d{1,20}$/.test(text)
}
