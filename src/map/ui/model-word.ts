/** Whether a model describes, in a word of the bar; the reason where the hand rests. Everything else is there without one. */
import type { ModelStatusJson } from '../../wire/api.ts'
import { element, setText } from './dom.ts'

export interface ModelWord {
  /** undefined: nobody has told. */
  update(status: ModelStatusJson | undefined): void
}

export function createModelWord(host: HTMLElement): ModelWord {
  const word = element('span', { class: 'model', attributes: { role: 'status' } })
  word.hidden = true
  host.append(word)
  return {
    update(status) {
      word.hidden = status === undefined
      if (status === undefined) return
      setText(word, modelText(status))
      word.classList.toggle('warn', status.state === 'degraded')
      word.title = modelDetail(status)
    },
  }
}

/** Pure. */
export function modelText({ state, queued, running }: ModelStatusJson): string {
  if (state === 'ready') return queued + running > 0 ? 'model describes' : 'model ready'
  if (state === 'loading') return 'model loads'
  if (state === 'degraded') return 'model degraded'
  return state === 'off' ? 'model off' : 'no model'
}

/** Why, which one, and what it did. Pure. */
export function modelDetail(status: ModelStatusJson): string {
  const { state, reason, model, server, queued, running, described, failed } = status
  const lines = [reason === '' ? `model: ${state}` : `${state}: ${reason}`]
  if (model !== null) lines.push(server === null ? model : `${model} at ${server}`)
  if (described + failed + queued + running > 0) {
    lines.push(`${described} described, ${failed} failed, ${queued + running} to do`)
  }
  lines.push('It only describes; findings do not come from it.')
  return lines.join('\n')
}
