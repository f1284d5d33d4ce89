/** The content of a file as it lies there, or of bytes that came with its listing, for an analysis thread. */
import type { Run } from '../base/entry.ts'
import { openContentBy } from '../source/content-reader.ts'
import type { ContentPlace } from './content-job.ts'
import { ContentGone, type RawContent } from './raw-content.ts'

/** Errors: ContentGone where it is not the listed version or cannot be read. */
export function openLive({ root, reader, meta }: Extract<ContentPlace, { kind: 'live' }>): RawContent {
  const opened = openContentBy(reader, root, meta, 'same version')
  if (opened.kind === 'changed') throw new ContentGone('changed')
  if (opened.kind === 'unreadable') throw new ContentGone({ unreadable: opened.why })
  const missing: Run[] = []
  return {
    size: meta.size,
    missing,
    readInto(target, offset) {
      const { bytesRead, unreadable } = opened.read(target, offset)
      if (bytesRead < target.length) throw new ContentGone('changed')
      for (const run of unreadable) noteMissing(missing, { start: offset + run.start, length: run.length })
    },
    isSame: () => opened.isSame(),
    close: () => opened.close(),
  }
}

/** `bytes` are not copied: they must not change. */
export function openBytes(bytes: Uint8Array): RawContent {
  return {
    size: bytes.length,
    missing: [],
    readInto(target, offset) {
      target.set(bytes.subarray(offset, offset + target.length))
    },
    isSame: () => true,
    close() {},
  }
}

/** Keeps the list ascending and its runs apart, whatever is read twice. */
function noteMissing(missing: Run[], run: Run): void {
  const all = [...missing, run].sort((a, b) => a.start - b.start)
  missing.length = 0
  for (const { start, length } of all) {
    const last = missing.at(-1)
    if (last !== undefined && start <= last.start + last.length) {
      const end = Math.max(last.start + last.length, start + length)
      missing[missing.length - 1] = { start: last.start, length: end - last.start }
    } else missing.push({ start, length })
  }
}
