/**
 * What a search through the bytes found, as it comes: counts, how far it is, a way to stop it, and the hits with what stands
 * around them. Choosing one flies there. All of it comes from outside: text only.
 */
import type { FoundHit, SearchRun } from '../link/search-run.ts'
import { groupedInteger, hexOffset, visibleText } from '../view/format.ts'
import { pathLabel } from '../view/shapes.ts'
import { element, setText } from './dom.ts'
import { createSidePanel, type SidePanel } from './side-panel.ts'

/** Rows that are built; more come with a click. */
const rowsStep = 150
const notesMax = 4

export interface HitsPanelHandlers {
  go(found: FoundHit): void
  /** Closed: the search is over, and its marks go. */
  closed(): void
  left(): void
}

export class HitsPanel {
  readonly #handlers: HitsPanelHandlers
  readonly #panel: SidePanel
  readonly #words = element('div', { attributes: { role: 'status' } })
  readonly #stop = element('button', { class: 'word', text: 'stop', attributes: { type: 'button' } })
  readonly #share = element('i')
  readonly #meter = element('div', { class: 'meter' }, [this.#share])
  readonly #more = element('button', { class: 'word', attributes: { type: 'button' } })
  readonly #notes = element('div', { class: 'note quiet' })
  #run: SearchRun | undefined
  /** Key of a hit. */
  #chosen = ''
  #rowsMax = rowsStep
  #rowCount = 0

  constructor(host: HTMLElement, handlers: HitsPanelHandlers) {
    this.#handlers = handlers
    this.#panel = createSidePanel(host, {
      name: 'hits-panel',
      label: 'Hits',
      handlers: {
        toggled: (isOpen) => {
          if (isOpen) return
          this.#run = undefined
          handlers.closed()
        },
        left: handlers.left,
        step: (direction) => void this.step(direction),
        go: () => {
          const found = this.#run?.hits.find(({ key }) => key === this.#chosen) ?? this.#run?.hits[0]
          if (found !== undefined) this.#go(found)
        },
      },
    })
    const line = element('div', { class: 'progress-line' }, [this.#words, this.#stop])
    this.#panel.above.append(line, this.#meter)
    this.#panel.element.append(this.#more, this.#notes)
    this.#stop.addEventListener('click', () => this.#run?.cancel())
    this.#more.addEventListener('click', () => {
      this.#rowsMax += rowsStep
      this.#draw()
    })
  }

  get isOpen(): boolean {
    return this.#panel.isOpen
  }

  close(): void {
    this.#panel.setOpen(false)
  }

  /** Opens for a run that it did not show before. */
  update(run: SearchRun): void {
    if (run !== this.#run) {
      this.#run = run
      this.#chosen = ''
      this.#rowsMax = rowsStep
      this.#rowCount = 0
      this.#panel.list.replaceChildren()
      this.#panel.setOpen(true)
    }
    this.#draw()
  }

  /** Chooses the next hit, or the one before, and returns it. */
  step(direction: -1 | 1): FoundHit | undefined {
    const hits = this.#run?.hits ?? []
    const at = hits.findIndex(({ key }) => key === this.#chosen)
    const next = at < 0 ? (direction === 1 ? 0 : -1) : at + direction
    const found = hits[(next + hits.length) % hits.length]
    if (found !== undefined) this.choose(found.key)
    return found
  }

  /** Marks one as chosen. */
  choose(key: string): void {
    this.#chosen = key
    for (const item of this.#panel.list.querySelectorAll<HTMLElement>('.row')) {
      const isChosen = item.dataset['key'] === key
      item.setAttribute('aria-selected', String(isChosen))
      if (isChosen) item.scrollIntoView({ block: 'nearest' })
    }
  }

  #go(found: FoundHit): void {
    this.choose(found.key)
    this.#handlers.go(found)
  }

  #draw(): void {
    const run = this.#run
    if (run === undefined) return
    setText(this.#panel.title, visibleText(run.query.words))
    setText(this.#words, progressWords(run))
    this.#stop.hidden = run.state === 'ended' || run.state === 'cancelled'
    this.#meter.hidden = this.#stop.hidden
    this.#share.style.width = `${Math.round(100 * (run.current?.share ?? 1))}%`
    const rows = run.hits.slice(this.#rowCount, this.#rowsMax).map((found) => this.#row(found))
    this.#panel.list.append(...rows)
    this.#rowCount += rows.length
    const left = run.hits.length - this.#rowCount
    this.#more.hidden = left <= 0
    setText(this.#more, `${groupedInteger(Math.min(left, rowsStep))} more of ${groupedInteger(run.hits.length)}`)
    setText(this.#notes, notesOf(run))
  }

  #row(found: FoundHit): HTMLElement {
    const { hit, brick, key } = found
    const path = pathLabel(hit)
    const attributes = { role: 'option', 'aria-selected': String(key === this.#chosen) }
    const item = element('div', { class: 'row', attributes }, [
      element('div', { class: 'where' }, [
        element('span', {
          class: 'path mono',
          text: `\u2066${path === '' ? brick : path}\u2069`,
          attributes: { title: `${brick}/${path}` },
        }),
        element('span', { class: 'place mono', text: `+${hexOffset(hit.offset)}` }),
      ]),
      element('div', { class: 'around mono' }, [
        visibleText(hit.before),
        element('b', { text: visibleText(hit.match) }),
        visibleText(hit.after),
        ...(hit.encoding.startsWith('utf-16') ? [element('span', { class: 'quiet', text: `  ${hit.encoding}` })] : []),
      ]),
    ])
    item.dataset['key'] = key
    item.addEventListener('click', () => this.#go(found))
    return item
  }
}

/** What is not listed, and what went wrong on the way. */
function notesOf(run: SearchRun): string {
  const unlisted = run.hitCount - run.hits.length
  const counted = unlisted > 0 ? [`${groupedInteger(unlisted)} more are counted on the map, not listed`] : []
  return [...counted, ...run.notes.slice(0, notesMax).map(visibleText)].join(' · ')
}

/** How much was found, and how far it is. Pure. */
export function progressWords(run: Pick<SearchRun, 'state' | 'hitCount' | 'current' | 'bricksLeft'>): string {
  const count = `${groupedInteger(run.hitCount)} ${run.hitCount === 1 ? 'hit' : 'hits'}`
  if (run.state === 'ended') return count
  if (run.state === 'cancelled') return `${count}, stopped`
  const more = run.bricksLeft === 0 ? '' : `, ${run.bricksLeft} more to go`
  const where = run.current === undefined ? '' : ` · ${run.current.name} ${Math.floor(100 * run.current.share)} %`
  return `${count}${run.state === 'waiting' ? ' · waiting for other searches' : where}${more}`
}
