/**
 * What is under the cursor, or pinned: as much as is known here at once, the rest when the server has answered. Every
 * value is a button that copies it. Names come from outside: shown as text only.
 */

import type { InspectAnswer } from '../../wire/api.ts'
import { after } from '../clock.ts'
import { byteColour, cssColour, luminance, type Palette } from '../draw/palette.ts'
import { byteClassLabels, byteClassOf } from '../view/byte-class.ts'
import { byteCharacter, groupedInteger, hexByte, hexOffset, iecSize, localTime, middleCut } from '../view/format.ts'
import { lastPart, pathLabel, type Shape } from '../view/shapes.ts'
import { element } from './dom.ts'

export interface Inspection {
  readonly brick: string
  /** In the brick's space. */
  readonly offset: number
  /** From the answer, before it from the tile that is here; null: no byte is stored there; undefined: not known yet. */
  readonly byte: number | null | undefined
  /** Bits per byte of the block around it, as the byte. */
  readonly entropy: number | null | undefined
  readonly shape: Shape | undefined
  readonly answer: InspectAnswer | undefined
}

export interface Inspector {
  update(state: { inspection: Inspection | undefined; pinned: boolean; palette: Palette }): void
}

interface Field {
  readonly name: string
  readonly text: string
  readonly copy: string
  readonly mono: boolean
}

const copiedMs = 900
/** What fits into one line of the panel. */
const idCharactersMax = 25

export function createInspector(host: HTMLElement): Inspector {
  const panel = element('aside', { class: 'inspector', attributes: { 'aria-label': 'Under the cursor' } })
  const spoken = element('div', { class: 'visually-hidden', attributes: { 'aria-live': 'polite' } })
  panel.hidden = true
  host.append(panel, spoken)
  let shown: unknown
  let spokenText = ''
  return {
    update({ inspection, pinned, palette }) {
      panel.hidden = inspection === undefined
      panel.classList.toggle('pinned', pinned)
      if (inspection === undefined) {
        shown = undefined
        return
      }
      const signature = JSON.stringify([
        inspection.answer,
        inspection.offset,
        inspection.byte,
        inspection.entropy,
        pinned,
        palette.theme,
        inspection.shape?.key,
      ])
      if (signature === shown) return
      shown = signature
      panel.replaceChildren(...contentOf(inspection, palette), element('div', { class: 'foot', text: footOf(pinned) }))
      const text = pinned ? spokenOf(inspection) : ''
      if (text !== '' && text !== spokenText) spoken.textContent = text
      spokenText = text
    },
  }
}

function footOf(pinned: boolean): string {
  return pinned ? 'pinned · click a value to copy · Esc to let go' : 'click to pin'
}

function spokenOf({ offset, byte, shape, answer }: Inspection): string {
  const name = answer?.entry ? pathLabel(answer.entry) : (shape?.path ?? 'nothing')
  const value = typeof byte === 'number' ? `byte ${hexByte(byte)}, ${byteClassLabels[byteClassOf(byte)]}` : 'no byte'
  return `${name}, offset ${offset.toString(16)} hex, ${value}`
}

function contentOf(inspection: Inspection, palette: Palette): HTMLElement[] {
  const { answer, shape } = inspection
  const path = answer?.entry ? pathLabel(answer.entry) : shape?.kind === 'entry' ? shape.path : ''
  const known = answer !== undefined || shape !== undefined
  const title =
    path !== '' ? lastPart(path) : shape?.kind === 'directory' ? `in ${shape.name}/` : known ? 'free space' : '…'
  const rows = fieldsOf(inspection).flatMap(({ name, text, copy, mono }) => {
    return [element('dt', { text: name }), element('dd', {}, [copyButton({ text, copy, mono })])]
  })
  const whole = path === '' ? inspection.brick : `${inspection.brick}/${path}`
  return [
    element('h2', {}, [copyButton({ text: title, copy: path === '' ? title : lastPart(path), mono: false })]),
    element('div', { class: 'path' }, [copyButton({ text: whole, copy: path === '' ? whole : path, mono: true })]),
    byteCard(inspection, palette),
    element('dl', {}, rows),
  ]
}

function byteCard({ byte, entropy }: Inspection, palette: Palette): HTMLElement {
  const swatch = element('div', { class: 'swatch', text: typeof byte === 'number' ? hexByte(byte) : '' })
  if (typeof byte === 'number') {
    const colour = byteColour({ palette, mode: 'class', byte, blockEntropy: 255 })
    swatch.style.background = cssColour(colour)
    swatch.style.color = cssColour(luminance(colour) > 0.2 ? 0x0b0d10 : 0xf4f5f6)
  }
  const words = byte === undefined ? '…' : byte === null ? 'no byte stored here' : byteWords(byte)
  const meter = element('i')
  meter.style.width = `${Math.round(((entropy ?? 0) / 8) * 100)}%`
  const bits = typeof entropy === 'number' ? `${entropy.toFixed(2)} bits/byte` : ' '
  return element('div', { class: 'bytecard' }, [
    swatch,
    element('div', { class: 'grow' }, [
      typeof byte === 'number'
        ? copyButton({ text: words, copy: `0x${hexByte(byte)}`, mono: true })
        : element('div', { class: 'mono', text: words }),
      element('div', { class: 'quiet' }, [
        typeof entropy === 'number' ? copyButton({ text: bits, copy: String(entropy), mono: false }) : bits,
      ]),
      element('span', { class: 'meter' }, [meter]),
    ]),
  ])
}

function byteWords(byte: number): string {
  const character = byteCharacter(byte)
  return [...(character === undefined ? [] : [character]), byte, byteClassLabels[byteClassOf(byte)]].join('  ·  ')
}

function fieldsOf({ brick, offset, shape, answer }: Inspection): Field[] {
  const fields: Field[] = []
  const add = (name: string, text: string, options: { copy?: string; mono?: boolean } = {}) =>
    fields.push({ name, text, copy: options.copy ?? text, mono: options.mono ?? true })
  const entry = answer?.entry ?? shape?.entry
  const inEntry = answer?.entry?.offset ?? (shape?.entry ? offset - shape.entry.slot.start : undefined)
  if (inEntry !== undefined) {
    const past = entry !== undefined && inEntry >= entry.size
    add('in file', past ? 'past its end' : `+${hexOffset(inEntry)}`, { copy: `0x${inEntry.toString(16)}` })
  }
  add(`offset`, hexOffset(offset), { copy: `0x${offset.toString(16)}` })
  if (entry !== undefined) {
    add('size', `${iecSize(entry.size)}  ${groupedInteger(entry.size)}`, { copy: String(entry.size) })
    add('kind', [entry.kind, ...entry.flags].join(', '), { mono: false })
  }
  const details = answer?.entry
  if (details?.unreadable) add('unreadable', details.unreadable, { mono: false })
  if (details) {
    add('mode', `${details.mode}  ${details.owner}`)
    add('changed', localTime(details.mtime), { copy: details.mtime })
    if (details.contentId !== null)
      add('content', middleCut(details.contentId, idCharactersMax), { copy: details.contentId })
  }
  const index = Math.floor(offset / 65_536)
  add('tile', `${groupedInteger(index)}${answer === undefined ? '' : `  ${answer.tile.kind}`}`, { copy: String(index) })
  if (answer !== undefined && answer.tile.hash !== null) {
    add('hash', middleCut(answer.tile.hash, idCharactersMax), { copy: answer.tile.hash })
  }
  add('brick', brick, { mono: false })
  return fields
}

/** `text` is shown, `copy` goes to the clipboard. */
function copyButton({ text, copy, mono }: { text: string; copy: string; mono: boolean }): HTMLElement {
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
