/** The words at the top right: what the map shows and whether it is still true. Words, not lamps. */
import type { BrickInfo } from '../../wire/api.ts'
import type { Instant } from '../time/instant.ts'
import { clockTime, localTime, zonedTime } from '../view/format.ts'
import { element } from './dom.ts'

export type Connection = 'connecting' | 'connected' | 'disconnected'

export interface StatusWord {
  readonly text: string
  readonly detail: string
  readonly warn: boolean
}

/** The words for this state, the most telling first; pure. `bricks`: as the server said last. */
export function statusWords(
  bricks: readonly BrickInfo[],
  { connection, instant }: { readonly connection: Connection; readonly instant: Instant },
): StatusWord[] {
  const words: StatusWord[] = []
  if (instant.kind === 'past') {
    words.push({ text: `past: ${localTime(instant.time)}`, detail: zonedTime(instant.time), warn: true })
  }
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
    if (isDegraded(brick)) {
      words.push({ text: `${brick.name} degraded`, detail: brick.message ?? '', warn: true })
    }
    if (brick.state === 'stale' && brick.message === null && connection === 'connected' && instant.kind === 'now') {
      words.push({ text: `updating ${brick.name}`, detail: brick.source, warn: false })
    }
  }
  const isLive = connection === 'connected' && instant.kind === 'now'
  if (isLive && bricks.some(({ state }) => state === 'live' || state === 'polled')) {
    words.push({ text: 'live', detail: last === '' ? '' : `last commit ${zonedTime(last)}`, warn: false })
  }
  return words
}

/** It is kept, but what it shows may be less than the truth; its message says why. */
export function isDegraded({ state, message }: BrickInfo): boolean {
  return (state === 'stale' || state === 'polled') && message !== null
}

function percent({ progress }: BrickInfo): string {
  if (progress === null || progress.totalBytes === 0) return ''
  return ` ${Math.floor((100 * progress.doneBytes) / progress.totalBytes)} %`
}

const wordsMax = 3

export interface StatusLine {
  update(bricks: readonly BrickInfo[], state: { readonly connection: Connection; readonly instant: Instant }): void
}

export function createStatus(host: HTMLElement): StatusLine {
  const line = element('div', { class: 'status', attributes: { role: 'status' } })
  const edge = element('div', { class: 'edge' })
  host.append(line)
  document.body.append(edge)
  let shown = ''
  return {
    update(bricks, state) {
      edge.classList.toggle('on', state.connection === 'disconnected')
      const words = statusWords(bricks, state)
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
