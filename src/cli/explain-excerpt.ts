/** What lies around a byte, for a page and for the model: instructions of its function, or bytes in hexadecimal. */
import { addressNamesOf } from '../analysis/elf/address-names.ts'
import { disassemble } from '../analysis/elf/disassemble.ts'
import { functionName, functionsOf } from '../analysis/elf/functions.ts'
import type { Sample } from '../analysis/model/region-facts.ts'
import type { Subject } from '../analysis/subject.ts'
import { hexText } from '../base/mapping-text.ts'
import type { Region } from '../base/region.ts'
import type { Excerpt } from './explain-page.ts'
import type { Explained } from './explain-subject.ts'
import { shownText } from './text.ts'

export interface CodeAround {
  /** The function as a region, whether the brick has it or not. */
  readonly region: Region
  /** The name of what it calls or reads is for pages only: a model is given none. */
  readonly lines: readonly {
    readonly offset: number
    readonly text: string
    readonly targetName?: string | undefined
  }[]
  readonly stopped: string | undefined
}

/** Undefined where the byte is in no function of a program. */
export async function codeAround(subject: Subject, offset: number): Promise<CodeAround | undefined> {
  const elf = subject.elf()
  if (elf === undefined) return undefined
  const found = functionsOf(subject).find((each) => each.offset <= offset && offset < each.offset + each.length)
  if (found === undefined) return undefined
  const { lines, stopped } = await disassemble(subject.content, elf, { ...found, names: addressNamesOf(subject) })
  const name = functionName(found)
  const region: Region = { offset: found.offset, length: found.length, layer: 48, class: 'function', name }
  return { region, lines, stopped }
}

/** Instructions around the byte, which is marked. */
export function codeExcerpt({ region, lines, stopped }: CodeAround, offset: number): Excerpt {
  const at = Math.max(
    0,
    lines.findLastIndex((line) => line.offset <= offset),
  )
  const from = Math.max(0, at - linesBefore)
  const shown = lines.slice(from, from + linesShown).map((line, index) => {
    const name = line.targetName === undefined ? '' : `  <${shownText(line.targetName.slice(0, nameCharactersMax))}>`
    return `${from + index === at ? '>' : ' '} ${hexText(line.offset).padStart(9)}  ${shownText(line.text)}${name}`
  })
  const left = lines.length - from - shown.length
  const end = left > 0 ? [`  and ${left} more instructions`] : stopped === undefined ? [] : [`  ${shownText(stopped)}`]
  return { title: `Code of ${shownText(region.name)}`, lines: [...shown, ...end] }
}

export function bytesExcerpt({ content }: Subject, offset: number): Excerpt {
  const start = Math.max(0, offset - (offset % rowBytes) - rowBytes)
  const bytes = content.read(start, rowsShown * rowBytes).slice()
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += rowBytes) lines.push(row(start + at, bytes.subarray(at, at + rowBytes)))
  return { title: 'Bytes', lines }
}

/** How a text begins; of what is no text in ASCII or UTF-8, nothing. */
export function sampleOf({ labels, subject }: Pick<Explained, 'labels' | 'subject'>): Sample {
  const { type } = labels
  const isPlain = type?.encoding === 'ascii' || type?.encoding === 'utf-8'
  if (subject === undefined || !isPlain) return []
  const lines: Sample[number][] = []
  let offset = 0
  for (const line of Buffer.from(subject.content.read(0, sampleBytesMax)).toString('latin1').split('\n')) {
    const text = Buffer.from(line, 'latin1').toString('utf8').trim()
    if (text !== '') lines.push({ offset, length: line.length, text })
    offset += line.length + 1
  }
  return lines.slice(0, sampleLinesMax)
}

const sampleBytesMax = 16 * 1024
const sampleLinesMax = 40
const linesBefore = 6
const nameCharactersMax = 120
const linesShown = 20
const rowBytes = 16
const rowsShown = 6

function row(offset: number, bytes: Uint8Array): string {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
  const text = [...bytes].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
  return `${hexText(offset).padStart(10)}  ${hex.padEnd(3 * rowBytes - 1)}  ${text}`
}
