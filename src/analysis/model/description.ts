/**
 * What a model said of a region, after it was checked, and the same as a region of a brick.
 *
 * It describes, it never decides: it has no severity, and nothing that is decided by evidence changes because of it.
 * The text came from a model that read what anyone may have written: plain text, shown as text.
 */
import type { Region } from '../../base/region.ts'

export const roles = [
  'initialization',
  'data_processing',
  'io',
  'network',
  'crypto',
  'authentication',
  'parsing',
  'memory',
  'process',
  'error_handling',
  'runtime',
  'data',
  'configuration',
  'documentation',
  'unknown',
] as const
export type Role = (typeof roles)[number]

/** There is no higher one for a model. */
export const risks = ['none', 'low'] as const
export type Risk = (typeof risks)[number]

export const confidences = ['low', 'medium', 'high'] as const
export type Confidence = (typeof confidences)[number]

export interface Description {
  readonly kind: 'described'
  readonly role: Role
  /** At most 80 characters. */
  readonly title: string
  /** At most 400 characters. */
  readonly summary: string
  readonly risk: Risk
  /** Empty where there is none. */
  readonly riskReason: string
  /** What it cites; never empty. */
  readonly evidence: readonly string[]
  readonly confidence: Confidence
  /** The model says that the data held instructions. */
  readonly mentionsInstructions: boolean
  readonly by: DescribedBy
}

export interface DescribedBy {
  readonly server: string
  readonly modelRequested: string
  readonly modelReported: string
  /** Such as `describe-region/1`. */
  readonly prompt: string
  readonly schema: string
  /** Where the answer was found: some servers put it where the reasoning goes. */
  readonly from: 'content' | 'reasoning'
  /** Of the exchange in the log. */
  readonly exchange: string
  readonly isCached: boolean
}

/** Why there is no description. */
export interface Skipped {
  readonly kind: 'skipped'
  readonly why:
    | 'off'
    | 'no-server'
    | 'injection'
    | 'private'
    | 'nothing-known'
    | 'too-long'
    | 'budget'
    | 'cancelled'
    | 'failed'
  /** For a person. */
  readonly reason: string
}

/** The model has a version of its own, so the detector is that of our side: what is asked and how it is checked. */
export const modelDetector = 'model/1'
export const descriptionLayer = 96
export const descriptionClass = 'description'

const confidenceShares: Readonly<Record<Confidence, number>> = { low: 0.2, medium: 0.4, high: 0.6 }

/**
 * `name` is the title. Attributes: `text` (the summary), `model` (as the server named it), `confidence` (0 .. 1, never
 * above 0.6), `role`, `risk`, `evidence` (texts), `origin` and `verified`, which are always `model` and false.
 */
export function descriptionRegion(place: Pick<Region, 'offset' | 'length'>, said: Description): Region {
  const { title, summary, role, risk, riskReason, evidence, confidence, mentionsInstructions, by } = said
  return {
    offset: place.offset,
    length: place.length,
    layer: descriptionLayer,
    class: descriptionClass,
    name: title,
    attributes: {
      text: summary,
      model: by.modelReported,
      confidence: confidenceShares[confidence],
      role,
      risk,
      ...(riskReason !== '' && { riskReason }),
      evidence,
      ...(mentionsInstructions && { mentionsInstructions }),
      prompt: by.prompt,
      origin: 'model',
      verified: false,
    },
    detector: modelDetector,
  }
}
