/** One line that is said and goes by itself: what a key press led to where nothing else shows it. */
import { after, type Timer } from '../clock.ts'
import { element } from './dom.ts'

const shownMs = 2_600

export function createSaying(host: HTMLElement): { say(text: string): void } {
  const line = element('div', { class: 'saying', attributes: { role: 'status' } })
  host.append(line)
  let timer: Timer | undefined
  return {
    say(text) {
      timer?.cancel()
      line.textContent = text
      timer = after(shownMs, () => {
        line.textContent = ''
      })
    },
  }
}
