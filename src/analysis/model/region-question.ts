/**
 * One question about one region: what is known of it, as facts that can be cited, and the prompt that is made of them.
 *
 * Facts are the most telling first: what does not fit is left out from the end.
 */
import { createHash } from 'node:crypto'
import { toHex } from '../../base/bytes.ts'
import type { JsonValue, Region } from '../../base/region.ts'
import { canonicalJson } from '../../brick/canonical-json.ts'
import { contentKey } from '../../catalog/content-key.ts'
import { answerSchema, schemaVersion } from './answer-schema.ts'
import type { ChatQuestion } from './chat.ts'
import { dataJson } from './prompt-data.ts'
import { type QuestionKind, questions, system, user, version } from './prompts/describe-region.ts'

export interface RegionQuestion {
  readonly about: QuestionKind
  /** In the entry's content. */
  readonly place: Pick<Region, 'offset' | 'length'>
  /** Hash of the content that the place is in; together with the place it stands for the region's bytes. */
  readonly contentId: Uint8Array | undefined
  readonly facts: readonly Fact[]
  /** The region holds text that speaks to models: it is asked about only where a person asks for it. */
  readonly isSuspected: boolean
  /** Not everybody may read the file, so who runs the server may not: it is asked about only where a person asks for it. */
  readonly isPrivate: boolean
}

/** What was measured. `value` may hold text of the file. */
export interface Fact {
  readonly what: string
  readonly value: JsonValue
}

export const promptVersion = version
export const temperature = 0
export const seed = 7
export const answerTokensMax = 400
const factsMax = 40
const factsMin = 1

export interface Prompt {
  readonly question: ChatQuestion
  /** By the id that the model cites. */
  readonly evidence: ReadonlyMap<string, string>
  /** All facts as they were sent. */
  readonly data: string
}

export interface PromptLimits {
  readonly model: string
  /** Bytes of system and user message together. */
  readonly bytesMax: number
  /** 16 hex digits, new for every request. */
  readonly nonce: string
}

/** Undefined where not even the first fact fits. */
export function promptOf(
  { about, facts }: RegionQuestion,
  { model, bytesMax, nonce }: PromptLimits,
): Prompt | undefined {
  for (let count = Math.min(facts.length, factsMax); count >= factsMin; count--) {
    const kept = facts.slice(0, count).map((fact, index) => ({ id: `E${index + 1}`, ...fact }))
    const data = `[\n${kept.map(({ id, what, value }) => dataJson({ id, what, value })).join(',\n')}\n]`
    const text = user({ marker: `DATA-${nonce}`, data, question: questions[about] })
    if (system.length + text.length > bytesMax) continue
    const evidence = new Map(kept.map(({ id, what, value }) => [id, `${what}: ${plainValue(value)}`]))
    const schema = answerSchema([...evidence.keys()])
    const asked = { model, system, user: text, schemaName: 'description', schema, maxTokens: answerTokensMax }
    return { question: { ...asked, temperature, seed }, evidence, data }
  }
  return undefined
}

/**
 * By what answers are kept: 32 bytes, of all that can change the answer but the marker. `model`: an id, or for the newest
 * answer of any model of that name, the name.
 */
export function answerKey({ about, place, contentId, facts }: RegionQuestion, model: string): Uint8Array {
  const bytes = contentId === undefined ? null : toHex(contentId)
  const parts: JsonValue = [
    ...['model answer', promptVersion, schemaVersion, model, temperature, seed, answerTokensMax, about],
    ...[bytes, place.offset, place.length],
    facts.map(({ what, value }) => [what, value]),
  ]
  const text = canonicalJson(parts) ?? JSON.stringify(parts)
  return contentKey(contentId, createHash('sha256').update(text).digest())
}

function plainValue(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
