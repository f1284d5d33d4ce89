/**
 * The field that goes to places: a path or name is looked up on the server, `0x..` is an offset in the brick in view; where
 * there is memory, it is an address first.
 * Arrow keys choose, Enter goes, Escape leaves.
 */

import type { FindAnswer } from '../../wire/api.ts'
import { after, type Timer } from '../clock.ts'
import { findEntries } from '../link/api-client.ts'
import { hexOffset, iecSize } from '../view/format.ts'
import { pathLabel } from '../view/shapes.ts'
import { element } from './dom.ts'

const typingPauseMs = 110
const hitCountMax = 40

export type Hit = FindAnswer['hits'][number]

export interface SearchOptions {
  brickName(uuid: string): string | undefined
  /** Where an offset would lead: what to say of it, or undefined where there is no such byte. */
  offsetTarget(offset: number): string | undefined
  /** Some brick is the memory of a process: `0x..` may be an address. */
  hasMemory(): boolean
  onHit(hit: Hit): void
  onOffset(offset: number): void
  onLeave(): void
}

interface Row {
  readonly item: HTMLLIElement
  readonly go: () => void
}

const inputAttributes = {
  type: 'text',
  role: 'combobox',
  'aria-label': 'Go to path, offset or name',
  'aria-controls': 'hits',
  'aria-expanded': 'false',
  'aria-autocomplete': 'list',
  placeholder: 'go to path, 0x offset, name',
  spellcheck: 'false',
  autocomplete: 'off',
}

export class Search {
  readonly #options: SearchOptions
  readonly #input = element('input', { attributes: inputAttributes })
  readonly #list = element('ul', { class: 'hits', attributes: { id: 'hits', role: 'listbox' } })
  #rows: readonly Row[] = []
  #chosen = 0
  #typing: Timer | undefined
  #asking: AbortController | undefined
  /** What is listed answers an older text than that in the field. */
  #isBehind = false
  /** Enter was pressed before the answer came. */
  #goFirst = false

  constructor(host: HTMLElement, options: SearchOptions) {
    this.#options = options
    host.append(element('div', { class: 'search' }, [this.#input, element('kbd', { text: '/' }), this.#list]))
    this.#input.addEventListener('input', () => this.#changed())
    this.#input.addEventListener('focus', () => this.#input.select())
    this.#input.addEventListener('blur', () => this.#clear())
    this.#input.addEventListener('keydown', (event) => this.#key(event))
  }

  focus(): void {
    this.#input.focus()
    if (this.#input.value !== '') this.#changed()
  }

  #key(event: KeyboardEvent): void {
    event.stopPropagation()
    if (event.key === 'ArrowDown') this.#choose(this.#chosen + 1)
    else if (event.key === 'ArrowUp') this.#choose(this.#chosen - 1)
    else if (event.key === 'Enter') this.#enter()
    else if (event.key === 'Escape') this.#leave()
    else return
    event.preventDefault()
  }

  #enter(): void {
    const row = this.#isBehind ? undefined : this.#rows[this.#chosen]
    this.#goFirst = row === undefined
    if (row !== undefined) this.#go(row)
  }

  #go({ go }: Row): void {
    this.#leave()
    go()
  }

  #leave(): void {
    this.#clear()
    this.#input.blur()
    this.#options.onLeave()
  }

  #clear(): void {
    this.#typing?.cancel()
    this.#asking?.abort()
    this.#goFirst = false
    this.#show([], '')
  }

  #changed(): void {
    this.#typing?.cancel()
    this.#asking?.abort()
    this.#goFirst = false
    const query = this.#input.value.trim()
    const offset = parseOffset(query)
    if (query === '') this.#clear()
    else if (offset !== undefined && !this.#options.hasMemory()) this.#offerOffset(offset)
    else {
      this.#isBehind = true
      this.#typing = after(typingPauseMs, () => void this.#lookUp(query))
    }
  }

  #offerOffset(offset: number): void {
    const row = this.#offsetRow(offset, 0)
    this.#show(row === undefined ? [] : [row], row === undefined ? 'no such offset in the brick in view' : '')
  }

  #offsetRow(offset: number, at: number): Row | undefined {
    const target = this.#options.offsetTarget(offset)
    if (target === undefined) return undefined
    const text = element('span', { class: 'path mono', text: hexOffset(offset) })
    const where = element('span', { class: 'where', text: `offset ${target}` })
    return this.#row(at, [text, where], () => this.#options.onOffset(offset))
  }

  async #lookUp(query: string): Promise<void> {
    this.#asking = new AbortController()
    const { signal } = this.#asking
    const answer = await findEntries(query, signal)
    if (signal.aborted) return
    if (answer.kind !== 'ok') {
      this.#show([], answer.kind === 'failed' ? answer.message : 'no answer')
      return
    }
    const hits = answer.value.hits.slice(0, hitCountMax)
    const rows = hits.map((hit, at) => this.#hitRow(hit, at))
    const offset = parseOffset(query)
    const offsetRow = offset === undefined ? undefined : this.#offsetRow(offset, rows.length)
    if (offsetRow !== undefined) rows.push(offsetRow)
    const note = rows.length === 0 ? 'nothing by that name' : answer.value.truncated ? 'more: type on' : ''
    this.#show(rows, note)
    const first = this.#rows[0]
    if (this.#goFirst && first !== undefined) this.#go(first)
  }

  #hitRow(hit: Hit, at: number): Row {
    const path = element('span', { class: 'path mono', text: `\u2066${hit.label ?? pathLabel(hit)}\u2069` })
    const brick = this.#options.brickName(hit.uuid) ?? ''
    const place = hit.offset === undefined ? iecSize(hit.size) : `+${hexOffset(hit.offset)}`
    const where = element('span', { class: 'where', text: `${brick}  ${place}` })
    return this.#row(at, [path, where], () => this.#options.onHit(hit))
  }

  #row(at: number, content: Node[], go: () => void): Row {
    const item = element('li', { attributes: { role: 'option', id: `hit-${at}` } }, content)
    const row = { item, go }
    item.addEventListener('pointerdown', (event) => {
      event.preventDefault()
      this.#go(row)
    })
    item.addEventListener('pointermove', () => this.#choose(at))
    return row
  }

  #show(rows: readonly Row[], note: string): void {
    this.#rows = rows
    this.#isBehind = false
    this.#list.replaceChildren(...rows.map(({ item }) => item))
    if (note !== '') this.#list.append(element('li', { class: 'note', text: note }))
    this.#input.setAttribute('aria-expanded', String(rows.length > 0))
    this.#choose(0)
  }

  #choose(at: number): void {
    this.#chosen = Math.max(0, Math.min(this.#rows.length - 1, at))
    for (const [index, { item }] of this.#rows.entries()) {
      item.setAttribute('aria-selected', String(index === this.#chosen))
      if (index === this.#chosen) item.scrollIntoView({ block: 'nearest' })
    }
    this.#input.setAttribute('aria-activedescendant', this.#rows[this.#chosen]?.item.id ?? '')
  }
}

/** `0x1a2f0` or `@1234`, thin or plain spaces and underscores inside allowed; undefined for anything else. */
export function parseOffset(text: string): number | undefined {
  const digits = text.replace(/[\s_]/g, '')
  if (/^@\d{1,16}$/.test(digits)) return Number(digits.slice(1))
  return /^0x[0-9a-f]{1,13}$/i.test(digits) ? Number(digits) : undefined
}
