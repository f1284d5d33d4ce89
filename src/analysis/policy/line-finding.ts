/** A finding on one line of a settings file: where it lies, what the evidence and the check say. */
import type { Severity } from '../../base/region.ts'
import type { Report } from '../analyzer.ts'
import type { ConfigLine } from './config-lines.ts'
import { shownBytes } from './shown-text.ts'

export interface LineFinding {
  readonly rule: string
  readonly severity: Severity
  /** At most 80 characters. */
  readonly title: string
  /** Behind the line itself. */
  readonly evidence?: readonly string[]
  /** 0.9 where it is left out. */
  readonly confidence?: number
  /** `CWE-250` where it is left out. */
  readonly weakness?: string
}

export function findLine(report: Report, line: ConfigLine, found: LineFinding): void {
  const { rule, severity, title, evidence = [], confidence = 0.9, weakness = 'CWE-250' } = found
  const { number, lastNumber, offset, length, text } = line
  report.finding(
    { offset, length, name: title },
    {
      ...{ severity, rule, confidence, weakness },
      evidence: [`line ${number}: ${shownBytes(text)}`, ...evidence],
      check: `sed -n '${number === lastNumber ? number : `${number},${lastNumber}`}p' FILE`,
    },
  )
}
