/**
 * What is under the cursor, or pinned: as much as is known here at once, the rest when the server has answered. Every
 * value is a button that copies it. Names come from outside: shown as text only.
 */

import type { InspectAnswer } from '../../wire/api.ts'
import { after } from '../clock.ts'
import { byteColour, cssColour, luminance, type Palette } from '../draw/palette.ts'
import { byteClassLabels, byteClassOf } from '../view/byte-class.ts'
import { byteCharacter, groupedInteger, hexByte, hexOffset, iecSize, localTime } from '../view/format.ts'
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
    const value = element('button', {
      class: `copy${mono ? ' mono' : ''}`,
      text,
      attributes: { type: 'button', title: copy },
    })
    value.addEventListener('click', () => void copyText(copy, value))
    return [element('dt', { text: name }), element('dd', {}, [value])]
  })
  return [
    element('h2', { text: title }),
    element('div', { class: 'path mono', text: path === '' ? inspection.brick : `${inspection.brick}/${path}` }),
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
      element('div', { class: 'mono', text: words }),
      element('div', { class: 'quiet', text: bits }),
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
    if (details.contentId !== null) add('content', details.contentId)
  }
  const index = Math.floor(offset / 65_536)
  add('tile', `${groupedInteger(index)}${answer === undefined ? '' : `  ${answer.tile.kind}`}`, { copy: String(index) })
  if (answer !== undefined && answer.tile.hash !== null) add('hash', answer.tile.hash)
  add('brick', brick, { mono: false })
  return fields
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
