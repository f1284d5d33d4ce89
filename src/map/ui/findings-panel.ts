/**
 * What should be looked at, over all bricks, the gravest first: filtered by severity and rule, gone through with the keyboard.
 * Choosing flies there, where the inspector says how we know it; what is about no bytes says it here. Names, places and evidence come from outside: text only.
 */
import { type Severity, severityRank } from '../../base/region.ts'
import type { FindingJson } from '../../wire/api.ts'
import { type FoundList, findingKey } from '../link/findings-store.ts'
import { groupedInteger } from '../view/format.ts'
import { gravestFirst, ruleWords } from '../view/severity.ts'
import { element, setText } from './dom.ts'
import { findingCard, severityIcon, titleOf } from './finding-card.ts'
import { createSidePanel, type SidePanel } from './side-panel.ts'

const rowsMax = 200

export interface FindingsPanelHandlers {
  go(found: FindingJson): void
  /** The mildest severity that is wanted. */
  wants(severity: Severity): void
  left(): void
  opened(): void
}

export class FindingsPanel {
  readonly #handlers: FindingsPanelHandlers
  readonly #panel: SidePanel
  readonly #button = element('button', {
    class: 'bar-button findings-button',
    attributes: { type: 'button', 'aria-expanded': 'false' },
  })
  readonly #chips = gravestFirst.map((severity) => severityChip(severity, () => this.#filter({ severity })))
  readonly #rules = element('select', { attributes: { 'aria-label': 'Rule' } })
  readonly #note = element('div', { class: 'note quiet' })
  #list: FoundList | undefined
  #shown: readonly FindingJson[] = []
  /** Key of a finding. */
  #chosen = ''
  #mildest: Severity = 'low'
  /** Empty: every rule. */
  #rule = ''

  constructor(bar: HTMLElement, host: HTMLElement, handlers: FindingsPanelHandlers) {
    this.#handlers = handlers
    bar.append(this.#button)
    this.#panel = createSidePanel(host, {
      name: 'findings',
      label: 'Findings',
      handlers: {
        toggled: (isOpen) => this.#toggled(isOpen),
        left: handlers.left,
        step: (direction) => void this.step(direction),
        go: () => this.#goToChosen(),
      },
    })
    const chips = element(
      'div',
      { class: 'chips', attributes: { role: 'radiogroup', 'aria-label': 'At least this grave' } },
      this.#chips.map((chip) => chip.element),
    )
    this.#panel.above.append(chips, this.#rules)
    this.#panel.element.append(this.#note)
    this.#rules.addEventListener('change', () => this.#filter({ rule: this.#rules.value }))
    this.#button.addEventListener('click', () => this.toggle())
  }

  toggle(): void {
    this.#panel.setOpen(!this.#panel.isOpen)
  }

  close(): void {
    this.#panel.setOpen(false)
  }

  update(list: FoundList | undefined): void {
    if (list === this.#list && this.#button.textContent !== '') return
    this.#list = list
    this.#draw()
  }

  /** Chooses the next one of those listed, or the one before, and returns it. */
  step(direction: -1 | 1): FindingJson | undefined {
    const next = stepFrom(this.#shown, { chosen: this.#chosen, direction })
    if (next !== undefined) this.choose(findingKey(next))
    return next
  }

  /** Marks one as chosen. */
  choose(key: string): void {
    this.#chosen = key
    this.#draw()
  }

  #toggled(isOpen: boolean): void {
    this.#button.setAttribute('aria-expanded', String(isOpen))
    if (!isOpen) return
    this.#handlers.opened()
    this.#draw()
    this.#panel.list.focus({ preventScroll: true })
  }

  #filter(wanted: { severity?: Severity; rule?: string }): void {
    this.#mildest = wanted.severity ?? this.#mildest
    this.#rule = wanted.rule ?? this.#rule
    // Those that are not asked for yet come with the next answer.
    if (this.#mildest === 'info') this.#handlers.wants('info')
    this.#draw()
  }

  #goToChosen(): void {
    const found = this.#shown.find((one) => findingKey(one) === this.#chosen) ?? this.#shown[0]
    if (found === undefined) return
    this.choose(findingKey(found))
    this.#handlers.go(found)
  }

  #draw(): void {
    const list = this.#list
    const [mildest, rule] = [this.#mildest, this.#rule]
    setText(this.#button, buttonText(list))
    this.#button.classList.toggle('warn', (list?.counts.critical ?? 0) + (list?.counts.high ?? 0) > 0)
    this.#shown = (list?.findings ?? []).filter(
      ({ finding }) =>
        severityRank(finding.severity) >= severityRank(mildest) && (rule === '' || finding.rule === rule),
    )
    if (!this.#panel.isOpen) return
    for (const chip of this.#chips) chip.update({ count: list?.counts[chip.severity] ?? 0, mildest })
    this.#rules.replaceChildren(...ruleOptions(list, { mildest, rule }))
    this.#rules.hidden = (list?.rules.length ?? 0) < 2
    const { scrollTop } = this.#panel.list
    this.#panel.list.replaceChildren(...this.#shown.slice(0, rowsMax).map((found) => this.#row(found)))
    this.#panel.list.scrollTop = scrollTop
    this.#panel.list.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' })
    setText(this.#panel.title, shownWords({ shown: this.#shown.length, total: totalOf(list), mildest, rule }))
    setText(this.#note, noteOf(list, { shown: this.#shown.length, rule }))
  }

  #row(found: FindingJson): HTMLElement {
    const key = findingKey(found)
    const isChosen = key === this.#chosen
    const { severity } = found.finding
    const title = titleOf(found)
    const head = element('div', { class: 'found' }, [
      severityIcon(severity),
      element('div', { class: 'words' }, [
        element('div', { class: 'title', text: title }),
        element('div', { class: 'place mono', text: found.place, attributes: { title: found.place } }),
      ]),
    ])
    head.addEventListener('click', () => {
      this.choose(key)
      this.#handlers.go(found)
    })
    const attributes = {
      role: 'option',
      'aria-selected': String(isChosen),
      'aria-label': `${severity}: ${title}, ${found.place}`,
    }
    return element(
      'div',
      { class: 'row', attributes },
      isChosen && found.start === null ? [head, findingCard(found)] : [head],
    )
  }
}

/** The one after (or before) the chosen, round and round; where none is chosen the first, or the last. Pure. */
export function stepFrom(
  found: readonly FindingJson[],
  { chosen, direction }: { chosen: string; direction: -1 | 1 },
): FindingJson | undefined {
  const at = found.findIndex((one) => findingKey(one) === chosen)
  const next = at < 0 ? (direction === 1 ? 0 : -1) : at + direction
  return found[(next + found.length) % found.length]
}

/** The counts that matter first, in words. Pure. */
export function buttonText(list: FoundList | undefined): string {
  if (list === undefined) return 'findings'
  const { critical, high, medium, low } = list.counts
  const grave = [
    ...(critical > 0 ? [`${groupedInteger(critical)} critical`] : []),
    ...(high > 0 ? [`${groupedInteger(high)} high`] : []),
  ]
  if (grave.length > 0) return grave.join(', ')
  if (medium + low > 0) return `${groupedInteger(medium + low)} ${medium + low === 1 ? 'finding' : 'findings'}`
  const open = list.bricks.filter(({ analysis }) => analysis === null).length
  return open === 0 ? 'no findings' : open === list.bricks.length ? 'not analysed' : 'no findings so far'
}

function totalOf(list: FoundList | undefined): number {
  return Object.values(list?.counts ?? {}).reduce((sum, count) => sum + count, 0)
}

/** What the list shows, in words. Pure. */
export function shownWords(state: { shown: number; total: number; mildest: Severity; rule: string }): string {
  const { shown, total, mildest, rule } = state
  const grade =
    mildest === 'info' ? 'of every severity' : mildest === 'critical' ? 'critical only' : `${mildest} and graver`
  const count =
    shown === total ? `all ${groupedInteger(total)}` : `${groupedInteger(shown)} of ${groupedInteger(total)}`
  return `Findings, ${grade}${rule === '' ? '' : `, ${ruleWords(rule)}`}: ${count}`
}

/** What is not listed, and why. Pure. */
export function noteOf(list: FoundList | undefined, state: { shown: number; rule: string }): string {
  if (list === undefined) return 'asking …'
  const parts: string[] = []
  const { findings, total, bricks, acceptedCount } = list
  if (total > findings.length)
    parts.push(`the gravest ${groupedInteger(findings.length)} of ${groupedInteger(total)}; sfd findings lists all`)
  else if (state.shown === 0) parts.push(state.rule === '' ? 'nothing this grave' : 'nothing of this rule')
  if (state.shown > rowsMax) parts.push(`the first ${rowsMax} are shown`)
  if (acceptedCount > 0) parts.push(`${groupedInteger(acceptedCount)} accepted and not listed`)
  const open = bricks.filter(({ analysis }) => analysis === null)
  const stale = bricks.filter(({ analysis }) => analysis?.state === 'stale')
  if (open.length > 0) parts.push(`not analysed yet: ${namesOf(open)}`)
  if (stale.length > 0)
    parts.push(`changed since the analysis, findings may be older than the bytes: ${namesOf(stale)}`)
  const cut = bricks.filter(({ truncated, damaged }) => truncated === true || damaged === true)
  if (cut.length > 0) parts.push(`not all could be read: ${namesOf(cut)}`)
  return parts.join(' · ')
}

const namesMax = 3

function namesOf(bricks: readonly { readonly name: string }[]): string {
  const names = bricks.slice(0, namesMax).map(({ name }) => name)
  return bricks.length > namesMax ? `${names.join(', ')} and ${bricks.length - namesMax} more` : names.join(', ')
}

function severityChip(
  severity: Severity,
  choose: () => void,
): { severity: Severity; element: HTMLElement; update(state: { count: number; mildest: Severity }): void } {
  const text = element('span')
  const chip = element('button', { class: 'chip', attributes: { type: 'button', role: 'radio' } }, [
    severityIcon(severity),
    text,
  ])
  chip.addEventListener('click', choose)
  return {
    severity,
    element: chip,
    update({ count, mildest }) {
      setText(text, groupedInteger(count))
      chip.title = `${severity} and graver: ${groupedInteger(count)} of this severity`
      chip.setAttribute('aria-label', `${severity} and graver, ${count} of this severity`)
      chip.setAttribute('aria-checked', String(severity === mildest))
      chip.classList.toggle('off', severityRank(severity) < severityRank(mildest))
    },
  }
}

function ruleOptions(list: FoundList | undefined, state: { mildest: Severity; rule: string }): HTMLElement[] {
  const rules = (list?.rules ?? []).filter(({ severity }) => severityRank(severity) >= severityRank(state.mildest))
  const option = (value: string, text: string): HTMLOptionElement => {
    const made = element('option', { text, attributes: { value } })
    made.selected = value === state.rule
    return made
  }
  const known = rules.some(({ rule }) => rule === state.rule) || state.rule === ''
  return [
    option('', 'every rule'),
    ...rules.map(({ rule, count }) => option(rule, `${ruleWords(rule)}  ${groupedInteger(count)}`)),
    ...(known ? [] : [option(state.rule, ruleWords(state.rule))]),
  ]
}
