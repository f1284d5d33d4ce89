/**
 * From what a model wrote to what is shown: its words made plain, its citations looked up, its certainty taken down where
 * it says what no fact says.
 */

import { isAddressedToModels } from '../policy/injection.ts'
import type { Answer } from './answer-schema.ts'
import { summaryMax, titleMax } from './answer-schema.ts'
import type { DescribedBy, Description } from './description.ts'
import { plainText } from './plain-text.ts'
import type { Prompt } from './region-question.ts'

const reasonMax = 200
const citedMax = 5

/** The problem as text where there is nothing left that may be shown. */
export function checked(answer: Answer, { evidence, data }: Prompt, by: DescribedBy): Description | string {
  const ids = [...new Set(answer.evidence_ids)].slice(0, citedMax)
  const cited = ids.flatMap((id) => evidence.get(id) ?? [])
  if (cited.length === 0) return 'it cites none of the facts'
  const [title, summary] = [plainText(answer.title, titleMax), plainText(answer.summary, summaryMax)]
  if (title === '' || summary === '') return 'it says nothing in plain text'
  if (isAddressedToModels(answer.summary) || isAddressedToModels(answer.title))
    return 'it repeats instructions out of the data'
  const isGrounded = cited.length === ids.length && numbersIn(`${title} ${summary}`).every((each) => isIn(data, each))
  const riskReason = answer.risk === 'none' ? '' : plainText(answer.risk_reason, reasonMax)
  return {
    kind: 'described',
    ...{ role: answer.role, title, summary },
    // A risk without a reason is none.
    risk: riskReason === '' ? 'none' : answer.risk,
    riskReason,
    evidence: cited.map((text) => plainText(text, reasonMax)),
    confidence: isGrounded ? answer.confidence : 'low',
    mentionsInstructions: answer.mentions_instructions_in_data,
    by,
  }
}

/** Of two digits and more: with one, people count what they see. */
function numbersIn(text: string): string[] {
  return (text.match(/0x[0-9a-f]+|\d[\d,]*\d(?:\.\d+)?/gi) ?? []).map((each) => each.replaceAll(',', '').toLowerCase())
}

function isIn(data: string, number: string): boolean {
  const pattern = new RegExp(`(?<![0-9a-f])${number.replace('.', '\\.')}(?![0-9])`, 'i')
  return pattern.test(data.replaceAll(/(?<=\d),(?=\d{3})/g, ''))
}
