/**
 * What a model said, for a person: every line says that it is a model's, so that none can be taken for what was measured,
 * whatever the model was made to say.
 */
import type { Description, Skipped } from '../analysis/model/description.ts'
import type { JsonValue, Region } from '../base/region.ts'
import type { Call } from './command.ts'
import { shownText } from './text.ts'

/** A description that the brick has. */
export interface StoredDescription {
  readonly kind: 'stored'
  readonly offset: number
  readonly length: number
  readonly title: string
  readonly summary: string
  /** As the server named it. */
  readonly model: string
  /** 0 .. 1. */
  readonly confidence: number
  readonly role: string
  readonly evidence: readonly string[]
}

export function storedDescription({ offset, length, name, attributes = {} }: Region): StoredDescription {
  const { evidence, confidence } = attributes
  return {
    ...{ kind: 'stored', offset, length, title: name },
    summary: textOf(attributes['text']),
    model: textOf(attributes['model']),
    confidence: typeof confidence === 'number' ? confidence : 0,
    role: textOf(attributes['role']),
    evidence: Array.isArray(evidence) ? evidence.map(textOf).filter((text) => text !== '') : [],
  }
}

export function storedText({ title, summary, model, confidence, evidence }: StoredDescription): string {
  return block([
    `Described by ${shownText(model) || 'a model'}, as the brick has it; nobody has verified it`,
    spoken(title),
    spoken(summary),
    `  it is ${Math.round(100 * confidence)} % sure, because of`,
    ...evidence.map((text) => `    ${shownText(text)}`),
  ])
}

/** `heard`: what of the summary was printed already. */
export function describedText(said: Description, heard = ''): string {
  const { by, title, summary, confidence, evidence, risk, riskReason, mentionsInstructions } = said
  const kept = by.isCached ? ', said before' : ''
  return block([
    `Described by ${shownText(by.modelReported)}${kept}; nobody has verified it`,
    spoken(title),
    ...(heard !== '' && heard === shownText(summary) ? [] : [spoken(summary)]),
    ...(risk === 'none' ? [] : ['  it thinks that somebody should look:', spoken(riskReason)]),
    ...(mentionsInstructions ? ['  it says that the data held instructions'] : []),
    `  confidence ${confidence}, because of`,
    ...evidence.map((text) => `    ${shownText(text)}`),
    `  sfd model log ${shownText(by.exchange)}`,
  ])
}

export function skippedText({ why, reason }: Skipped, heard = ''): string {
  const isSaid = /^no model was used/i.test(reason)
  const text = isSaid ? `${reason[0]?.toUpperCase()}${reason.slice(1)}.` : `No model was used (${why}: ${reason}).`
  return `\n${heard === '' ? '' : 'That answer is not used. '}${shownText(text)}\n`
}

/** For a person; for a program nothing is printed. */
export async function told(call: Call, said: Description | Skipped, heard = ''): Promise<Description | Skipped> {
  if (call.json) return said
  await call.output.text(said.kind === 'skipped' ? skippedText(said, heard) : describedText(said, heard))
  return said
}

/** Lines of a model's text, each marked. What is added at the end of the text changes no line but the last. */
export function spoken(text: string): string {
  const lines: string[] = ['']
  for (const word of shownText(text).split(' ')) {
    for (let rest = word; ; rest = rest.slice(wordMax)) {
      const line = lines.at(-1) ?? ''
      const part = rest.slice(0, wordMax)
      if (line === '') lines[lines.length - 1] = part
      else if (line.length + 1 + part.length <= lineMax) lines[lines.length - 1] = `${line} ${part}`
      else lines.push(part)
      if (rest.length <= wordMax) break
    }
  }
  return lines.map((line) => `${mark}${line}`).join('\n')
}

const mark = '  model: '
/** Of a terminal of 80 columns, with the mark. */
const lineMax = 68
const wordMax = lineMax

function block(lines: readonly string[]): string {
  return `\n${lines.join('\n')}\n`
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
