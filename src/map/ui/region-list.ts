/**
 * What is known of the place under the cursor: its regions, the innermost first, and what somebody should look at, with the
 * evidence. Severity is told by a shape and a word before any colour. Names and attributes come from outside: text only.
 */
import type { RegionJson } from '../../wire/api.ts'
import { groupedInteger, hexOffset, iecSize } from '../view/format.ts'
import { ruleWords, severityShapes } from '../view/shapes.ts'
import { element } from './dom.ts'

export interface RegionHandlers {
  go(region: { readonly start: number; readonly length: number }): void
}

const regionsShownMax = 8
const attributesShownMax = 10
const evidenceShownMax = 6

/** Empty where nothing is known. `origin`: where the entry's content begins in the brick. */
export function regionList(regions: readonly RegionJson[], origin: number, handlers: RegionHandlers): HTMLElement[] {
  const findings = regions.filter(({ finding }) => finding !== undefined)
  const rows = regions.slice(0, regionsShownMax).map((region) => regionRow(region, origin, handlers))
  if (regions.length === 0) return []
  const left = regions.length - rows.length
  const more = left > 0 ? [element('li', { class: 'quiet', text: `and ${left} more around these` })] : []
  return [...findings.map(findingCard), element('ul', { class: 'regions' }, [...rows, ...more])]
}

function findingCard({ finding }: RegionJson): HTMLElement {
  if (finding === undefined) return element('div')
  const { severity, rule, evidence, origin, confidence } = finding
  const certainty = confidence === 1 ? '' : `, ${Math.round(100 * confidence)} % sure`
  return element('div', { class: `finding ${severity}`, attributes: { role: 'note' } }, [
    element('div', { class: 'head' }, [
      element('span', { class: 'shape', text: severityShapes[severity], attributes: { 'aria-hidden': 'true' } }),
      element('b', { text: severity }),
      element('span', { class: 'rule', text: ruleWords(rule) }),
    ]),
    element(
      'ul',
      {},
      evidence.slice(0, evidenceShownMax).map((text) => element('li', { text: readable(text) })),
    ),
    element('div', { class: 'quiet', text: `how we know: ${origin}${certainty}` }),
  ])
}

/** Long numbers with thin spaces that do not break, every digit kept. */
function readable(text: string): string {
  return text.replace(/\b\d{5,15}\b/g, (digits) => groupedInteger(Number(digits)).replaceAll('\u2009', '\u202f'))
}

function regionRow(region: RegionJson, origin: number, handlers: RegionHandlers): HTMLElement {
  const { start, length, name, class: kind, attributes } = region
  const label = name === '' ? kind : name
  const place = `+${hexOffset(Math.max(0, start - origin))}  ${iecSize(length)}`
  const button = element(
    'button',
    { class: 'region', attributes: { type: 'button', title: `${kind} ${label}\n${place}` } },
    [
      element('span', { class: 'class', text: name === '' ? '' : kind }),
      element('span', { class: 'name', text: label }),
      element('span', { class: 'place mono', text: iecSize(length) }),
    ],
  )
  button.addEventListener('click', () => handlers.go({ start, length }))
  const facts = Object.entries(attributes ?? {}).flatMap(([what, value]) => factOf(what, value))
  if (facts.length === 0) return element('li', {}, [button])
  return element('li', {}, [button, element('div', { class: 'facts' }, facts.slice(0, attributesShownMax))])
}

/** What the fields beside the list say already. */
const saidElsewhere = new Set(['address', 'permissions', 'file'])

function factOf(what: string, value: unknown): HTMLElement[] {
  if (saidElsewhere.has(what)) return []
  const text = valueText(what, value)
  return text === '' ? [] : [element('span', {}, [element('i', { text: wordsOf(what) }), ` ${text}`])]
}

/** `privateDirtyBytes` is a number of bytes. */
function valueText(what: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'number') return ''
  if (what.endsWith('Bytes') && value >= 0) return iecSize(value)
  return Number.isInteger(value) ? groupedInteger(value) : String(Number(value.toPrecision(3)))
}

/** `privateDirtyBytes` -> private dirty */
function wordsOf(what: string): string {
  const words = what.endsWith('Bytes') && what.length > 5 ? what.slice(0, -5) : what
  return words.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
}
