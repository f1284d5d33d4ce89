/**
 * Follows one log from a state to the next. Between looks it keeps only what is held open: of the newest file, and for
 * a while of those before it, so that no rotation takes their last bytes away.
 */
import type { BigIntStats } from 'node:fs'
import { concatBytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/ports.ts'
import type { Source } from '../open.ts'
import { type LogFile, readLogFolder } from './log-folder.ts'
import { LogPass } from './log-pass.ts'
import { type LogState, takenOf } from './log-state.ts'
import { FolderChanged, fileKey, fileOfStat, OpenLogs } from './open-logs.ts'
import { StreamTaker } from './stream-taker.ts'
import { type ReadStream, Succession } from './succession.ts'

export interface FollowRequest {
  readonly state: LogState
  /** At most so many bytes are taken. */
  readonly bytesMax: number
  readonly firstBytesMax: number
  readonly readStream: ReadStream
  readonly stopIfAsked: () => void
}

export interface Followed {
  readonly state: LogState
  /** What the stream has beyond the state that was given. */
  readonly bytes: Uint8Array
  /** Offsets in the stream where another file begins in the middle of a line, ascending. */
  readonly cuts: readonly number[]
  readonly isBehind: boolean
  /** What lies at the log's own path. */
  readonly live: LogFile | undefined
}

const attemptsMax = 5
/** So long after the last write a file that was read to its end is let go; sooner where that gives disk space back. */
const keptNs = { named: 60_000_000_000n, nameless: 10_000_000_000n }

export class LogFollower {
  readonly #source: Pick<Source, 'root' | 'path'>
  readonly #clock: Clock
  readonly #open = new OpenLogs()

  constructor(source: Pick<Source, 'root' | 'path'>, clock: Clock) {
    this.#source = source
    this.#clock = clock
  }

  /** Errors: SOURCE_*, CANCELLED, errno of reading. After any of them the same state is to be given again. */
  async follow(request: FollowRequest): Promise<Followed> {
    await this.#release(request.state)
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#pass(request)
      } catch (failed) {
        if (!(failed instanceof FolderChanged) || attempt === attemptsMax) throw failed
      }
    }
  }

  close(): Promise<void> {
    return this.#open.close()
  }

  async #pass({ state, bytesMax, firstBytesMax, readStream, stopIfAsked }: FollowRequest): Promise<Followed> {
    const nowNs = this.#clock.nowNs()
    const folder = await readLogFolder(this.#source)
    const succession = await Succession.of({ folder, open: this.#open, readStream, stopIfAsked })
    const taker = new StreamTaker(state, { bytesMax, stopIfAsked })
    const pass = new LogPass({ state, succession, taker, nowNs, firstBytesMax })
    await pass.run()
    return {
      state: { ...state, ...taker.standing, lookedNs: nowNs, files: pass.marks },
      bytes: concatBytes(taker.parts),
      cuts: taker.cuts,
      isBehind: pass.isBehind,
      live: folder.live,
    }
  }

  /** Only what the given state does not need: it may be given again. */
  #release({ files }: LogState): Promise<void> {
    const nowNs = this.#clock.nowNs()
    const newest = files.at(-1)
    const takenBytes = new Map(files.filter(({ ino }) => ino !== 0n).map((mark) => [fileKey(mark), takenOf(mark)]))
    return this.#open.release((stat: BigIntStats) => {
      const key = fileKey(fileOfStat(stat))
      const taken = takenBytes.get(key)
      const isNewest = newest !== undefined && key === fileKey(newest)
      if (isNewest || (taken !== undefined && taken < Number(stat.size))) return true
      const restNs = nowNs - stat.mtimeNs
      if (stat.nlink === 0n) return restNs < keptNs.nameless
      return taken !== undefined && restNs < keptNs.named
    })
  }
}
