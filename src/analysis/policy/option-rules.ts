/** Judges options of a configuration file by a table: keyword, dangerous value, how bad, why. */
import type { Severity } from '../../base/region.ts'
import type { Report } from '../analyzer.ts'
import type { ConfigLine } from './config-lines.ts'
import { shownBytes } from './shown-text.ts'

export interface OptionRule {
  /** The rule of the finding. */
  readonly rule: string
  /** Lower case. */
  readonly keyword: string
  /** Of the whole value, in lower case. */
  readonly dangerous: RegExp
  readonly severity: Severity
  /** What the option lets happen, at most 70 characters. */
  readonly title: string
  readonly weakness: string
}

export interface SaidOption {
  readonly line: ConfigLine
  /** Lower case. */
  readonly keyword: string
  /** As written. */
  readonly value: string
  /** In which part of the file: `Match User x`, `Host *`; undefined where it holds for all. */
  readonly scope: string | undefined
}

/** `Keyword value`, `Keyword=value`, `Keyword "value"`. */
export function optionOf(line: ConfigLine): { readonly keyword: string; readonly value: string } | undefined {
  const match = /^([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*)$/.exec(line.text)
  if (match === null) return undefined
  const value = (match[2] as string).trim()
  return { keyword: (match[1] as string).toLowerCase(), value: /^"[^"]*"$/.test(value) ? value.slice(1, -1) : value }
}

export function judgeOption(said: SaidOption, rules: readonly OptionRule[], report: Report): void {
  const { line, keyword, value, scope } = said
  for (const { rule, dangerous, severity, title, weakness, ...one } of rules) {
    if (one.keyword !== keyword || !dangerous.test(value.toLowerCase())) continue
    report.finding(
      { offset: line.offset, length: line.length, name: title },
      {
        ...{ severity, rule, confidence: 0.95, weakness },
        evidence: [
          `line ${line.number}: ${shownBytes(line.text)}`,
          scope === undefined ? 'it holds for all' : `it holds for: ${shownBytes(scope)}`,
        ],
        check: `grep -niE '^[[:space:]]*${keyword}[[:space:]=]' FILE`,
      },
    )
  }
}
