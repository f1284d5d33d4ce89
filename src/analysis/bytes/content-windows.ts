/**
 * A content in windows: one where it is held in one piece, else of a bounded size, each beginning where the reader of the
 * one before wants to go on.
 */
import type { Content, Subject } from '../subject.ts'

export interface ContentWindow {
  /** Not to be changed, and not to be kept: the next window may overwrite them. */
  readonly bytes: Uint8Array
  /** Offset in the content of the first of them. */
  readonly at: number
  /** Nothing follows. */
  readonly isLast: boolean
}

export interface WindowOptions {
  /** Bytes of a window; more than any reader leaves unread. */
  readonly sizeBytes: number
  /** Default 0. */
  readonly from?: number
}

/** The content of a subject as windows read it: in one piece where there is one. */
export function contentOf({ content, whole }: Pick<Subject, 'content' | 'whole'>): Content {
  const bytes = whole()
  if (bytes === undefined) return content
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) }
}

/**
 * `read` gives the number of bytes of the window that it is done with; what is left comes again at the beginning of the
 * next. In the last window it may leave some; before that, a window of which nothing was taken ends the walk. `stop` ends it.
 */
export function walkWindows(
  content: Content,
  { sizeBytes, from = 0 }: WindowOptions,
  read: (window: ContentWindow) => number | 'stop',
): void {
  let at = from
  while (at < content.size) {
    const bytes = content.read(at, Math.min(sizeBytes, content.size - at))
    const isLast = at + bytes.length >= content.size
    const done = read({ bytes, at, isLast })
    if (done === 'stop' || done <= 0 || isLast) return
    at += done
  }
}
