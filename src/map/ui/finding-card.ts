/**
 * One finding and how we know it: evidence, who says so and how surely, the command that shows the same. What a model said is
 * never a finding's proof and is marked. All of it comes from outside: text only.
 */
import type { Finding, Severity } from '../../base/region.ts'
import { visibleText } from '../view/format.ts'
import { ruleWords } from '../view/severity.ts'
import { copyButton } from './copy-button.ts'
import { element } from './dom.ts'

export interface FindingWords {
  readonly name: string
  readonly finding: Finding
  readonly detector?: string | undefined
  /** The check with the path in it; without it `finding.check` is shown. */
  readonly command?: string | undefined
}

const evidenceShownMax = 6
const originWords: Readonly<Record<Finding['origin'], string>> = {
  deterministic: 'read from the bytes',
  rule: 'a rule matched',
  model: 'a model said so, nobody verified it',
  human: 'a person said so',
}

export function findingCard(words: FindingWords): HTMLElement {
  const { severity, rule, evidence } = words.finding
  return element('div', { class: `finding ${severity}`, attributes: { role: 'note' } }, [
    element('div', { class: 'head' }, [
      severityIcon(severity),
      element('b', { text: severity }),
      element('span', { text: titleOf(words) }),
    ]),
    element(
      'ul',
      {},
      evidence.slice(0, evidenceShownMax).map((text) => element('li', { text: visibleText(text) })),
    ),
    ...checkOf(words),
    element('div', { class: 'how' }, [element('i', { text: 'how we know' }), ` ${howOf(words)}`]),
    ...(titleOf(words) === ruleWords(rule)
      ? []
      : [element('div', { class: 'how' }, [element('i', { text: 'rule' }), ` ${rule}`])]),
  ])
}

/** One line that unfolds; what was unfolded stays so when it is drawn anew. */
export function foldedCard(words: FindingWords): HTMLElement {
  const key = `${words.finding.rule} ${words.name}`
  const { severity } = words.finding
  const summary = element('summary', {}, [
    severityIcon(severity),
    element('b', { text: severity }),
    element('span', { text: titleOf(words) }),
  ])
  const folded = element('details', { class: `folded ${severity}` }, [summary, findingCard(words)])
  folded.open = unfolded.has(key)
  folded.addEventListener('toggle', () => {
    if (folded.open) unfolded.add(key)
    else unfolded.delete(key)
    if (unfolded.size > unfoldedMax) unfolded.clear()
  })
  return folded
}

const unfolded = new Set<string>()
const unfoldedMax = 200

/** The shape of a severity; its word stands beside it. */
export function severityIcon(severity: Severity): HTMLElement {
  return element('i', { class: `sev ${severity}`, attributes: { 'aria-hidden': 'true' } })
}

export function titleOf({ name, finding }: Pick<FindingWords, 'name' | 'finding'>): string {
  return visibleText(name === '' ? ruleWords(finding.rule) : name)
}

function howOf({ finding, detector }: FindingWords): string {
  const { origin, confidence, weakness } = finding
  const parts = [originWords[origin]]
  if (detector !== undefined) parts.push(`by ${detector.replace('/', ' ')}`)
  if (confidence < 1) parts.push(`${Math.round(100 * confidence)} % sure`)
  if (weakness !== undefined) parts.push(weakness)
  return visibleText(parts.join(' · '))
}

function checkOf({ finding, command }: FindingWords): HTMLElement[] {
  const text = command ?? finding.check
  if (text === undefined) return []
  const what = command === undefined ? 'check it, FILE is the content' : 'check it'
  return [
    element('div', { class: 'check' }, [
      element('div', { class: 'what' }, [
        element('i', { text: what }),
        copyButton({ text: 'copy', copy: text, mono: false }),
      ]),
      element('code', { class: 'mono', text: visibleText(text) }),
    ]),
  ]
}
