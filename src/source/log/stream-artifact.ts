/**
 * A brick of one entry that only grows at its end, whatever it is fed from: what a log and a journal have in common.
 *
 * The brick is the truth: every look begins at the state that its newest commit says, so it does not matter what became
 * of the look before. A look's bytes come with the listing; nobody reads them again.
 */
import { equalBytes } from '../../base/bytes.ts'
import type { EntryMeta } from '../../base/entry.ts'
import { FoundryError } from '../../base/errors.ts'
import type { JsonValue, Region } from '../../base/region.ts'
import type { Artifact, EntryRegions } from '../artifact.ts'
import type { Listed } from '../describe.ts'
import type { Held } from './held.ts'
import { emptyTail, extended, type StreamTail, shortened, tailStart } from './stream-tail.ts'

/** What feeds the stream. `State` is what has to be known to go on, as JSON. */
export interface StreamFeed {
  /** The state before the first byte. */
  begin(): JsonValue
  /** Whether that is a state, and of how many bytes. */
  sizeOf(state: JsonValue): number | undefined
  /** Bytes that follow. Errors: SOURCE_*, CANCELLED; after any of them it is asked again from the same state. */
  follow(request: FeedRequest): Promise<Fed>
  close(): Promise<void>
}

export interface FeedRequest {
  readonly state: JsonValue
  readonly bytesMax: number
  readonly readStream: (start: number, length: number) => Uint8Array | undefined
  readonly signal: AbortSignal
  /** Throws CANCELLED where the signal says so. */
  readonly stopIfAsked: () => void
}

export interface Fed {
  readonly state: JsonValue
  readonly bytes: Uint8Array
  /** Nothing that has to be remembered is other than before. */
  readonly isSame: boolean
  readonly isBehind: boolean
  /** Of the new bytes; `whole`: the stream's end with them. Regions that begin before `keptTo` stay. */
  readonly regions: (whole: StreamTail) => { readonly regions: readonly Region[]; readonly keptTo: number }
  readonly meta: Pick<EntryMeta, 'mode' | 'uid' | 'gid' | 'userName' | 'groupName' | 'ino' | 'dev' | 'mtime' | 'ctime'>
  /** For people. */
  readonly about: { readonly [key: string]: JsonValue }
}

export interface StreamOptions {
  /** The entry's. */
  readonly path: Uint8Array
  readonly signal: AbortSignal
  /** What the brick holds now; left out: what the last settled look saw. */
  readonly held?: () => Held | undefined
  readonly limits?: Partial<StreamLimits>
}

export interface StreamLimits {
  /** Bytes of one look. */
  readonly lookBytesMax: number
  /** Bytes that are kept; older ones are pruned, in steps of a sixteenth. */
  readonly keptBytesMax: number
}

export const streamLimits: StreamLimits = { lookBytesMax: 32 * 2 ** 20, keptBytesMax: 256 * 2 ** 20 }

const tileSizeBytes = 65_536
const stateKey = 'stream'

/** Where the stream stands: its state, and the bytes at its end. */
interface Standing {
  readonly state: JsonValue
  readonly sizeBytes: number
  readonly tail: StreamTail
  /** A brick says so, or a look was settled. */
  readonly isCommitted: boolean
}

export class StreamArtifact implements Artifact {
  readonly reader = 'logs'
  readonly #feed: StreamFeed
  readonly #options: StreamOptions
  readonly #limits: StreamLimits
  /** Of the last settled look. */
  #known: Standing | undefined
  #seen: (Omit<Standing, 'isCommitted'> & { readonly fed: Fed; readonly before: number }) | undefined
  #isBehind = false

  constructor(feed: StreamFeed, options: StreamOptions) {
    this.#feed = feed
    this.#options = options
    this.#limits = { ...streamLimits, ...options.limits }
  }

  readonly lister = {
    stat: (path: Uint8Array): Listed | undefined => (equalBytes(path, this.#options.path) ? this.#listed() : undefined),
    walk: (): Listed[] => [this.#listed()],
  }

  /** More is there than the last look took: another look is worth while at once. */
  get isBehind(): boolean {
    return this.#isBehind
  }

  async look(signal: AbortSignal): Promise<'looked' | 'same'> {
    const either = AbortSignal.any([signal, this.#options.signal])
    const stopIfAsked = (): void => {
      if (!either.aborted) return
      throw new FoundryError('CANCELLED', 'Looking at a log was stopped; nothing was changed.')
    }
    const before = this.#standing()
    this.#seen = undefined
    const { state, sizeBytes } = before
    const readStream = (start: number, length: number): Uint8Array | undefined => this.#read(before, start, length)
    const bytesMax = this.#limits.lookBytesMax
    const fed = await this.#feed.follow({ state, bytesMax, readStream, signal: either, stopIfAsked })
    this.#isBehind = fed.isBehind
    const tail = extended(before.tail, fed.bytes)
    this.#seen = { state: fed.state, sizeBytes: sizeBytes + fed.bytes.length, tail, fed, before: sizeBytes }
    return before.isCommitted && fed.isSame && fed.bytes.length === 0 ? 'same' : 'looked'
  }

  *regions(): Generator<EntryRegions> {
    const seen = this.#seen
    if (seen === undefined) return
    const { regions, keptTo } = seen.fed.regions(seen.tail)
    const start = prunedBytes(seen.sizeBytes, this.#limits.keptBytesMax)
    yield { path: this.#options.path, regions, kept: { start, length: Math.max(0, keptTo - start) } }
  }

  about(): { readonly [key: string]: JsonValue } {
    const seen = this.#seen
    return seen === undefined ? {} : { ...seen.fed.about, [stateKey]: seen.state }
  }

  settled(): void {
    if (this.#seen === undefined) return
    const { state, sizeBytes, tail } = this.#seen
    this.#known = { state, sizeBytes, tail: shortened(tail), isCommitted: true }
  }

  /** Without a brick to ask, the last settled look is what counts. */
  unsettled(): void {
    this.#seen = undefined
    if (this.#options.held !== undefined) this.#known = undefined
  }

  close(): Promise<void> {
    return this.#feed.close()
  }

  #standing(): Standing {
    const { held } = this.#options
    if (held === undefined) return this.#known ?? this.#fresh()
    const brick = held()
    const state = brick?.about?.[stateKey]
    const sizeBytes = state === undefined ? undefined : this.#feed.sizeOf(state)
    if (brick === undefined || state === undefined || sizeBytes !== brick.sizeBytes) return this.#fresh()
    if (this.#known !== undefined && isSameJson(this.#known.state, state)) return this.#known
    const start = tailStart(sizeBytes)
    const tail = { start, bytes: brick.read(start, sizeBytes - start) }
    this.#known = { state, sizeBytes, tail, isCommitted: true }
    return this.#known
  }

  #fresh(): Standing {
    return { state: this.#feed.begin(), sizeBytes: 0, tail: emptyTail, isCommitted: false }
  }

  /** Bytes of the stream as it was before this look. */
  #read({ tail, sizeBytes }: Standing, start: number, length: number): Uint8Array | undefined {
    if (start < 0 || start + length > sizeBytes) return undefined
    if (start >= tail.start) return tail.bytes.subarray(start - tail.start, start - tail.start + length)
    const pruned = prunedBytes(sizeBytes, this.#limits.keptBytesMax)
    return start < pruned ? undefined : this.#options.held?.()?.read(start, length)
  }

  #listed(): Listed {
    const seen = this.#seen
    if (seen === undefined) throw new FoundryError('SOURCE_MISSING', 'A log was listed before it was looked at.')
    const { fed, sizeBytes, before, tail } = seen
    const meta: EntryMeta = {
      path: this.#options.path,
      kind: 'file',
      ...fed.meta,
      size: sizeBytes,
      rdev: 0n,
      nlink: 1,
      xattrs: [],
    }
    const pruned = prunedBytes(sizeBytes, this.#limits.keptBytesMax)
    const front = pruned === 0 ? {} : { prunedBytes: pruned }
    if (sizeBytes === before) return { meta, changed: [], pieces: [], ...front }
    const changed = [{ start: tail.start, length: tail.bytes.length }]
    return { meta, changed, pieces: [{ start: tail.start, bytes: tail.bytes }], ...front }
  }
}

/** In steps, so that not every look prunes a little; always whole tiles. */
export function prunedBytes(sizeBytes: number, keptBytesMax: number): number {
  if (sizeBytes <= keptBytesMax) return 0
  const step = Math.max(1, Math.floor(keptBytesMax / 16 / tileSizeBytes)) * tileSizeBytes
  return Math.floor((sizeBytes - keptBytesMax) / step) * step
}

/** Both come from this build, or from JSON that it wrote: the order of keys is that of writing, or canonical. */
function isSameJson(a: JsonValue, b: JsonValue): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
}

function sorted(json: JsonValue): JsonValue {
  if (Array.isArray(json)) return json.map(sorted)
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(
    Object.entries(json)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, sorted(value)]),
  )
}
