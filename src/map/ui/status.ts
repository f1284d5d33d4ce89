/** The words at the top right: what the map shows and whether it is still true. Words, not lamps. */
import type { BrickInfo } from '../../wire/api.ts'
import { clockTime, zonedTime } from '../view/format.ts'
import { element } from './dom.ts'

export type Connection = 'connecting' | 'connected' | 'disconnected'

export interface StatusWord {
  readonly text: string
  readonly detail: string
  readonly warn: boolean
}

/** The words for this state, the most telling first; pure. */
export function statusWords(bricks: readonly BrickInfo[], connection: Connection): StatusWord[] {
  const words: StatusWord[] = []
  const last =
    bricks
      .map(({ time }) => time ?? '')
      .toSorted()
      .at(-1) ?? ''
  if (connection !== 'connected') {
    const since = last === '' ? '' : `, last commit ${clockTime(last)}`
    words.push({
      text: `${connection === 'connecting' ? 'connecting' : 'disconnected'}${since}`,
      detail: last === '' ? '' : zonedTime(last),
      warn: true,
    })
  }
  for (const brick of bricks) {
    if (brick.state === 'folding')
      words.push({ text: `folding ${brick.name}${percent(brick)}`, detail: brick.source, warn: false })
    if (brick.state === 'failed') words.push({ text: `${brick.name} failed`, detail: brick.message ?? '', warn: true })
    if (brick.state === 'stale' && connection === 'connected') {
      words.push({ text: `updating ${brick.name}`, detail: brick.message ?? brick.source, warn: false })
    }
  }
  if (connection === 'connected' && bricks.some(({ state }) => state === 'live' || state === 'polled')) {
    words.push({ text: 'live', detail: last === '' ? '' : `last commit ${zonedTime(last)}`, warn: false })
  }
  return words
}

function percent({ progress }: BrickInfo): string {
  if (progress === null || progress.totalBytes === 0) return ''
  return ` ${Math.floor((100 * progress.doneBytes) / progress.totalBytes)} %`
}

const wordsMax = 3

export interface StatusLine {
  update(bricks: readonly BrickInfo[], connection: Connection): void
}

export function createStatus(host: HTMLElement): StatusLine {
  const line = element('div', { class: 'status', attributes: { role: 'status' } })
  const edge = element('div', { class: 'edge' })
  host.append(line)
  document.body.append(edge)
  let shown = ''
  return {
    update(bricks, connection) {
      edge.classList.toggle('on', connection === 'disconnected')
      const words = statusWords(bricks, connection)
      const signature = words.map(({ text }) => text).join('|')
      if (signature === shown) return
      shown = signature
      line.replaceChildren(
        ...words.slice(0, wordsMax).map(({ text, detail, warn }) => {
          const attributes = detail === '' ? {} : { title: detail }
          return element('span', { text, class: warn ? 'warn' : '', attributes })
        }),
      )
      if (words.length > wordsMax) line.append(element('span', { text: `+${words.length - wordsMax}` }))
    },
  }
}
