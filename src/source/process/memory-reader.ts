/**
 * Reading one mapping of a process for the threads that fold it: bytes of pages that are in memory, and only of the
 * process and the mapping that were listed.
 *
 * Whether a page is there is asked again right before it is read, so nothing is ever mapped into the process. A page that
 * went since it was listed, a mapping that is another one now, a process that ended or started another program: all of
 * that is `changed`, never blanks. Pages are read one after the other: only a process that is held still has them all
 * of one instant.
 */
import fs from 'node:fs'
import type { Run } from '../../base/entry.ts'
import { closeFd } from '../../linux/directory.ts'
import { mappingAt } from '../../linux/mapping-query.ts'
import type { Accept, OpenedContentReader, OpenedReader, WantedContent } from '../content-reader.ts'
import type { ReadResult } from '../read.ts'
import { choice, identOf, keyOfPath, startTicksOf } from './mapping-ident.ts'
import { deviceNumber, type MapsLine, mapsBytesMax, parseMaps } from './maps.ts'
import { pageBytes, pageStates, tablePages } from './present-pages.ts'
import { gone, ProcFolder } from './proc-folder.ts'
import { hasEnded, type ProcessStat } from './proc-stat.ts'

/** `root`: /proc/PID. The caller closes what was opened. */
export function openMemory(
  root: Uint8Array,
  wanted: WantedContent,
  accept: Accept = 'same version',
): OpenedContentReader {
  const key = keyOfPath(wanted.path)
  if (key === undefined) return { kind: 'changed' }
  const folder = ProcFolder.open(root)
  if (typeof folder === 'string') return { kind: 'changed' }
  const fds: number[] = []
  const giveUp = (answer: OpenedContentReader): OpenedContentReader => {
    fds.forEach(closeFd)
    folder.close()
    return answer
  }
  const stat = aliveStat(folder, wanted)
  if (stat === undefined) return giveUp({ kind: 'changed' })
  const place = folder.memoryPlace(stat)
  for (const name of ['mem', 'pagemap', 'maps']) {
    const fd = folder.openFile(`${place}${name}`)
    if (typeof fd === 'string') return giveUp(fd === gone ? { kind: 'changed' } : { kind: 'unreadable', why: fd })
    fds.push(fd)
  }
  const [memoryFd = -1, pagemapFd = -1, mapsFd = -1] = fds
  return new MemoryReader({ folder, place, wanted, accept, key, memoryFd, pagemapFd, mapsFd })
}

interface Parts {
  readonly folder: ProcFolder
  readonly place: string
  readonly wanted: WantedContent
  readonly accept: Accept
  /** Address of content byte 0. */
  readonly key: number
  readonly memoryFd: number
  readonly pagemapFd: number
  readonly mapsFd: number
}

class MemoryReader implements OpenedReader {
  readonly kind = 'open'
  readonly #parts: Parts
  /** Something was not as listed. */
  #isOther = false
  /** Addresses that were read lie in [from, to). */
  #from = Number.POSITIVE_INFINITY
  #to = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  read(target: Uint8Array, offset: number): ReadResult {
    const { key } = this.#parts
    const unreadable: Run[] = []
    const from = key + offset
    const to = from + target.length
    this.#from = Math.min(this.#from, from)
    this.#to = Math.max(this.#to, to)
    if (!this.#isMapped(from, to)) this.#isOther = true
    const step = tablePages * pageBytes
    for (let at = from; at < to; ) {
      const stepEnd = Math.min(to, at - (at % pageBytes) + step)
      const done = this.#readStep(target, { from, at, end: stepEnd, unreadable })
      if (done < stepEnd) {
        target.fill(0, done - from)
        return { bytesRead: done - from, unreadable }
      }
      at = stepEnd
    }
    return { bytesRead: target.length, unreadable }
  }

  isSame(): boolean {
    const { folder, wanted } = this.#parts
    return !this.#isOther && aliveStat(folder, wanted) !== undefined && this.#isMapped(this.#from, this.#to)
  }

  close(): void {
    const { folder, memoryFd, pagemapFd, mapsFd } = this.#parts
    for (const fd of [memoryFd, pagemapFd, mapsFd]) closeFd(fd)
    folder.close()
  }

  /** One look at the page table, then what is there; the address up to which all was had. */
  #readStep(target: Uint8Array, piece: Piece): number {
    const { pagemapFd, wanted } = this.#parts
    const { from, at, end } = piece
    const firstPage = at - (at % pageBytes)
    const swapped = (wanted.dev & choice.swapped) !== 0n
    const pages = Math.ceil((end - firstPage) / pageBytes)
    const states = pageStates(pagemapFd, firstPage, pages, swapped ? 'present or swapped' : 'present')
    if (typeof states === 'string') return this.#other(at)
    for (let page = 0; page < pages; ) {
      const isThere = states[page] === 1
      let until = page + 1
      while (until < pages && (states[until] === 1) === isThere) until++
      const runStart = Math.max(at, firstPage + page * pageBytes)
      const runEnd = Math.min(end, firstPage + until * pageBytes)
      if (isThere) {
        const done = this.#readRun(target, { ...piece, at: runStart, end: runEnd })
        if (done < runEnd) return this.#other(done)
      } else {
        target.fill(0, runStart - from, runEnd - from)
        if ((wanted.dev & choice.rounded) === 0n) this.#isOther = true
      }
      page = until
    }
    return end
  }

  #readRun(target: Uint8Array, { from, at, end, unreadable }: Piece): number {
    let done = at
    while (done < end) {
      const count = this.#readOnce(target, { from, at: done, end })
      if (count === 0) return done
      if (count !== undefined) {
        done += count
        continue
      }
      const pageEnd = Math.min(end, done - (done % pageBytes) + pageBytes)
      target.fill(0, done - from, pageEnd - from)
      addRun(unreadable, { start: done - from, length: pageEnd - done })
      done = pageEnd
    }
    return done
  }

  /** Bytes; 0: the memory is not there any more, because of an exit or an exec; undefined: this page cannot be read. */
  #readOnce(target: Uint8Array, { from, at, end }: Omit<Piece, 'unreadable'>): number | undefined {
    try {
      return fs.readSync(this.#parts.memoryFd, target, at - from, end - at, at)
    } catch (failed) {
      if ((failed as NodeJS.ErrnoException).code === 'EIO') return undefined
      throw failed
    }
  }

  #other(at: number): number {
    this.#isOther = true
    return at
  }

  /** Whether all of [from, to) is mapped, and of the thing that was listed. */
  #isMapped(from: number, to: number): boolean {
    if (this.#parts.accept === 'any') return true
    let lines: readonly MapsLine[] | undefined
    for (let at = from; at < to; ) {
      const asked = lines === undefined ? mappingAt(this.#parts.mapsFd, at) : 'unknown'
      if (asked === 'none') return false
      if (asked === 'unknown') lines ??= this.#maps()
      const found = asked === 'unknown' ? lines?.find(({ start, end }) => start <= at && at < end) : asked
      if (found === undefined || !this.#isListed(found)) return false
      at = found.end
    }
    return true
  }

  #isListed(found: MapsLine | Exclude<ReturnType<typeof mappingAt>, string>): boolean {
    const { key, wanted } = this.#parts
    const dev = 'dev' in found ? found.dev : deviceNumber(found)
    const base = found.fileOffset - BigInt(found.start - key)
    return identOf(startTicksOf(wanted.ino), key, { dev, ino: found.ino, base }) === wanted.ino
  }

  #maps(): readonly MapsLine[] {
    const { folder, place } = this.#parts
    const bytes = folder.read(`${place}maps`, mapsBytesMax)
    return typeof bytes === 'string' ? [] : parseMaps(bytes)
  }
}

interface Piece {
  /** Address of the target's first byte. */
  readonly from: number
  /** Addresses to read. */
  readonly at: number
  readonly end: number
  readonly unreadable: Run[]
}

/** Undefined where the process is gone, or was never the one that is wanted. */
function aliveStat(folder: ProcFolder, wanted: WantedContent): ProcessStat | undefined {
  const stat = folder.stat()
  return typeof stat !== 'string' && !hasEnded(stat) && stat.startTicks === startTicksOf(wanted.ino) ? stat : undefined
}

function addRun(runs: Run[], { start, length }: Run): void {
  const last = runs.at(-1)
  if (last !== undefined && last.start + last.length === start) {
    runs[runs.length - 1] = { start: last.start, length: last.length + length }
  } else runs.push({ start, length })
}
