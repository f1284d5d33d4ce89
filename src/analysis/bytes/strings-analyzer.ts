/** Keeps the notable strings of binaries, a bounded number of each kind; finds nothing wrong with any of them. */
import { bytesKey } from '../../base/bytes.ts'
import { regionLayers } from '../../base/region.ts'
import type { ContentAnalyzer, Report } from '../analyzer.ts'
import type { Content } from '../subject.ts'
import { contentOf } from './content-windows.ts'
import { type Notable, type NotableKind, notableIn, notableMarks } from './notable-strings.ts'
import { walkStrings } from './strings-of.ts'

export const stringsAnalyzer: ContentAnalyzer = {
  name: 'strings',
  version: 2,
  takes: ({ content, type }) => content.size > 0 && kinds.has(type.kind),
  analyze(subject, report) {
    for (const found of notableStrings(contentOf(subject), report)) {
      report.region({
        offset: found.offset,
        length: found.length,
        layer: regionLayers.record,
        class: 'string',
        name: found.text,
        attributes: { kind: found.kind },
      })
    }
  },
}

/** Text is read as it is, and what is packed has none. */
const kinds = new Set(['elf', 'bytecode', 'data', 'database'])

/** How many of a kind are kept. */
const notableMax: Readonly<Record<NotableKind, number>> = {
  url: 24,
  path: 32,
  address: 8,
  command: 16,
  version: 6,
}

/** Different ones of a kind that are remembered before the best are chosen. */
const candidatesMax = 2_048
const textLengthMax = 4_096

interface Placed extends Notable {
  readonly offset: number
}

function notableStrings(content: Content, report: Report): readonly Placed[] {
  const candidates = new Map<NotableKind, Map<string, Placed>>()
  let leftOut = 0
  walkStrings(content, { encoding: 'ascii' }, ({ bytes, start, end, offset, marks }) => {
    if ((marks & notableMarks) === 0) return true
    const found = notableIn(bytesKey(bytes.subarray(start, Math.min(end, start + textLengthMax))), marks)
    if (found === undefined) return true
    let known = candidates.get(found.kind)
    if (known === undefined) {
      known = new Map()
      candidates.set(found.kind, known)
    }
    // The first of equal ones: where it is, is where to look.
    if (known.has(found.text)) return true
    if (known.size === candidatesMax) leftOut++
    else known.set(found.text, { ...found, offset: offset + found.start })
    return true
  })
  if (leftOut > 0) report.problem(`${leftOut} notable strings beyond ${candidatesMax} of a kind were not looked at`)
  const kept = [...candidates].flatMap(([kind, known]) => best([...known.values()], notableMax[kind]))
  return kept.toSorted((a, b) => a.offset - b.offset)
}

function best(found: readonly Placed[], count: number): readonly Placed[] {
  return found.toSorted((a, b) => a.rank - b.rank || a.offset - b.offset).slice(0, count)
}
