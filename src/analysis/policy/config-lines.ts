/** Lines of a configuration file with their places, comments and continuations taken care of. */
import type { Content } from '../subject.ts'

export interface ConfigLine {
  /** As `grep -n` counts, from 1; of a continued line the first. */
  readonly number: number
  /** Of its last line; `number` where it is not continued. */
  readonly lastNumber: number
  /** Of the first byte, in the content. */
  readonly offset: number
  /** Bytes without the last line end. */
  readonly length: number
  /** Without comment (a `#` before a digit is a user id of sudoers), trimmed; what was continued in one piece. One character a byte. */
  readonly text: string
}

export interface LineForm {
  /** A backslash at the end of a line joins the next one. */
  readonly continued?: true
}

/** Files longer than this are no configuration. */
export const configBytesMax = 2 ** 20

/** Lines that say something: neither empty nor only a comment (`#`). */
export function* configLines(content: Content, { continued }: LineForm = {}): Generator<ConfigLine> {
  const bytes = content.read(0, Math.min(content.size, configBytesMax))
  const text = Buffer.from(bytes).toString('latin1')
  let number = 0
  for (let at = 0; at < text.length; ) {
    const offset = at
    const first = number + 1
    let said = ''
    for (let isOpen = true; isOpen && at < text.length; ) {
      const end = text.indexOf('\n', at)
      const line = text.slice(at, end < 0 ? text.length : end)
      at = end < 0 ? text.length : end + 1
      number++
      isOpen = continued === true && line.endsWith('\\')
      said += isOpen ? `${line.slice(0, -1)} ` : line
    }
    const length = Math.max(0, at - offset - (text[at - 1] === '\n' ? 1 : 0))
    const shown = said.replace(/(?:^|\s)#(?![0-9]).*$/, '').trim()
    if (shown !== '') yield { number: first, lastNumber: number, offset, length, text: shown }
  }
}
