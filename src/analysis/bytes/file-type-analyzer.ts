/** One region over the whole content that says what kind of file it is. */
import { regionLayers } from '../../base/region.ts'
import type { ContentAnalyzer } from '../analyzer.ts'
import { fileTypeVersion } from './file-type.ts'

export const fileTypeAnalyzer: ContentAnalyzer = {
  name: 'file-type',
  version: fileTypeVersion,
  takes: ({ content }) => content.size > 0,
  analyze({ content, type }, report) {
    const { kind, description, mimeType, interpreter, encoding } = type
    report.region({
      offset: 0,
      length: content.size,
      layer: regionLayers.whole,
      class: 'file-type',
      name: description,
      attributes: { kind, mimeType, ...(interpreter !== undefined && { interpreter }), ...(encoding && { encoding }) },
    })
  },
}
