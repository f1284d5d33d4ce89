/** The help overlay: every key and gesture, on one card. */
import { element } from './dom.ts'

const keys: readonly (readonly [key: string, what: string])[] = [
  ['/', 'go to path, symbol, offset, address; search bytes'],
  ['" "  / /', 'in that field: bytes as text, as an expression'],
  ['?', 'this card'],
  ['wheel, pinch', 'zoom to the cursor'],
  ['drag', 'pan'],
  ['+  −', 'zoom in, out'],
  ['← ↑ → ↓', 'pan; with shift further'],
  ['double click', 'dive in'],
  ['click', 'pin what is under the cursor'],
  ['Esc', 'unpin, then one level up'],
  ['Home', 'the whole world'],
  ['1  2  3', 'class, entropy, value'],
  ['4', 'change heat: how often'],
  ['5', 'risk: what has findings, how grave'],
  ['F', 'list of findings'],
  ['T', 'time strip: scrub through the commits'],
  ['[  ]', 'one commit back, on'],
  ['End', 'back to now'],
  ['N', 'to the next finding or hit; with shift back'],
  ['Space', 'hold the picture, let it go on'],
  ['D', 'outline what is different now'],
]

export interface Help {
  toggle(): void
  readonly isOpen: boolean
}

export function createHelp(host: HTMLElement): Help {
  const dialog = element('dialog', { attributes: { 'aria-label': 'Help' } }, [
    element('h2', { text: 'How to move, and what you see' }),
    element(
      'div',
      { class: 'keys' },
      keys.flatMap(([key, what]) => [element('kbd', { text: key }), element('span', { text: what })]),
    ),
    element('p', {
      text: 'Each brick is one thing: a file tree, the memory of a process, a log. Its bytes lie along a Hilbert curve: what is near in a file is near on the map, and one pixel at full size is exactly one byte. From afar a pixel sums up many; the colour says of what.',
    }),
  ])
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close()
  })
  host.append(dialog)
  return {
    get isOpen() {
      return dialog.open
    },
    toggle() {
      if (dialog.open) dialog.close()
      else dialog.showModal()
    },
  }
}
