/**
 * What is under the cursor, or pinned: as much as is known here at once, the rest when the server has answered. Every
 * value is a button that copies it. Names come from outside: shown as text only. What is written anew leaves the numbers over
 * time in place (series-section.ts).
 */

import type { InspectAnswer, MappingJson } from '../../wire/api.ts'
import { byteColour, cssColour, luminance, type Palette } from '../draw/palette.ts'
import { byteClassLabels, byteClassOf } from '../view/byte-class.ts'
import { byteCharacter, groupedInteger, hexByte, hexOffset, iecSize, localTime, middleCut } from '../view/format.ts'
import { lastPart, pathLabel, type Shape } from '../view/shapes.ts'
import { copyButton } from './copy-button.ts'
import { element } from './dom.ts'
import { otherFindings, type RegionHandlers, regionList, typeOf } from './region-list.ts'
import type { SeriesSection, SeriesState } from './series-section.ts'

export interface Inspection {
  readonly brick: string
  readonly uuid: string
  /** In the brick's space. */
  readonly offset: number
  /** From the answer, before it from the tile that is here; null: no byte is stored there; undefined: not known yet. */
  readonly byte: number | null | undefined
  /** Bits per byte of the block around it, as the byte. */
  readonly entropy: number | null | undefined
  readonly shape: Shape | undefined
  readonly answer: InspectAnswer | undefined
  /** It is shown for the sake of what was found there. */
  readonly isForFinding: boolean
}

export interface Inspector {
  /** `revision`: of the findings that the regions' handlers know. */
  update(state: {
    inspection: Inspection | undefined
    pinned: boolean
    palette: Palette
    revision: number
    series: SeriesState
  }): void
}

interface Field {
  readonly name: string
  readonly text: string
  readonly copy: string
  readonly mono: boolean
}

/** What fits into one line of the panel. */
const idCharactersMax = 25

export function createInspector(
  host: HTMLElement,
  parts: { regions: RegionHandlers; series: SeriesSection },
): Inspector {
  const panel = element('aside', { class: 'inspector', attributes: { 'aria-label': 'Under the cursor' } })
  const spoken = element('div', { class: 'visually-hidden', attributes: { 'aria-live': 'polite' } })
  const content = element('div')
  const foot = element('div', { class: 'foot' })
  panel.append(content, parts.series.element, foot)
  panel.hidden = true
  host.append(panel, spoken)
  let shown: unknown
  let spokenText = ''
  return {
    update({ inspection, pinned, palette, revision, series }) {
      panel.hidden = inspection === undefined
      panel.classList.toggle('pinned', pinned)
      parts.series.update(series)
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
        revision,
        inspection.shape?.key,
        inspection.isForFinding,
      ])
      if (signature === shown) return
      shown = signature
      replaceKeepingFocus(content, contentOf(inspection, { palette, regions: parts.regions }))
      foot.textContent = footOf(pinned)
      const text = pinned ? spokenOf(inspection) : ''
      if (text !== '' && text !== spokenText) spoken.textContent = text
      spokenText = text
    },
  }
}

/** A brick that lives is written anew each second: who is at a value with the keyboard stays there. */
function replaceKeepingFocus(host: HTMLElement, children: readonly HTMLElement[]): void {
  const focused = [...host.querySelectorAll<Element>('button')].indexOf(document.activeElement ?? host)
  host.replaceChildren(...children)
  if (focused >= 0) host.querySelectorAll('button')[focused]?.focus({ preventScroll: true })
}

function footOf(pinned: boolean): string {
  return pinned ? 'pinned · click a value to copy · Esc to let go' : 'click to pin'
}

function spokenOf({ offset, byte, shape, answer }: Inspection): string {
  const name = answer?.entry ? (answer.entry.label ?? pathLabel(answer.entry)) : (shape?.path ?? 'nothing')
  const value = typeof byte === 'number' ? `byte ${hexByte(byte)}, ${byteClassLabels[byteClassOf(byte)]}` : 'no byte'
  return `${name}, offset ${offset.toString(16)} hex, ${value}`
}

function contentOf(
  inspection: Inspection,
  { palette, regions }: { palette: Palette; regions: RegionHandlers },
): HTMLElement[] {
  const { answer, shape } = inspection
  const path = answer?.entry ? pathLabel(answer.entry) : shape?.kind === 'entry' ? shape.path : ''
  const entry = answer?.entry ?? shape?.entry
  const known = answer !== undefined || shape !== undefined
  const title =
    path !== ''
      ? (entry?.label ?? lastPart(path))
      : shape?.kind === 'directory'
        ? `in ${shape.name}/`
        : known
          ? 'free space'
          : '…'
  const rows = fieldsOf(inspection).flatMap(({ name, text, copy, mono }) => {
    return [element('dt', { text: name }), element('dd', {}, [copyButton({ text, copy, mono })])]
  })
  const whole = path === '' ? inspection.brick : `${inspection.brick}/${path}`
  return [
    element('h2', {}, [copyButton({ text: title, copy: path === '' ? title : lastPart(path), mono: false })]),
    element('div', { class: 'path' }, [copyButton({ text: whole, copy: path === '' ? whole : path, mono: true })]),
    ...typeLine(inspection),
    ...meaningOf(inspection, byteCard(inspection, palette), regions),
    element('dl', {}, rows),
  ]
}

function typeLine({ answer, shape }: Inspection): HTMLElement[] {
  const type = answer === undefined || shape?.kind === 'directory' ? undefined : typeOf(answer.regions)
  return type === undefined ? [] : [element('div', { class: 'type', text: type })]
}

/** The byte, then what is known of its place; what somebody came for stands first. */
function meaningOf(inspection: Inspection, byte: HTMLElement, handlers: RegionHandlers): HTMLElement[] {
  const { answer, offset, isForFinding } = inspection
  if (answer === undefined) return [byte]
  const { entry } = answer
  const origin = offset - (entry?.offset ?? offset)
  const others = entry === null ? [] : otherFindings({ slot: entry.slot, offset }, handlers)
  const { cards, facts } = regionList(answer.regions, { origin, at: offset }, handlers)
  if (isForFinding) return [...section('Findings', [...cards, ...others]), byte, ...section('Regions', facts)]
  return [byte, ...section('Regions', [...cards, ...facts, ...others])]
}

function section(label: string, content: readonly HTMLElement[]): HTMLElement[] {
  return content.length === 0
    ? []
    : [element('section', { class: 'meaning', attributes: { 'aria-label': label } }, content)]
}

/** Of a mapping whose answer is not there yet. */
function addressIn({ offset, shape }: Inspection): string | undefined {
  const { address, slot } = shape?.entry ?? {}
  if (address === undefined || slot === undefined) return undefined
  return `0x${(BigInt(address) + BigInt(offset - slot.start)).toString(16)}`
}

type AddField = (name: string, text: string, options?: { copy?: string; mono?: boolean }) => void

function addMapping({ permissions, name, fileOffset }: MappingJson, add: AddField): void {
  add('rights', permissions)
  if (name !== '') add('of', name)
  if (name.startsWith('/')) add('file at', fileOffset)
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

function fieldsOf(inspection: Inspection): Field[] {
  const { brick, offset, shape, answer } = inspection
  const fields: Field[] = []
  const add: AddField = (name, text, options = {}) =>
    void fields.push({ name, text, copy: options.copy ?? text, mono: options.mono ?? true })
  const entry = answer?.entry ?? shape?.entry
  const address = answer?.entry?.byteAddress ?? addressIn(inspection)
  if (address !== undefined) add('address', address)
  const inEntry = answer?.entry?.offset ?? (shape?.entry ? offset - shape.entry.slot.start : undefined)
  if (inEntry !== undefined) {
    const past = entry !== undefined && inEntry >= entry.size
    add(entry?.address === undefined ? 'in file' : 'in mapping', past ? 'past its end' : `+${hexOffset(inEntry)}`, {
      copy: hexOffset(inEntry),
    })
  }
  add('offset', hexOffset(offset))
  if (entry !== undefined) {
    add('size', `${iecSize(entry.size)}  ${groupedInteger(entry.size)}`, { copy: String(entry.size) })
    add('kind', [entry.kind, ...entry.flags].join(', '), { mono: false })
  }
  const details = answer?.entry
  if (details?.unreadable) add('unreadable', details.unreadable, { mono: false })
  if (details) {
    if (details.mapping !== null) addMapping(details.mapping, add)
    else add('mode', `${details.mode}  ${details.owner}`)
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
