/** A list at the side: its frame, its header, and how the keyboard goes through its rows. */
import { element } from './dom.ts'

export interface SidePanel {
  readonly element: HTMLElement
  readonly title: HTMLElement
  /** Between header and list. */
  readonly above: HTMLElement
  readonly list: HTMLElement
  readonly isOpen: boolean
  setOpen(isOpen: boolean): void
}

export interface SidePanelHandlers {
  /** The panel was opened or closed. */
  toggled(isOpen: boolean): void
  /** Back to the map. */
  left(): void
  /** A row was chosen with the keyboard: one on, or one back. */
  step(direction: -1 | 1): void
  /** Enter on the chosen row. */
  go(): void
}

export function createSidePanel(
  host: HTMLElement,
  options: { name: string; label: string; handlers: SidePanelHandlers },
): SidePanel {
  const { name, label, handlers } = options
  const close = element('button', { class: 'icon', text: '×', attributes: { type: 'button', 'aria-label': 'Close' } })
  const title = element('h2', { text: label })
  const above = element('div', { class: 'above' })
  const list = element('div', { class: 'rows', attributes: { role: 'listbox', tabindex: '0', 'aria-label': label } })
  const panel = element('aside', { class: `side ${name}`, attributes: { 'aria-label': label } }, [
    element('header', {}, [title, close]),
    above,
    list,
  ])
  panel.hidden = true
  host.append(panel)
  const setOpen = (isOpen: boolean): void => {
    if (panel.hidden === !isOpen) return
    panel.hidden = !isOpen
    handlers.toggled(isOpen)
  }
  close.addEventListener('click', () => {
    setOpen(false)
    handlers.left()
  })
  panel.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return
    event.stopPropagation()
    event.preventDefault()
    setOpen(false)
    handlers.left()
  })
  list.addEventListener('keydown', (event) => {
    if (event.target !== list) return
    if (event.key === 'ArrowDown') handlers.step(1)
    else if (event.key === 'ArrowUp') handlers.step(-1)
    else if (event.key === 'Enter') handlers.go()
    else return
    event.stopPropagation()
    event.preventDefault()
  })
  return {
    element: panel,
    title,
    above,
    list,
    get isOpen() {
      return !panel.hidden
    },
    setOpen,
  }
}
