/**
 * Finds what looks like a secret: tokens of a known form, passwords in settings, private keys.
 *
 * It says where one is, of what kind, and never what it is: names and attributes hold it masked. Whether one is a finding
 * depends on who may read the file, which the bytes do not say: exposure.ts decides. Regions of class `secret`.
 */
import type { ContentAnalyzer } from '../analyzer.ts'
import { SecretSearch, searchAhead, searchBehind } from './secret-search.ts'

export const secrets: ContentAnalyzer = {
  name: 'secrets',
  version: 3,
  takes: ({ content, type }) => content.size >= contentBytesMin && !opaque.has(type.kind),
  analyze(subject, report) {
    const { content } = subject
    const search = new SecretSearch(subject, report)
    const end = Math.min(content.size, contentBytesMax)
    search.whole(content)
    for (let at = 0; at < end; at += windowBytes) {
      const start = Math.max(0, at - searchBehind)
      const bytes = content.read(start, at - start + windowBytes + searchAhead)
      search.window({ start, bytes, from: at, until: Math.min(end, at + windowBytes) })
    }
    if (content.size > end) report.problem(`read up to ${end} of ${content.size} bytes`)
    search.tell()
  },
}

const contentBytesMin = 16
const contentBytesMax = 2 ** 30
const windowBytes = 8 * 2 ** 20
/** What is packed or drawn holds no text. */
const opaque: ReadonlySet<string> = new Set(['empty', 'archive', 'compressed', 'image', 'audio'])
