/** What is different now from the past that is shown, entry by entry. Choosing one flies there. */
import type { ChangeName, EntryChange } from '../../wire/api.ts'
import type { BrickChanges } from '../time/change-store.ts'
import { groupedInteger } from '../view/format.ts'
import { pathLabel } from '../view/shapes.ts'
import { element } from './dom.ts'

/** A shape before a colour: what became of the entry. */
const marks: Readonly<Record<ChangeName, string>> = { added: '+', removed: '−', modified: '~', meta: 'm', moved: '→' }
const listedMax = 200

export interface ChangesPanel {
  /** undefined: nobody compares. */
  update(changes: readonly BrickChanges[] | undefined): void
}

export function createChangesPanel(
  host: HTMLElement,
  handlers: { go(uuid: string, entry: EntryChange): void; close(): void },
): ChangesPanel {
  const close = element('button', { class: 'icon', text: '×', attributes: { type: 'button', 'aria-label': 'Close' } })
  const title = element('h2')
  const list = element('ul')
  const panel = element(
    'aside',
    { class: 'side changes', attributes: { 'aria-label': 'Changes since the instant shown' } },
    [element('header', {}, [title, close]), list],
  )
  panel.hidden = true
  host.append(panel)
  close.addEventListener('click', () => handlers.close())
  let shown: readonly BrickChanges[] | undefined
  return {
    update(changes) {
      panel.hidden = changes === undefined
      if (changes === undefined || isSame(changes, shown)) return
      shown = changes
      title.textContent = titleOf(changes)
      list.replaceChildren(
        ...changes.flatMap((brick) => [
          ...(changes.length > 1 && brick.entries.length > 0
            ? [element('li', { class: 'quiet', text: brick.brickName })]
            : []),
          ...sorted(brick.entries).map((entry) => item(brick, entry)),
          ...(brick.truncated ? [element('li', { class: 'quiet', text: 'and more: sfd diff lists all' })] : []),
        ]),
      )
    },
  }

  function item({ uuid }: BrickChanges, entry: EntryChange): HTMLElement {
    const path = pathLabel(entry) || '(the root)'
    const from = entry.fromPath ?? entry.fromPathHex
    const words = from === undefined ? entry.change : `${entry.change} from ${from}`
    const button = element('button', { attributes: { type: 'button', title: `${words}: ${path}` } }, [
      element('i', { text: marks[entry.change], attributes: { 'aria-label': entry.change } }),
      element('span', { class: 'mono', text: path }),
    ])
    button.addEventListener('click', () => handlers.go(uuid, entry))
    return element('li', {}, [button])
  }
}

/** What has other bytes before what has only another mode or time; else by path. */
function sorted(entries: readonly EntryChange[]): readonly EntryChange[] {
  const isMeta = ({ change }: EntryChange) => Number(change === 'meta')
  return entries.toSorted((a, b) => isMeta(a) - isMeta(b)).slice(0, listedMax)
}

function titleOf(changes: readonly BrickChanges[]): string {
  if (changes.length === 0) return 'comparing …'
  const tiles = changes.reduce((sum, { tileCount }) => sum + tileCount, 0)
  const entries = changes.reduce((sum, one) => sum + one.entries.length, 0)
  const more = changes.some(({ truncated }) => truncated) ? 'more than ' : ''
  if (tiles === 0 && entries === 0) return 'nothing is different now'
  return `${more}${groupedInteger(entries)} ${entries === 1 ? 'entry' : 'entries'}, ${groupedInteger(tiles)} ${tiles === 1 ? 'tile' : 'tiles'} different now`
}

function isSame(a: readonly BrickChanges[], b: readonly BrickChanges[] | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every(({ entries }, at) => entries === b[at]?.entries)
}
