/** A value that is copied by a click. */
import { after } from '../clock.ts'
import { element } from './dom.ts'

const copiedMs = 900

/** `text` is shown, `copy` goes to the clipboard. */
export function copyButton({ text, copy, mono }: { text: string; copy: string; mono: boolean }): HTMLElement {
  const attributes = { type: 'button', title: copy }
  const button = element('button', { class: `copy${mono ? ' mono' : ''}`, text, attributes })
  button.addEventListener('click', () => void copyText(copy, button))
  return button
}

async function copyText(text: string, button: HTMLElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    return
  }
  button.classList.add('copied')
  after(copiedMs, () => button.classList.remove('copied'))
}
