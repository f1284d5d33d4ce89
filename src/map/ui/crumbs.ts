/** Where the view is: brick / directory / file +offset. Each part flies to what it names. */
import { hexOffset } from '../view/format.ts'
import { element, setText } from './dom.ts'

export interface CrumbPlace {
  readonly brick: string
  /** Path inside the brick, escaped for display; empty at its top. */
  readonly path: string
  /** What its last part is called instead, for people. */
  readonly label: string | undefined
  readonly offset: number | undefined
}

export interface Crumbs {
  update(place: CrumbPlace | undefined): void
}

function textOf({ brick, label }: CrumbPlace, at: number, parts: readonly string[]): string {
  if (at === 0) return brick
  return (at === parts.length ? label : undefined) ?? (parts[at - 1] as string)
}

/** `onGo`: the brick's name and the part of the path that was clicked (empty: the brick itself). */
export function createCrumbs(
  host: HTMLElement,
  options: { onHome(): void; onGo(brick: string, path: string): void },
): Crumbs {
  const nav = element('nav', { class: 'crumbs', attributes: { 'aria-label': 'Place' } })
  const offset = element('span', { class: 'offset' })
  host.append(nav)
  let shown: string | undefined
  return {
    update(place) {
      setText(offset, place?.offset === undefined ? '' : `+${hexOffset(place.offset)}`)
      const signature = place === undefined ? '' : `${place.brick}\0${place.path}\0${place.label}`
      if (signature === shown) return
      shown = signature
      const home = element('button', { text: 'world', attributes: { type: 'button' } })
      home.addEventListener('click', () => options.onHome())
      nav.replaceChildren(home)
      if (place === undefined) return
      const parts = place.path === '' ? [] : place.path.split('/')
      for (let at = 0; at <= parts.length; at++) {
        const button = element('button', {
          text: textOf(place, at, parts),
          attributes: { type: 'button' },
        })
        button.addEventListener('click', () => options.onGo(place.brick, parts.slice(0, at).join('/')))
        nav.append(element('span', { class: 'slash', text: '/' }), button)
      }
      nav.append(offset)
    },
  }
}
