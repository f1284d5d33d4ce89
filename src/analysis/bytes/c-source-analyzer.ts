/** The outline of C and C++ text as regions: what it includes, defines, declares; and under which licence it is. No findings. */
import { bytesKey } from '../../base/bytes.ts'
import { regionLayers } from '../../base/region.ts'
import type { ContentAnalyzer } from '../analyzer.ts'
import { type CItem, cSourceMax, outlineC } from './c-outline.ts'
import { licenceOf } from './licence.ts'

export const cSourceAnalyzer: ContentAnalyzer = {
  name: 'c-source',
  version: 1,
  takes: ({ content, type, nameClass }) =>
    nameClass === 'c-source' && content.size > 0 && type.kind === 'text' && !(type.encoding ?? '').startsWith('utf-16'),
  analyze({ content }, report) {
    const source = bytesKey(content.read(0, Math.min(content.size, cSourceMax + 1)))
    const { items, isCut } = outlineC(source)
    if (isCut) report.problem(`read up to ${cSourceMax} of ${content.size} bytes`)
    const counts = { include: 0, macro: 0, function: 0, type: 0 }
    for (const item of items) {
      if (++counts[item.kind] > kept[item.kind]) continue
      const { kind, name, offset, length, form } = item
      const layer = kind === 'function' || kind === 'type' ? regionLayers.symbol : regionLayers.record
      report.region({ offset, length, layer, class: kind, name, ...(form !== undefined && { attributes: { form } }) })
    }
    const licence = licenceOf(source)
    const left = Object.entries(counts).reduce(
      (sum, [kind, count]) => sum + Math.max(0, count - kept[kind as CItem['kind']]),
      0,
    )
    report.region({
      offset: 0,
      length: content.size,
      layer: regionLayers.whole,
      class: 'source',
      name: summaryOf(counts),
      attributes: { ...counts, ...(left > 0 && { withoutRegion: left }), ...(licence !== undefined && { licence }) },
    })
  },
}

/** How many of a kind get a region; the region over all counts them all. */
const kept: Readonly<Record<CItem['kind'], number>> = { include: 200, macro: 500, function: 1_000, type: 500 }

function summaryOf(counts: Readonly<Record<CItem['kind'], number>>): string {
  const named = { function: 'functions', type: 'types', macro: 'macros', include: 'includes' } as const
  const parts = Object.entries(named).map(([kind, words]) => `${counts[kind as CItem['kind']]} ${words}`)
  return `C source: ${parts.join(', ')}`
}
