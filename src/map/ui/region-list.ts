/**
 * What is known of the place under the cursor: its regions, the innermost first; above them what somebody should look at, and
 * what a model said, marked as that. Names, attributes and descriptions come from outside: text only.
 */
import type { FindingJson, RegionJson } from '../../wire/api.ts'
import { groupedInteger, hexOffset, iecSize, visibleText } from '../view/format.ts'
import { element } from './dom.ts'
import { findingCard, foldedCard, severityIcon, titleOf } from './finding-card.ts'

export interface RegionHandlers {
  go(region: { readonly start: number; readonly length: number }): void
  /** The command that checks its finding, with the path in it; undefined where it is not known. */
  commandOf(region: RegionJson): string | undefined
  /** Findings in this run of the brick's space that are not at `except`. */
  othersIn(run: { readonly start: number; readonly length: number }, except: number): readonly FindingJson[]
}

const regionsShownMax = 8
/** A finding about more bytes than these is folded, unless one looks at its beginning. */
const nearBytesMax = 4_096
const attributesShownMax = 10

/** `cards`: what should be looked at; `facts`: all else that is known. Both may be empty. `origin`: where the entry's content begins in the brick; `at`: the byte that is looked at. */
export function regionList(
  regions: readonly RegionJson[],
  { origin, at }: { origin: number; at: number },
  handlers: RegionHandlers,
): { cards: HTMLElement[]; facts: HTMLElement[] } {
  if (regions.length === 0) return { cards: [], facts: [] }
  const cards = regions.flatMap((region) => {
    const { name, finding, detector } = region
    if (finding === undefined || isDescription(region)) return []
    const words = { name, finding, detector, command: handlers.commandOf(region) }
    // Where one looks at some byte of what a finding is about as a whole, the byte comes first.
    return [region.start === at || region.length <= nearBytesMax ? findingCard(words) : foldedCard(words)]
  })
  const facts = regions.filter(
    (region) => !isDescription(region) && region.class !== fileTypeClass && region.class !== 'finding',
  )
  const type = typeOf(regions)
  const rows = facts.slice(0, regionsShownMax).map((region) => {
    // What was said above is not said again.
    const isSaid = region.finding === undefined && visibleText(region.name) === type
    return regionRow(isSaid ? { ...region, name: '' } : region, origin, handlers)
  })
  const left = facts.length - rows.length
  const more = left > 0 ? [element('li', { class: 'quiet', text: `and ${left} more around these` })] : []
  const list = element('ul', { class: 'regions' }, [...rows, ...more])
  return { cards, facts: [...regions.filter(isDescription).slice(0, 1).map(descriptionCard), list] }
}

const othersMax = 5

/** What else is found in the entry whose slot it is, as rows that lead there. */
export function otherFindings(
  options: { slot: { readonly start: number; readonly length: number }; offset: number },
  handlers: RegionHandlers,
): HTMLElement[] {
  const others = handlers.othersIn(options.slot, options.offset)
  if (others.length === 0) return []
  const rows = others.slice(0, othersMax).map((found) => {
    const button = element('button', { class: 'region', attributes: { type: 'button', title: titleOf(found) } }, [
      severityIcon(found.finding.severity),
      element('span', { class: 'name', text: titleOf(found) }),
      element('span', { class: 'place mono', text: `+${hexOffset(found.offset)}` }),
    ])
    button.addEventListener('click', () => handlers.go({ start: found.start ?? 0, length: found.length }))
    return element('li', {}, [button])
  })
  const left = others.length - rows.length
  const more = left > 0 ? [element('li', { class: 'quiet', text: `and ${left} more in this file` })] : []
  return [
    element('ul', { class: 'others', attributes: { 'aria-label': 'Findings elsewhere in it' } }, [...rows, ...more]),
  ]
}

const fileTypeClass = 'file-type'

/** What the whole entry is, as file(1) would say it; undefined where nobody said. */
export function typeOf(regions: readonly RegionJson[]): string | undefined {
  const name = regions.find((region) => region.class === fileTypeClass)?.name
  return name === undefined ? undefined : visibleText(name)
}

function isDescription({ class: kind }: RegionJson): boolean {
  return kind === 'description'
}

/** The innermost one: what a model made of these bytes. */
function descriptionCard({ name, attributes }: RegionJson): HTMLElement {
  const said = (key: string) => (typeof attributes?.[key] === 'string' ? String(attributes[key]) : '')
  const text = said('text')
  return element('div', { class: 'description', attributes: { role: 'note' } }, [
    element('div', { class: 'head' }, [element('b', { text: visibleText(name) })]),
    ...(text === '' ? [] : [element('p', { text: visibleText(text) })]),
    element('div', { class: 'how', text: `described by ${visibleText(said('model')) || 'a model'}, not verified` }),
  ])
}

function regionRow(region: RegionJson, origin: number, handlers: RegionHandlers): HTMLElement {
  const { start, length, name, class: kind, attributes } = region
  const label = visibleText(name === '' ? kind : name)
  const place = `+${hexOffset(Math.max(0, start - origin))}  ${iecSize(length)}`
  const button = element(
    'button',
    {
      class: region.layer === 0 ? 'region whole' : 'region',
      attributes: { type: 'button', title: `${kind} ${label}\n${place}` },
    },
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
  if (typeof value === 'string' || typeof value === 'boolean') return visibleText(String(value))
  if (Array.isArray(value)) return listText(value)
  if (typeof value !== 'number') return ''
  if (what.endsWith('Bytes') && value >= 0) return iecSize(value)
  return Number.isInteger(value) ? groupedInteger(value) : String(Number(value.toPrecision(3)))
}

const listedMax = 4

function listText(values: readonly unknown[]): string {
  const texts = values.filter((value) => typeof value === 'string').map(visibleText)
  const left = texts.length - listedMax
  return left > 0 ? `${texts.slice(0, listedMax).join(', ')} and ${left} more` : texts.join(', ')
}

/** `privateDirtyBytes` -> private dirty */
function wordsOf(what: string): string {
  const words = what.endsWith('Bytes') && what.length > 5 ? what.slice(0, -5) : what
  return words.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
}
