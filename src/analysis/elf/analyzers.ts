/** Analyzers of ELF files, in the order in which they run. */
import type { ContentAnalyzer } from '../analyzer.ts'
import { complexityAnalyzer } from './complexity.ts'
import { hardeningAnalyzer } from './hardening-analyzer.ts'
import { importsAnalyzer } from './imports.ts'
import { loadingAnalyzer } from './loading.ts'
import { packerAnalyzer } from './packer.ts'
import { structureAnalyzer } from './structure.ts'

export const elfAnalyzers: readonly ContentAnalyzer[] = [
  structureAnalyzer,
  hardeningAnalyzer,
  importsAnalyzer,
  loadingAnalyzer,
  packerAnalyzer,
  complexityAnalyzer,
]
