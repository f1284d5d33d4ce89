/** A log file as a brick: its stream since the brick began, whatever rotation does to the files. */
import { displayPath } from '../../base/bytes.ts'
import { timestampOf } from '../../base/entry.ts'
import { FoundryError } from '../../base/errors.ts'
import type { Clock } from '../../base/ports.ts'
import type { JsonValue } from '../../base/region.ts'
import type { Artifact } from '../artifact.ts'
import { AccountNames } from '../names.ts'
import { absolutePath, type Source } from '../open.ts'
import { gapRegion } from './gaps.ts'
import type { Held } from './held.ts'
import { fieldsOf, numberOf } from './json-fields.ts'
import type { LogFile } from './log-folder.ts'
import { type Followed, LogFollower } from './log-follower.ts'
import { lineRegions } from './log-lines.ts'
import { emptyState, type LogState, stateJson, stateOf } from './log-state.ts'
import {
  type Fed,
  type FeedRequest,
  StreamArtifact,
  type StreamFeed,
  type StreamLimits,
  streamLimits,
} from './stream-artifact.ts'
import type { StreamTail } from './stream-tail.ts'

export interface LogOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** What the brick holds of the log now. Left out: what the last settled look saw, and nothing after a restart. */
  readonly held?: () => Held | undefined
  readonly limits?: Partial<StreamLimits>
}

/** `isBehind`: more is there than the last look took. Of a source of kind `log` that is a file. */
export function logArtifact(source: Source, options: LogOptions): Artifact & { readonly isBehind: boolean } {
  const limits = { ...streamLimits, ...options.limits }
  const feed = new LogFeed(source, options.clock, limits.keptBytesMax)
  return new StreamArtifact(feed, { ...options, path: source.path })
}

/** The stream is never younger: an entry that may still change within its times is read again, and this one cannot be. */
const olderNs = 1_000_000_000n

/** What the entry says of the file: remembered, for while a rotation is under way there may be none. */
interface LogMeta {
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly dev: string
  readonly ino: string
  readonly mtime: string
}

class LogFeed implements StreamFeed {
  readonly #source: Source
  readonly #clock: Clock
  readonly #firstBytesMax: number
  readonly #follower: LogFollower
  readonly #names = new AccountNames()

  constructor(source: Source, clock: Clock, firstBytesMax: number) {
    this.#source = source
    this.#clock = clock
    this.#firstBytesMax = firstBytesMax
    this.#follower = new LogFollower(source, clock)
  }

  begin(): JsonValue {
    return feedState(emptyState(this.#clock.nowNs() - olderNs), undefined)
  }

  sizeOf(state: JsonValue): number | undefined {
    return stateOf(fieldsOf(state)['log'])?.sizeBytes
  }

  async follow({ state: before, ...request }: FeedRequest): Promise<Fed> {
    const state = stateOf(fieldsOf(before)['log']) ?? emptyState(this.#clock.nowNs() - olderNs)
    const followed = await this.#follower.follow({ ...request, state, firstBytesMax: this.#firstBytesMax })
    const meta = followed.live === undefined ? metaOf(fieldsOf(before)['meta']) : metaOfFile(followed.live)
    if (meta === undefined) throw this.#missing()
    this.#names.refresh()
    const { uid, gid, mode, dev, ino, mtime } = meta
    return {
      state: feedState(followed.state, meta),
      bytes: followed.bytes,
      isSame: essence(state, metaOf(fieldsOf(before)['meta'])) === essence(followed.state, meta),
      isBehind: followed.isBehind,
      regions: (whole) => regionsOf(state, followed, { whole, writtenMs: Number(BigInt(mtime) / 1_000_000n) }),
      meta: {
        mode,
        uid,
        gid,
        userName: this.#names.userName(uid),
        groupName: this.#names.groupName(gid),
        dev: BigInt(dev),
        ino: BigInt(ino),
        mtime: timestampOf(BigInt(mtime)),
        ctime: timestampOf(followed.state.beganNs),
      },
      about: { log: displayPath(absolutePath(this.#source)) },
    }
  }

  close(): Promise<void> {
    return this.#follower.close()
  }

  #missing(): FoundryError {
    const shown = displayPath(absolutePath(this.#source))
    return new FoundryError('SOURCE_MISSING', `${shown} is not there. Check the path.`)
  }
}

function feedState(log: LogState, meta: LogMeta | undefined): JsonValue {
  return { log: stateJson(log), ...(meta !== undefined && { meta: { ...meta } }) }
}

function metaOfFile({ stat }: LogFile): LogMeta {
  return {
    mode: Number(stat.mode & 0o7777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    dev: String(stat.dev),
    ino: String(stat.ino),
    mtime: String(stat.mtimeNs),
  }
}

function metaOf(json: JsonValue | undefined): LogMeta | undefined {
  const fields = fieldsOf(json)
  const [mode, uid, gid] = ['mode', 'uid', 'gid'].map((name) => numberOf(fields[name]))
  const [dev, ino, mtime] = ['dev', 'ino', 'mtime'].map((name) => fields[name])
  if (mode === undefined || uid === undefined || gid === undefined) return undefined
  if (!isWhole(dev) || !isWhole(ino) || !isWhole(mtime)) return undefined
  return { mode, uid, gid, dev, ino, mtime }
}

function isWhole(json: JsonValue | undefined): json is string {
  return typeof json === 'string' && /^-?\d{1,20}$/.test(json)
}

/** What makes another state worth a commit: not that somebody touched the file, nor what became of files left behind. */
function essence({ sizeBytes, gaps, files }: LogState, meta: LogMeta | undefined): string {
  const newest = files.at(-1)
  const place = newest && [String(newest.ino), newest.isDone, newest.gapAfter ?? '', newest.print.checks.at(-1)?.offset]
  const seen = meta && [meta.mode, meta.uid, meta.gid, meta.dev, meta.ino]
  return JSON.stringify([sizeBytes, gaps.length, gaps.at(-1)?.evidence.length, files.length, place, seen])
}

/** From where the last unended line of the state before begins. */
function regionsOf(
  before: LogState,
  { state, cuts }: Followed,
  { whole, writtenMs }: { whole: StreamTail; writtenMs: number },
): ReturnType<Fed['regions']> {
  const keptTo = Math.max(before.lineStart, whole.start)
  const bytes = whole.bytes.subarray(keptTo - whole.start)
  const gaps = state.gaps.filter(({ at }) => at >= keptTo && at < state.sizeBytes)
  return { regions: [...lineRegions({ start: keptTo, bytes, cuts, writtenMs }), ...gaps.map(gapRegion)], keptTo }
}
