/**
 * Which file of a log comes after which, and where the bytes of one are now: by inode, by the names that rotation gives,
 * by the time of the last write, and in the end by the bytes themselves.
 */
import type { BigIntStats } from 'node:fs'
import { equalBytes } from '../../base/bytes.ts'
import { provenTo } from './content-match.ts'
import { takenTo } from './fingerprint.ts'
import type { LogBytes } from './log-bytes.ts'
import type { LogFile, LogFolder } from './log-folder.ts'
import type { FileMark } from './log-state.ts'
import { fileKey, fileOfStat, type OpenLog, type OpenLogs } from './open-logs.ts'
import { PackedDamage } from './packed-bytes.ts'
import { compareAge } from './rotated-name.ts'

export interface SuccessionParts {
  readonly folder: LogFolder
  readonly open: OpenLogs
  /** Bytes of the stream; undefined where they cannot be had. */
  readonly readStream: ReadStream
  readonly stopIfAsked: () => void
}

export type ReadStream = (start: number, length: number) => Uint8Array | undefined

export interface Copy {
  readonly file: LogFile
  /** It has all that was taken, or only a part of it. */
  readonly reach: 'all' | 'part'
}

export class Succession {
  readonly #parts: SuccessionParts
  /** Files that are open and have no name any more. */
  readonly #nameless: readonly LogFile[]

  static async of(parts: SuccessionParts): Promise<Succession> {
    const open = await parts.open.all()
    return new Succession(
      parts,
      open.filter(({ stat }) => stat.nlink === 0n && stat.size > 0n).map(({ stat, log }) => namelessFile(stat, log)),
    )
  }

  private constructor(parts: SuccessionParts, nameless: readonly LogFile[]) {
    this.#parts = parts
    this.#nameless = nameless
  }

  get live(): LogFile | undefined {
    return this.#parts.folder.live
  }

  /** The file that has the mark's inode, by whatever name; undefined: there is none any more. */
  async find(mark: FileMark): Promise<OpenLog | undefined> {
    if (mark.ino === 0n) return undefined
    const { open } = this.#parts
    const known = open.get(mark)
    if (known !== undefined) return known
    const file = this.named(mark)
    if (file === undefined) return undefined
    const opened = await open.open(file, file === this.live ? 'followed' : 'refused')
    const isEmpty = takenTo(mark.print) === mark.print.from
    return isEmpty || file.packing === 'plain' || (await this.#reach(file, mark)) === 'all' ? opened : undefined
  }

  /** The name under which the mark's inode lies. */
  named(mark: FileMark): LogFile | undefined {
    const { live, rotated } = this.#parts.folder
    const all = live === undefined ? rotated : [live, ...rotated]
    return all.find(({ stat }) => isFileOf(stat, mark))
  }

  isLive(mark: FileMark): boolean {
    return this.live !== undefined && this.named(mark) === this.live
  }

  /** A file of another inode that begins with what was taken of this one. */
  async copyOf(mark: FileMark, marks: readonly FileMark[]): Promise<Copy | undefined> {
    if (takenTo(mark.print) === mark.print.from) return undefined
    let part: Copy | undefined
    for (const file of this.#unknown(marks).sort((a, b) => -byTime(a, b))) {
      const reach = await this.#reach(file, mark)
      if (reach === 'all') return { file, reach }
      if (reach === 'part') part ??= { file, reach }
    }
    return part
  }

  /**
   * The file that was written after the mark's, the next one of all; `isNext`: nothing can have been between them.
   * `lies`: the file whose name says where the mark's is in the order.
   */
  async next(
    mark: FileMark,
    { marks, lies }: { readonly marks: readonly FileMark[]; readonly lies: LogFile | undefined },
  ): Promise<{ readonly file: LogFile; readonly isNext: boolean } | undefined> {
    const rotated = this.#unknown(marks).filter((file) => isNewer(file, { mark, lies }))
    for (const file of rotated.sort(byAge)) {
      if (await this.#isKnown(file, marks)) continue
      return { file, isNext: this.#isNext(file, lies) }
    }
    const { live } = this
    if (live === undefined || marks.some((known) => isFileOf(live.stat, known))) return undefined
    return { file: live, isNext: this.#isNext(live, lies) }
  }

  /** Of a file of which nothing was taken yet: the oldest copy that was made since that time, and before the file had its name. */
  async madeSince(
    mark: FileMark,
    { marks, sinceNs }: { readonly marks: readonly FileMark[]; readonly sinceNs: bigint },
  ): Promise<LogFile | undefined> {
    const lies = this.named(mark)
    const made = this.#unknown(marks).filter((file) => {
      const { mtimeNs, birthtimeNs } = file.stat
      const isNamed = file.name !== '' && lies !== undefined
      const isOlder = isNamed && (lies === this.live || byAge(file, lies) < 0)
      // Packing keeps the time of the last write, renaming the time of birth: both are of what was there before.
      const from = file.packing === 'plain' ? sinceNs - clockStepNs : sinceNs
      return isOlder && mtimeNs >= from && (birthtimeNs === 0n || birthtimeNs >= from)
    })
    for (const file of made.sort(byAge)) if (!(await this.#isKnown(file, marks))) return file
    return undefined
  }

  /**
   * Whether the file was copied from one that went on to be written: a newer one is older than it by birth. Packing makes
   * another inode, so of packed files the last write counts, which may be that of a writer who was told late.
   */
  isCopied(file: LogFile): boolean {
    const { live, rotated } = this.#parts.folder
    const madeNs = file.packing === 'plain' ? file.stat.birthtimeNs : file.stat.mtimeNs - lateNs
    const newer = rotated.filter((other) => other.packing === 'plain' && byAge(file, other) < 0)
    return [...newer, ...(live === undefined ? [] : [live])].some(({ stat }) => stat.birthtimeNs < madeNs)
  }

  /** Rotated files of which the stream has no bytes by inode; not those that are being packed, or were, beside themselves. */
  #unknown(marks: readonly FileMark[]): LogFile[] {
    const { rotated } = this.#parts.folder
    const plain = new Set(rotated.filter(({ packing }) => packing === 'plain').map(({ name }) => name))
    return [...rotated, ...this.#nameless].filter(({ stat, packing, name }) => {
      const isTwin = packing !== 'plain' && plain.has(name.slice(0, -packing.length - 1))
      return !isTwin && !marks.some((mark) => isFileOf(stat, mark))
    })
  }

  async #isKnown(file: LogFile, marks: readonly FileMark[]): Promise<boolean> {
    for (const mark of marks) {
      const hasBytes = takenTo(mark.print) > mark.print.from
      if (hasBytes && (await this.#reach(file, mark)) !== 'none') return true
    }
    return false
  }

  async #reach(file: LogFile, mark: FileMark): Promise<'all' | 'part' | 'none'> {
    const { open, stopIfAsked } = this.#parts
    const { bytes } = await open.open(file, 'refused')
    const { print } = mark
    try {
      const proven = await provenTo(bytes, print, stopIfAsked)
      if (proven === undefined || proven === print.from) return 'none'
      if (proven === takenTo(print)) return 'all'
      return (await this.#goesOn(bytes, mark, proven)) ? 'part' : 'none'
    } catch (failed) {
      if (failed instanceof PackedDamage) return 'none'
      throw failed
    }
  }

  /** Whether the rest of a file that is shorter than what was taken is what the stream has there. */
  async #goesOn(bytes: LogBytes, { print, streamBase }: FileMark, proven: number): Promise<boolean> {
    const rest = await bytes.read(proven, takenTo(print) - proven)
    if (streamBase === null) return false
    const taken = this.#parts.readStream(streamBase + proven, rest.length)
    return taken !== undefined && equalBytes(taken, rest)
  }

  /** Counted names without one missing prove it; of others nothing else is known than that none is there. */
  #isNext(file: LogFile, lies: LogFile | undefined): boolean {
    if (lies === undefined) return false
    if (lies.mark.kind !== 'counted' || lies.mark.count <= 1) return true
    const wanted = lies.mark.count - 1
    const isWanted = ({ mark }: LogFile): boolean => mark.kind === 'counted' && mark.count === wanted
    return isWanted(file) || this.#parts.folder.rotated.some(isWanted)
  }
}

/** Writers are told of a rotation within that time. */
const lateNs = 60_000_000_000n

/** Filesystems take their times from a clock that goes in steps. */
const clockStepNs = 10_000_000n

function isFileOf(stat: BigIntStats, mark: FileMark): boolean {
  return fileKey(fileOfStat(stat)) === fileKey(mark)
}

function isNewer(file: LogFile, { mark, lies }: { mark: FileMark; lies: LogFile | undefined }): boolean {
  const age = lies === undefined ? 0 : compareAge(file.mark, lies.mark)
  return age === 0 ? file.stat.mtimeNs >= mark.mtimeNs : age > 0
}

function byAge(a: LogFile, b: LogFile): number {
  const age = compareAge(a.mark, b.mark)
  return age === 0 ? byTime(a, b) : age
}

function byTime(a: LogFile, b: LogFile): number {
  return a.stat.mtimeNs < b.stat.mtimeNs ? -1 : a.stat.mtimeNs > b.stat.mtimeNs ? 1 : 0
}

/** The oldest go first. */
const deletedMark = { kind: 'counted', count: Number.MAX_SAFE_INTEGER } as const

function namelessFile(stat: BigIntStats, { packing }: OpenLog): LogFile {
  return { path: Buffer.alloc(0), name: '', mark: deletedMark, packing, stat }
}
