/** A run of an entry's content with a meaning: a section, a symbol, a line of a log, what is known of a mapping. */

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

export interface Region {
  /** Bytes from the beginning of the entry's content. */
  readonly offset: number
  /** Bytes; the region lies inside the content. */
  readonly length: number
  /** What lies above others has the higher one, 0 .. 255; see `regionLayers`. */
  readonly layer: number
  /** One word for the kind of thing: `mapping`, `section`, `symbol`, `line`, ... */
  readonly class: string
  readonly name: string
  readonly attributes?: { readonly [key: string]: JsonValue }
  readonly finding?: Finding
  /**
   * Which analyzer said it, `name/version`. Absent: the source itself did. What an analyzer said of a content goes when the
   * content changes; what a source said, the source replaces.
   */
  readonly detector?: string
}

/** Containers below what they contain. */
export const regionLayers = { whole: 0, segment: 16, section: 32, symbol: 48, record: 64, finding: 128 } as const

export const severities = ['info', 'low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof severities)[number]

/** 0 for info .. 4 for critical. */
export function severityRank(severity: Severity): number {
  return severities.indexOf(severity)
}

/** Higher is to be seen earlier: of two findings the graver one, of equally grave ones the surer. */
export function gravityOf({ severity, confidence }: Pick<Finding, 'severity' | 'confidence'>): number {
  return severityRank(severity) + confidence / 2
}

export function isAtLeast({ severity }: Pick<Finding, 'severity'>, least: Severity): boolean {
  return severityRank(severity) >= severityRank(least)
}

/** A region that somebody should look at. */
export interface Finding {
  readonly severity: Severity
  /** The rule's stable name. */
  readonly rule: string
  /** What shows it, each a sentence or a value that can be checked. */
  readonly evidence: readonly string[]
  readonly origin: 'deterministic' | 'rule' | 'model' | 'human'
  /** 0 .. 1. */
  readonly confidence: number
  /** A command of a public tool that shows the same; `FILE` stands for a file with the entry's content. One line. */
  readonly check?: string
  /** Of what kind the weakness is, as CWE numbers it: `CWE-732`. */
  readonly weakness?: string
}
