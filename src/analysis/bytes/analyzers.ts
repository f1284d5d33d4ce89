/** What looks at bytes whatever their format: the type first, then what is in them. */
import type { ContentAnalyzer } from '../analyzer.ts'
import { cSourceAnalyzer } from './c-source-analyzer.ts'
import { embeddedAnalyzer } from './embedded-analyzer.ts'
import { entropyAnalyzer } from './entropy-analyzer.ts'
import { fileTypeAnalyzer } from './file-type-analyzer.ts'
import { hiddenTextAnalyzer } from './hidden-text.ts'
import { stringsAnalyzer } from './strings-analyzer.ts'

export const bytesAnalyzers: readonly ContentAnalyzer[] = [
  fileTypeAnalyzer,
  stringsAnalyzer,
  entropyAnalyzer,
  embeddedAnalyzer,
  cSourceAnalyzer,
  hiddenTextAnalyzer,
]
