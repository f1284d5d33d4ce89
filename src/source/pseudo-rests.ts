/**
 * Which pseudo files stalled and are left alone for a while: five seconds, then twice as long each time, up to an hour.
 *
 * A file is known by where it lies now; of those that stalled longest ago the ones beyond `restingMax` are forgotten.
 */
import { utf8 } from '../base/bytes.ts'
import { readLinkAt } from '../linux/directory.ts'
import { currentDirectory } from '../linux/libc.ts'

const firstRestMs = 5_000
const restMsMax = 3_600_000
export const restingMax = 1_024

interface Place {
  readonly directoryFd: number
  readonly name: string
}

interface Rest {
  readonly untilMs: number
  readonly restMs: number
}

export class PseudoRests {
  /** The longest known first. */
  readonly #rests = new Map<string, Rest>()

  isResting(place: Place, nowMs: number): boolean {
    if (this.#rests.size === 0) return false
    const rest = this.#rests.get(keyOf(place))
    return rest !== undefined && nowMs < rest.untilMs
  }

  stalled(place: Place, nowMs: number): void {
    const key = keyOf(place)
    const before = this.#rests.get(key)
    const restMs = before === undefined ? firstRestMs : Math.min(restMsMax, 2 * before.restMs)
    this.#rests.delete(key)
    this.#rests.set(key, { untilMs: nowMs + restMs, restMs })
    for (const oldest of this.#rests.keys()) {
      if (this.#rests.size <= restingMax) break
      this.#rests.delete(oldest)
    }
  }

  answered(place: Place): void {
    if (this.#rests.size > 0) this.#rests.delete(keyOf(place))
  }
}

function keyOf({ directoryFd, name }: Place): string {
  const directory = readLinkAt(currentDirectory, utf8(`/proc/self/fd/${directoryFd}`))
  const text = typeof directory === 'string' ? `fd ${directoryFd}` : Buffer.from(directory).toString('latin1')
  return `${text}/${name}`
}
