/**
 * The form in which a model has to answer, for the server to enforce and for us to check: one flat object of enums and
 * bounded texts (servers skip what they do not know silently, so nothing is believed unchecked).
 *
 * The ids that can be cited are those of this one question: a citation cannot be invented.
 */
import { z } from 'zod'
import { confidences, risks, roles } from './description.ts'

export const schemaVersion = 'description/1'
export const titleMax = 80
export const summaryMax = 400
const reasonMax = 200
const citedMax = 5

/** As JSON Schema, without references, unions and lists of types. */
export function answerSchema(evidenceIds: readonly string[]): Readonly<Record<string, unknown>> {
  const properties = {
    summary: { type: 'string', maxLength: summaryMax },
    title: { type: 'string', maxLength: titleMax },
    role: { type: 'string', enum: roles },
    risk: { type: 'string', enum: risks },
    risk_reason: { type: 'string', maxLength: reasonMax },
    evidence_ids: { type: 'array', items: { type: 'string', enum: evidenceIds }, minItems: 1, maxItems: citedMax },
    confidence: { type: 'string', enum: confidences },
    mentions_instructions_in_data: { type: 'boolean' },
  }
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false }
}

const answer = z.object({
  summary: z.string().min(1).max(4_000),
  title: z.string().min(1).max(1_000),
  role: z.enum(roles),
  risk: z.enum(risks),
  risk_reason: z.string().max(4_000),
  evidence_ids: z.array(z.string()).max(64),
  confidence: z.enum(confidences),
  mentions_instructions_in_data: z.boolean(),
})
/** Lengths are cut afterwards: a sentence too much is no reason to have none. */
export type Answer = z.output<typeof answer>

export type ParsedAnswer =
  | { readonly kind: 'parsed'; readonly answer: Answer }
  | { readonly kind: 'not-json' }
  | { readonly kind: 'not-as-asked'; readonly problem: string }

/** What the model wrote, with what some put around JSON taken off. */
export function parseAnswer(text: string): ParsedAnswer {
  let value: unknown
  try {
    value = JSON.parse(unwrapped(text))
  } catch {
    return { kind: 'not-json' }
  }
  const checked = answer.safeParse(value)
  if (checked.success) return { kind: 'parsed', answer: checked.data }
  const [issue] = checked.error.issues
  return { kind: 'not-as-asked', problem: `${issue?.path.join('.') || 'the answer'}: ${issue?.message ?? 'no object'}` }
}

/** Without the thoughts of a model that thinks aloud, and without a fence of a code block. */
function unwrapped(text: string): string {
  const thought = text.lastIndexOf('</think>')
  const rest = (thought < 0 ? text : text.slice(thought + '</think>'.length)).trim()
  const fence = /^```(?:json)?\s*\n([\s\S]*?)\n?```$/.exec(rest)
  return fence?.[1] ?? rest
}
