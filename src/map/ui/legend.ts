/** The legend of the mode, the mode switch, and the scale: how many bytes a pixel is, and a square of round size. */
import type { Severity } from '../../base/region.ts'
import { cividis, cssColour, heatStep, heatStepCount, type Palette } from '../draw/palette.ts'
import { byteClasses, byteClassLabels } from '../view/byte-class.ts'
import { groupedInteger, iecSize, scaleBar } from '../view/format.ts'
import { type Mode, modes } from '../view/permalink.ts'
import { gravestFirst } from '../view/severity.ts'
import { element, setText } from './dom.ts'
import { severityIcon } from './finding-card.ts'

interface Ramp {
  readonly low: string
  readonly high: string
  readonly note: string
}

const ramps: Readonly<Record<'entropy' | 'value', Ramp>> = {
  entropy: {
    low: '0',
    high: '8 bits/byte',
    note: 'Entropy of each block of 256 bytes. At full size, the last block of a file counts the zeros of the free space behind it; the inspector and the overviews do not.',
  },
  value: { low: '00', high: 'FF', note: 'The value of each byte; from afar, the mean.' },
}

export interface LegendState {
  readonly mode: Mode
  readonly palette: Palette
  /** How many steps the change heat counts. */
  readonly heatCommits: number
  /** Of the risk; undefined: not known yet. */
  readonly counts: Readonly<Record<Severity, number>> | undefined
}

export interface Legend {
  update(state: LegendState): void
  setScale(scale: number): void
}

export function createLegend(host: HTMLElement, options: { onMode(mode: Mode): void }): Legend {
  const buttons = modes.map((mode, at) => {
    const button = element('button', { text: mode, attributes: { type: 'button', role: 'radio' } })
    button.append(element('kbd', { text: String(at + 1), attributes: { 'aria-hidden': 'true' } }))
    button.addEventListener('click', () => options.onMode(mode))
    return button
  })
  const key = element('div')
  const perPixel = element('div')
  const bar = element('i')
  const barText = element('span')
  const rule = element('div', { class: 'rule' }, [bar, barText])
  let shownScale = 0
  let shownKey = ''
  const switcher = element(
    'div',
    { class: 'modes', attributes: { role: 'radiogroup', 'aria-label': 'Colour by' } },
    buttons,
  )
  host.append(
    element('section', { class: 'legend', attributes: { 'aria-label': 'Legend' } }, [
      element('div', {}, [switcher, key]),
      element('div', { class: 'scale' }, [perPixel, rule]),
    ]),
  )
  return {
    update({ mode, palette, heatCommits, counts }) {
      const risk = mode === 'risk' ? gravestFirst.map((severity) => counts?.[severity]).join(' ') : ''
      const signature = `${mode} ${palette.theme} ${mode === 'heat' ? heatCommits : ''} ${risk}`
      if (signature === shownKey) return
      shownKey = signature
      for (const [at, button] of buttons.entries()) button.setAttribute('aria-checked', String(modes[at] === mode))
      if (mode === 'class') key.replaceChildren(classKey(palette))
      else if (mode === 'heat') key.replaceChildren(heatKey(palette, heatCommits))
      else if (mode === 'risk') key.replaceChildren(riskKey(counts))
      else key.replaceChildren(rampKey(ramps[mode]))
    },
    setScale(scale) {
      if (scale === shownScale) return
      shownScale = scale
      const { units, pixels } = scaleBar({ scale, pixelsMax: 72 })
      setText(perPixel, scaleText(scale))
      bar.style.width = `${Math.round(pixels)}px`
      setText(barText, `side of a ${iecSize(units * units)} square`)
    },
  }
}

function scaleText(scale: number): string {
  if (scale >= 1) return `1 byte = ${short(scale)} × ${short(scale)} px`
  const bytes = 1 / scale ** 2
  return `1 px = ${bytes < 10 ? short(bytes) : iecSize(Math.round(bytes)).replace(/\u00a0B$/, '')}${bytes < 1024 ? ' bytes' : ''}`
}

function short(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0).replace(/\.0$/, '')
}

function classKey(palette: Palette): HTMLElement {
  const items = byteClasses.map((name) => {
    const swatch = element('i')
    swatch.style.background = cssColour(palette.classes[name])
    return element('span', {}, [swatch, byteClassLabels[name]])
  })
  return element('div', { class: 'swatches' }, items)
}

/** The steps as far as there are changes to count; what did not change has none. */
function heatKey(palette: Palette, commits: number): HTMLElement {
  const last = heatStep(Math.max(1, commits))
  const items = palette.heat.slice(0, last + 1).map((colour, step) => {
    const swatch = element('i')
    swatch.style.background = cssColour(colour)
    return element('span', {}, [swatch, stepText(step)])
  })
  const note = 'How often each tile of 64 KiB changed from one kept commit to the next, up to the instant shown.'
  const attributes = { title: note }
  const words = commits === 0 ? 'one commit: nothing changed yet' : `times changed in ${groupedInteger(commits)}`
  return element('div', { class: 'swatches', attributes }, [
    element('span', { text: words }),
    ...(commits === 0 ? [] : items),
  ])
}

/** Shape of each severity in the colour of its marks and areas, and how many there are. */
function riskKey(counts: LegendState['counts']): HTMLElement {
  const items = gravestFirst
    .filter((severity) => severity !== 'info')
    .map((severity) => {
      const count = counts === undefined ? '' : ` ${groupedInteger(counts[severity])}`
      return element('span', {}, [severityIcon(severity), `${severity}${count}`])
    })
  const note = 'Bytes that findings are about, by the gravest of them; all else in greys. F lists them.'
  return element('div', { class: 'swatches', attributes: { title: note } }, items)
}

function stepText(step: number): string {
  if (step < 2) return String(step + 1)
  const from = 2 ** (step - 1) + 1
  return step === heatStepCount - 1 ? `${from}+` : `${from}–${2 ** step}`
}

function rampKey({ low, high, note }: Ramp): HTMLElement {
  const canvas = element('canvas', { class: 'ramp' })
  canvas.width = 256
  canvas.height = 1
  const context = canvas.getContext('2d') as CanvasRenderingContext2D
  for (let x = 0; x < 256; x++) {
    context.fillStyle = cssColour(cividis(x / 255))
    context.fillRect(x, 0, 1, 1)
  }
  return element('div', { class: 'ramp-row', attributes: { title: note } }, [low, canvas, high])
}
