/** Where the stream begins with a file, where it goes on with one that was moved, and what shows that it had to. */
import { displayPath } from '../../base/bytes.ts'
import { freshFingerprint } from './fingerprint.ts'
import type { GapReason } from './gaps.ts'
import type { LogBytes } from './log-bytes.ts'
import type { LogFile } from './log-folder.ts'
import { type FileMark, takenOf } from './log-state.ts'

const chunkBytes = 2 ** 18
const newline = 0x0a

/** Of a file of which nothing was taken yet. */
export function freshMark({ stat }: LogFile, from: number): FileMark {
  const { ino, dev, mtimeNs } = stat
  const print = freshFingerprint(from)
  return { ino, dev, mtimeNs, bornNs: stat.birthtimeNs, print, streamBase: null, isDone: false }
}

/** Its bytes lie in that file now. */
export function movedTo(mark: FileMark, { stat }: LogFile): FileMark {
  const { ino, dev, mtimeNs } = stat
  return { ...mark, ino, dev, mtimeNs, bornNs: stat.birthtimeNs }
}

/** A file that was emptied under a writer that does not append has a hole where its bytes were: its length in bytes. */
export async function holeAtStart(bytes: LogBytes, size: number): Promise<number> {
  for (let at = 0; at < size; at += chunkBytes) {
    const read = await bytes.read(at, Math.min(chunkBytes, size - at))
    const first = read.findIndex((byte) => byte !== 0)
    if (first >= 0) return at + first
  }
  return size
}

/** Where a line begins at or after `at`; `at` where none does for long. */
export async function nextLineStart(bytes: LogBytes, at: number, size: number): Promise<number> {
  const read = await bytes.read(at, Math.min(chunkBytes, size - at))
  const end = read.indexOf(newline)
  return end < 0 ? at : at + end + 1
}

export function goneEvidence(reason: GapReason, mark: FileMark, next: LogFile): string[] {
  const name = displayPath(Buffer.from(next.name, 'latin1'))
  const taken = `${takenOf(mark)} bytes of the file before were taken`
  return [
    reason === 'gone' ? `${taken}; it is not there any more, or files after it are missing` : taken,
    `next: ${name}`,
  ]
}
