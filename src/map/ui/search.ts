/**
 * The field that goes to places: a path or name is looked up on the server, `0x..` is an offset in the brick in view; where
 * there is memory, it is an address first. Below what has such a name stand the ways to look for it among the bytes.
 * Arrow keys choose, Enter goes, Escape leaves.
 */

import type { FindAnswer } from '../../wire/api.ts'
import type { NameHit } from '../../wire/search.ts'
import { after, type Timer } from '../clock.ts'
import { findEntries, findNames } from '../link/api-client.ts'
import { type ByteQuery, byteQueries } from '../view/byte-query.ts'
import { hexOffset, iecSize, startCut, visibleText } from '../view/format.ts'
import { pathLabel } from '../view/shapes.ts'
import { element } from './dom.ts'

const typingPauseMs = 110
const hitCountMax = 40
/** Of names of symbols, and of other names; more are asked for, so that the telling ones can be listed first. */
const nameCountMax = 12
const nameAskMax = 60
const placeLengthMax = 38

export type Hit = FindAnswer['hits'][number]

export interface SearchOptions {
  brickName(uuid: string): string | undefined
  /** Where an offset would lead: what to say of it, or undefined where there is no such byte. */
  offsetTarget(offset: number): string | undefined
  /** Some brick is the memory of a process: `0x..` may be an address. */
  hasMemory(): boolean
  onHit(hit: Hit): void
  onOffset(offset: number): void
  /** A name of a symbol or of a region. */
  onName(hit: NameHit): void
  /** Look for it among the bytes of all bricks. */
  onBytes(query: ByteQuery): void
  onLeave(): void
}

const formWords = { text: 'text', hex: 'hex', regex: 'a regular expression' } as const

interface Row {
  readonly item: HTMLLIElement
  readonly go: () => void
}

const inputAttributes = {
  type: 'text',
  role: 'combobox',
  'aria-label': 'Go to path, offset or name, or search the bytes',
  'aria-controls': 'hits',
  'aria-expanded': 'false',
  'aria-autocomplete': 'list',
  placeholder: 'path, name, symbol, 0x offset, bytes',
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
    else if (event.key === 'Enter' && event.shiftKey) this.#enterBytes()
    else if (event.key === 'Enter') this.#enter()
    else if (event.key === 'Escape') this.#leave()
    else return
    event.preventDefault()
  }

  /** With shift: among the bytes, at once. */
  #enterBytes(): void {
    const [wanted] = byteQueries(this.#input.value)
    if (wanted === undefined) return
    this.#leave()
    this.#options.onBytes(wanted)
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
    else if (/^".+"$/.test(query)) this.#show(this.#byteRows(query, 0), '')
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
    const names = (kind: 'symbol' | 'label') => findNames({ query, kind, limit: nameAskMax }, signal)
    const [answer, symbols, labels] = await Promise.all([findEntries(query, signal), names('symbol'), names('label')])
    if (signal.aborted) return
    if (answer.kind !== 'ok') {
      this.#show(this.#byteRows(query, 0), answer.kind === 'failed' ? answer.message : 'no answer')
      return
    }
    const hits = answer.value.hits.slice(0, hitCountMax)
    const rows = hits.map((hit, at) => this.#hitRow(hit, at))
    for (const found of [symbols, labels]) {
      if (found.kind !== 'ok') continue
      for (const hit of tellingFirst(found.value.hits).slice(0, nameCountMax))
        rows.push(this.#nameRow(hit, rows.length))
    }
    const offset = parseOffset(query)
    const offsetRow = offset === undefined ? undefined : this.#offsetRow(offset, rows.length)
    if (offsetRow !== undefined) rows.push(offsetRow)
    const note = rows.length === 0 ? 'nothing by that name' : answer.value.truncated ? 'more: type on' : ''
    const first = rows[0]
    const goFirst = this.#goFirst
    this.#show([...rows, ...this.#byteRows(query, rows.length)], note)
    if (goFirst && first !== undefined) this.#go(first)
  }

  #hitRow(hit: Hit, at: number): Row {
    const path = element('span', { class: 'path mono', text: `\u2066${hit.label ?? pathLabel(hit)}\u2069` })
    const brick = this.#options.brickName(hit.uuid) ?? ''
    const place = hit.offset === undefined ? iecSize(hit.size) : `+${hexOffset(hit.offset)}`
    const where = element('span', { class: 'where', text: `${brick}  ${place}` })
    return this.#row(at, [path, where], () => this.#options.onHit(hit))
  }

  #nameRow(hit: NameHit, at: number): Row {
    const { name, class: kind, uuid, offset } = hit
    const brick = this.#options.brickName(uuid) ?? ''
    const text = element('span', {
      class: 'path mono',
      text: `\u2066${visibleText(name)}\u2069`,
      attributes: { title: pathLabel(hit) },
    })
    const place = startCut(`${brick}/${pathLabel(hit)}`, placeLengthMax)
    const where = element('span', {
      class: 'where',
      text: `${kind}  \u2066${place}\u2069  +${hexOffset(offset)}`,
      attributes: { title: `${brick}/${pathLabel(hit)}` },
    })
    return this.#row(at, [text, where], () => this.#options.onName(hit))
  }

  /** At the end of the list, always in view. */
  #byteRows(query: string, from: number): Row[] {
    return byteQueries(query).map((wanted, at) => {
      const text = element('span', { class: 'path mono', text: `\u2066${visibleText(wanted.words)}\u2069` })
      const where = element('span', { class: 'where', text: `search all bytes as ${formWords[wanted.form]}` })
      const row = this.#row(from + at, [where, text], () => this.#options.onBytes(wanted))
      row.item.classList.add('bytes')
      return row
    })
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

/** Segments are in every binary under the same names: they stand behind what somebody has named. Else as the server ranks. */
export function tellingFirst(hits: readonly NameHit[]): readonly NameHit[] {
  const rank = ({ class: kind, severity }: NameHit): number => (severity !== undefined ? 0 : kind === 'segment' ? 2 : 1)
  return hits.toSorted((a, b) => rank(a) - rank(b))
}

/** `0x1a2f0` or `@1234`, thin or plain spaces and underscores inside allowed; undefined for anything else. */
export function parseOffset(text: string): number | undefined {
  const digits = text.replace(/[\s_]/g, '')
  if (/^@\d{1,16}$/.test(digits)) return Number(digits.slice(1))
  return /^0x[0-9a-f]{1,13}$/i.test(digits) ? Number(digits) : undefined
}
