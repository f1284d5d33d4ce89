/** Contents for tests: bytes in one piece, or lent in one buffer that the next reading overwrites; and what an analyzer says of them. */

import { utf8 } from '../../../base/bytes.ts'
import type { Region } from '../../../base/region.ts'
import type { ContentAnalyzer } from '../../analyzer.ts'
import { openBytes } from '../../live-content.ts'
import { analyzeContent } from '../../run-content.ts'
import type { Content } from '../../subject.ts'
import { plainMeta } from '../../testing/plain-meta.ts'

export function contentOfBytes(bytes: Uint8Array): Content {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) }
}

/** What was read before is gone with the next reading. */
export function lentContent(bytes: Uint8Array): Content {
  let buffer = new Uint8Array(0)
  return {
    size: bytes.length,
    read(offset, length) {
      buffer.fill(0xaa)
      const part = bytes.subarray(offset, offset + length)
      if (buffer.length < part.length) buffer = new Uint8Array(part.length)
      buffer.set(part)
      return buffer.subarray(0, part.length)
    },
  }
}

/** As many bytes as asked for, none of which need to be in memory: `fill` tells those from an offset on. */
export function madeContent(size: number, fill: (target: Uint8Array, offset: number) => void): Content {
  return {
    size,
    read(offset, length) {
      const part = new Uint8Array(Math.max(0, Math.min(length, size - offset)))
      fill(part, offset)
      return part
    },
  }
}

/** Text as bytes, one a character. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

/** Regions of one analyzer on bytes (text: one byte a character), under a path that rules of place may ask for. */
export async function regionsOf(
  analyzer: ContentAnalyzer,
  content: Uint8Array | string,
  path = '/srv/thing',
): Promise<{ readonly regions: readonly Region[]; readonly problems: readonly string[] }> {
  const bytes = typeof content === 'string' ? latin1(content) : content
  const meta = plainMeta(path, { size: bytes.length })
  const raw = openBytes(bytes)
  const report = await analyzeContent({ path: utf8(path), meta, raw, analyzers: [analyzer] })
  return { regions: report.regions, problems: report.problems.map(({ text }) => text) }
}
