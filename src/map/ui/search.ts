/**
 * The field that goes to places: a path or name is looked up on the server, `0x..` is an offset in the brick in view.
 * Arrow keys choose, Enter goes, Escape leaves.
 */
import type { FindAnswer } from '../../wire/api.ts'
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
  onHit(hit: Hit): void
  onOffset(offset: number): void
  onLeave(): void
}

export interface Search {
  focus(): void
}

interface Row {
  readonly item: HTMLLIElement
  go(): void
}

export function createSearch(host: HTMLElement, options: SearchOptions): Search {
  const input = element('input', {
    attributes: {
      type: 'text',
      role: 'combobox',
      'aria-label': 'Go to path, offset or name',
      'aria-controls': 'hits',
      'aria-expanded': 'false',
      'aria-autocomplete': 'list',
      placeholder: 'go to path, 0x offset, name',
      spellcheck: 'false',
      autocomplete: 'off',
    },
  })
  const list = element('ul', { class: 'hits', attributes: { id: 'hits', role: 'listbox' } })
  host.append(element('div', { class: 'search' }, [input, element('kbd', { text: '/' }), list]))
  let rows: Row[] = []
  let chosen = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let asking: AbortController | undefined

  const choose = (at: number): void => {
    chosen = Math.max(0, Math.min(rows.length - 1, at))
    for (const [index, { item }] of rows.entries()) {
      item.setAttribute('aria-selected', String(index === chosen))
      if (index === chosen) item.scrollIntoView({ block: 'nearest' })
    }
    input.setAttribute('aria-activedescendant', rows[chosen]?.item.id ?? '')
  }
  const show = (next: Row[], note: string): void => {
    rows = next
    list.replaceChildren(...rows.map(({ item }) => item))
    if (note !== '') list.append(element('li', { class: 'note', text: note }))
    input.setAttribute('aria-expanded', String(rows.length > 0))
    choose(0)
  }
  const clear = (): void => {
    clearTimeout(timer)
    asking?.abort()
    show([], '')
  }
  const leave = (): void => {
    clear()
    input.blur()
    options.onLeave()
  }
  const rowOf = (at: number, content: Node[], go: () => void): Row => {
    const item = element('li', { attributes: { role: 'option', id: `hit-${at}` } }, content)
    const row = {
      item,
      go: () => {
        leave()
        go()
      },
    }
    item.addEventListener('pointerdown', (event) => {
      event.preventDefault()
      row.go()
    })
    item.addEventListener('pointermove', () => choose(at))
    return row
  }
  const hitRow = (hit: Hit, at: number): Row => {
    const path = element('span', { class: 'path mono', text: `\u2066${pathLabel(hit)}\u2069` })
    const where = element('span', {
      class: 'where',
      text: `${options.brickName(hit.uuid) ?? ''}  ${iecSize(hit.size)}`,
    })
    return rowOf(at, [path, where], () => options.onHit(hit))
  }
  const lookUp = async (query: string): Promise<void> => {
    asking?.abort()
    asking = new AbortController()
    const { signal } = asking
    const answer = await findEntries(query, signal)
    if (signal.aborted) return
    if (answer.kind !== 'ok') show([], answer.kind === 'failed' ? answer.message : 'no answer')
    else {
      const hits = answer.value.hits.slice(0, hitCountMax).map(hitRow)
      show(hits, hits.length === 0 ? 'nothing by that name' : answer.value.truncated ? 'more: type on' : '')
    }
  }
  const changed = (): void => {
    clearTimeout(timer)
    const query = input.value.trim()
    if (query === '') return clear()
    const offset = parseOffset(query)
    const target = offset === undefined ? undefined : options.offsetTarget(offset)
    if (offset !== undefined) {
      asking?.abort()
      if (target === undefined) return show([], 'no such offset in the brick in view')
      const text = element('span', { class: 'path mono', text: hexOffset(offset) })
      const where = element('span', { class: 'where', text: target })
      return show([rowOf(0, [text, where], () => options.onOffset(offset))], '')
    }
    timer = setTimeout(() => void lookUp(query), typingPauseMs)
  }
  input.addEventListener('input', changed)
  input.addEventListener('focus', () => input.select())
  input.addEventListener('blur', clear)
  input.addEventListener('keydown', (event) => {
    event.stopPropagation()
    if (event.key === 'ArrowDown') choose(chosen + 1)
    else if (event.key === 'ArrowUp') choose(chosen - 1)
    else if (event.key === 'Enter') rows[chosen]?.go()
    else if (event.key === 'Escape') leave()
    else return
    event.preventDefault()
  })
  return {
    focus() {
      input.focus()
      if (input.value !== '') changed()
    },
  }
}

/** `0x1a2f0` or `@1234`, thin or plain spaces and underscores inside allowed; undefined for anything else. */
export function parseOffset(text: string): number | undefined {
  const digits = text.replace(/[\s_]/g, '')
  if (/^@\d{1,16}$/.test(digits)) return Number(digits.slice(1))
  return /^0x[0-9a-f]{1,13}$/i.test(digits) ? Number(digits) : undefined
}
